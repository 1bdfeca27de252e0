// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { makeDatafile } from './support/datafile.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const APPS = fileURLToPath(new URL('./api-copies', import.meta.url));
const SDK = join(ROOT, 'node_modules/@opentelemetry/sdk-node');
/** The copy that the SDK has. */
const API = join(ROOT, 'node_modules/@opentelemetry/api');

interface Wanted {
  /** The user's option. */
  logger?: boolean;
  /** A diag logger is set with the API of the application, or with that of the SDK. */
  diagOfTheApp?: boolean;
  diagOfTheSdk?: boolean;
}

interface Said {
  /** How many lines were said before there was a span or an event. */
  started: number;
  said: string[];
  stderr: string;
}

describe('two copies of the API', () => {
  const { version } = JSON.parse(readFileSync(join(API, 'package.json'), 'utf8')) as { version: string };
  const [major, minor] = version.split('.').map(Number) as [number, number];
  const newer = `${major}.${minor + 1}.0`;
  const older = `${major}.${minor - 1}.0`;
  const otherPatch = `${major}.${minor}.99`;

  let folder: string;

  beforeEach(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'api-copies-')));
    for (const app of ['app.cjs', 'app.mjs', 'run-app.cjs']) cpSync(join(APPS, app), join(folder, app));
    const own = modules('opentelemetry-exporter-optimizely');
    cpSync(join(ROOT, 'dist'), join(own, 'dist'), { recursive: true });
    cpSync(join(ROOT, 'package.json'), join(own, 'package.json'));
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  /** A folder in the application's node_modules. */
  function modules(...path: string[]): string {
    return join(folder, 'node_modules', ...path);
  }

  /** A copy of the API that takes itself for another version. */
  function copyApi(to: string, other: string): string {
    cpSync(API, to, { recursive: true });
    for (const file of ['package.json', 'build/src/version.js']) {
      const path = join(to, file);
      writeFileSync(path, readFileSync(path, 'utf8').replaceAll(version, other));
    }
    return to;
  }

  async function run(app: string, wanted: Wanted): Promise<Said> {
    const argument = JSON.stringify({ sdk: SDK, datafile: makeDatafile(), ...wanted });
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [join(folder, app), argument], {
      env: { ...process.env, OTEL_METRICS_EXPORTER: 'none', OTEL_LOGS_EXPORTER: 'none', NODE_OPTIONS: '' },
    });
    return { ...JSON.parse(stdout), stderr };
  }

  for (const app of ['app.cjs', 'app.mjs']) {
    it(`warns once, at start, where ours can't reach the SDK's: ${app}`, async () => {
      const ours = copyApi(modules('@opentelemetry/api'), newer);
      const { started, said, stderr } = await run(app, { logger: true });
      expect(said).to.deep.equal([
        `two copies of @opentelemetry/api: version ${newer} in ${ours} can't use what version ${version} in ${API} ` +
          'has registered, so all spans made with it are no-ops, and experiment events join none; ' +
          'see that one is installed',
      ]);
      expect(started).to.equal(1);
      expect(stderr).to.equal('');
    });

    it(`is silent with one copy: ${app}`, async () => {
      mkdirSync(modules('@opentelemetry'), { recursive: true });
      symlinkSync(API, modules('@opentelemetry/api'));
      const { said, stderr } = await run(app, { diagOfTheSdk: true });
      expect({ said, stderr }).to.deep.equal({ said: [], stderr: '' });
    });
  }

  for (const [which, other] of [
    ['the same', version],
    ['an older', older],
  ] as const) {
    it(`is silent with a second copy of ${which} version, which reaches the SDK's`, async () => {
      copyApi(modules('@opentelemetry/api'), other);
      const { said, stderr } = await run('app.cjs', { logger: true });
      expect({ said, stderr }).to.deep.equal({ said: [], stderr: '' });
    });
  }

  it("warns where the application's copy is the one that reaches nothing", async () => {
    const theirs = copyApi(modules('@opentelemetry/api'), newer);
    mkdirSync(modules('opentelemetry-exporter-optimizely/node_modules/@opentelemetry'), { recursive: true });
    symlinkSync(API, modules('opentelemetry-exporter-optimizely/node_modules/@opentelemetry/api'));
    const { said } = await run('app.cjs', { logger: true });
    expect(said).to.deep.equal([
      `two copies of @opentelemetry/api: version ${newer} in ${theirs} can't use what version ${version} in ${API} ` +
        'has registered, so all spans made with it are no-ops; see that one is installed',
    ]);
  });

  it("warns where the application's copy was used first, so that the SDK can't register", async () => {
    const theirs = copyApi(modules('@opentelemetry/api'), otherPatch);
    const { said } = await run('app.cjs', { logger: true, diagOfTheApp: true });
    expect(said.filter(line => line.startsWith('two copies'))).to.deep.equal([
      `two copies of @opentelemetry/api: no tracer provider is registered, and none can be with version ${version} ` +
        `in ${API}, because version ${otherPatch} in ${theirs} was used first, so all spans are no-ops; ` +
        'see that one is installed',
    ]);
  });

  it('tells the diag logger of the copy that reaches something where no logger is given', async () => {
    copyApi(modules('@opentelemetry/api'), newer);
    const { said, stderr } = await run('app.cjs', { diagOfTheSdk: true });
    expect(said).to.have.length(1);
    expect(said[0]).to.match(/^opentelemetry-exporter-optimizely: two copies of @opentelemetry\/api: /);
    expect(stderr).to.equal('');
  });

  it('tells the process where there is no logger at all', async () => {
    copyApi(modules('@opentelemetry/api'), newer);
    const { stderr } = await run('app.cjs', {});
    expect(
      stderr.match(/opentelemetry-exporter-optimizely: two copies of @opentelemetry\/api/g),
    ).to.have.length(1);
  });
});
