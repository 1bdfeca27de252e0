// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { EventFactory } from 'opentelemetry-exporter-optimizely';
import { makeUserEvent } from '../../../test/support/fakes.js';
import { makeForwarder } from '../src/cli/forwarder.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const INSPECTOR = 'optimizely-event-inspector';

describe('the packed inspector', () => {
  let folder: string;
  const run = (...args: string[]) =>
    execFileSync(process.execPath, args, { cwd: folder, encoding: 'utf8', input: '' }).trim();

  /** Where an application has both packages, and what they depend on. */
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'packed-'));
    const modules = join(folder, 'node_modules');
    mkdirSync(join(modules, '@opentelemetry'), { recursive: true });
    for (const name of ['undici', 'isbot', '@opentelemetry/api'])
      symlinkSync(join(ROOT, 'node_modules', name), join(modules, name));
    for (const [name, at] of [
      ['opentelemetry-exporter-optimizely', '.'],
      [INSPECTOR, 'packages/inspector'],
    ] as const) {
      const packed = ['pack', `./${at}`, '--json', '--ignore-scripts', '--pack-destination', folder];
      const answer = execFileSync('npm', packed, { cwd: ROOT, encoding: 'utf8' });
      const file = /"filename": "([^"]+)"/.exec(answer)?.[1] ?? '';
      mkdirSync(join(modules, name));
      execFileSync('tar', ['-xzf', join(folder, file), '-C', join(modules, name), '--strip-components=1']);
    }
  }).timeout(60_000);
  after(() => rmSync(folder, { recursive: true, force: true }));

  const packed = (path: string) => readFileSync(join(folder, 'node_modules', INSPECTOR, path), 'utf8');

  it('exports the same names as ESM and as CommonJS', () => {
    expect(
      run('--input-type=module', '-e', `console.log(Object.keys(await import('${INSPECTOR}')).join())`),
    ).to.equal('attachInspector');
    expect(run('-e', `console.log(Object.keys(require('${INSPECTOR}')).join())`)).to.equal('attachInspector');
  });

  it('has a command that runs, with its page and the sample project', () => {
    const { bin, version } = JSON.parse(packed('package.json')) as {
      bin: Record<string, string>;
      version: string;
    };
    const command = bin[INSPECTOR] ?? '';
    expect(packed(command)).to.match(/^#!\/usr\/bin\/env node\n/);
    expect(run(join('node_modules', INSPECTOR, command), '--version')).to.equal(version);
    for (const file of ['index.html', 'page.js', 'page.css', 'icon.svg']) {
      expect(packed(`dist/cli/page/${file}`)).not.to.equal('');
    }
    for (const file of ['sample.json', 'sample.mjs']) expect(packed(`sample/${file}`)).not.to.equal('');
  });

  it('depends on the exporter that it is made with, and on the patterns of bots', () => {
    const { dependencies } = JSON.parse(packed('package.json')) as { dependencies: Record<string, string> };
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
    const { isbot, ...others } = dependencies;
    expect(isbot).to.match(/^\^5\./);
    expect(others).to.deep.equal({ 'opentelemetry-exporter-optimizely': `^${version}` });
  });

  it('has source maps without sources', () => {
    const files = readdirSync(join(folder, 'node_modules'), { recursive: true, encoding: 'utf8' });
    const maps = files.filter(file => /^(opentelemetry-exporter|optimizely-event).*\.map$/.test(file));
    expect(maps).to.have.length.above(5);
    for (const file of maps) {
      const map = JSON.parse(readFileSync(join(folder, 'node_modules', file), 'utf8')) as object;
      expect(map, file).to.include.keys('mappings', 'sources').and.not.to.have.property('sourcesContent');
    }
  });

  it('forwards to where the exporter sends', async () => {
    for (const region of ['US', 'EU'] as const) {
      const event = makeUserEvent();
      const { url } = new EventFactory().createLogEvent([
        { ...event, context: { ...event.context, region } },
      ]);
      const forwarder = makeForwarder(undefined, () => region);
      expect(forwarder.url()).to.equal(url);
      await forwarder.close();
    }
  });
});
