// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { Command, endCommands } from '../../../test/support/command.js';
import { makeDatafile } from '../../../test/support/datafile.js';
import { writeJson } from './support/start.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const GATEWAY = 'optimizely-event-gateway';
const EXPORTER = 'opentelemetry-exporter-optimizely';

interface Manifest {
  readonly version: string;
  readonly bin: Record<string, string>;
  readonly dependencies: Record<string, string>;
}

describe('the packed gateway', () => {
  let folder: string;
  const run = (...args: string[]) =>
    execFileSync(process.execPath, args, { cwd: folder, encoding: 'utf8', input: '' }).trim();
  const packed = (path: string) => readFileSync(join(folder, 'node_modules', GATEWAY, path), 'utf8');
  const manifest = () => JSON.parse(packed('package.json')) as Manifest;

  /** Where both packages are installed, with what they say that they depend on and nothing else. */
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'packed-gateway-'));
    const modules = join(folder, 'node_modules');
    for (const [name, at] of [
      [EXPORTER, '.'],
      [GATEWAY, 'packages/gateway'],
    ] as const) {
      const args = ['pack', `./${at}`, '--json', '--ignore-scripts', '--pack-destination', folder];
      const answer = execFileSync('npm', args, { cwd: ROOT, encoding: 'utf8' });
      const file = /"filename": "([^"]+)"/.exec(answer)?.[1] ?? '';
      mkdirSync(join(modules, name), { recursive: true });
      execFileSync('tar', ['-xzf', join(folder, file), '-C', join(modules, name), '--strip-components=1']);
    }
    for (const name of ['undici', ...Object.keys(manifest().dependencies)]) {
      if (name === EXPORTER) continue;
      const own = join(ROOT, 'packages/gateway/node_modules', name);
      mkdirSync(dirname(join(modules, name)), { recursive: true });
      symlinkSync(existsSync(own) ? own : join(ROOT, 'node_modules', name), join(modules, name));
    }
  }).timeout(60_000);
  afterEach(endCommands);
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('exports the same names as ESM and as CommonJS', () => {
    const names = 'ConfigError,startGateway';
    const print = (from: string) => `console.log(Object.keys(${from}('${GATEWAY}')).sort().join())`;
    expect(run('--input-type=module', '-e', print('await import'))).to.equal(names);
    expect(run('-e', print('require'))).to.equal(names);
  });

  it('has a command that starts, takes requests, and ends', async () => {
    const { bin, version } = manifest();
    const script = join(folder, 'node_modules', GATEWAY, bin[GATEWAY] ?? '');
    expect(readFileSync(script, 'utf8')).to.match(/^#!\/usr\/bin\/env node\n/);
    expect(run(script, '--version')).to.equal(version);
    const datafile = writeJson(folder, 'datafile.json', makeDatafile());
    const command = new Command(script, ['--datafile', datafile, '--port', '0']);
    const url = await command.complains(/"listening on (http[^"]+)"/);
    expect((await fetch(`${url}/readyz`)).status).to.equal(200);
    const response = await fetch(`${url}/v1/logs`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-protobuf' },
    });
    expect(response.status).to.equal(200);
    expect(await (await fetch(`${url}/metrics`)).text()).to.contain('optimizely_gateway_requests_total');
    command.signal('SIGTERM');
    expect((await command.ended).code).to.equal(0);
  });

  it('depends on the exporter that it is made with', () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest;
    expect(manifest().dependencies[EXPORTER]).to.equal(`^${version}`);
  });

  it('imports nothing that it does not depend on', () => {
    const { dependencies } = manifest();
    const dist = join(folder, 'node_modules', GATEWAY, 'dist');
    const code = readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter(file =>
      /\.c?js$/.test(file),
    );
    const imported = code.flatMap(file =>
      [...readFileSync(join(dist, file), 'utf8').matchAll(/(?:from |require\()'([^'.][^']*)'/g)].map(
        ([, name = '']) => name,
      ),
    );
    const packages = imported
      .filter(name => !name.startsWith('node:'))
      .map(name => name.split('/', name.startsWith('@') ? 2 : 1).join('/'));
    // The API is what the exporter and the metrics SDK ask for beside them.
    const used = new Set([...packages, '@opentelemetry/api']);
    expect([...used].sort()).to.deep.equal(Object.keys(dependencies).sort());
  });

  it('has the schema of its configuration, how to deploy it, and a README', () => {
    expect(JSON.parse(packed('config.schema.json'))).to.have.property('properties');
    for (const file of ['deploy/Dockerfile', 'README.md', 'LICENSE']) expect(packed(file)).not.to.equal('');
  });
});
