import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { build } from 'esbuild';
import { Child, killLeftovers } from '../support/child.js';
import { makeDatafile } from '../support/datafile.js';
import { answer, startServer } from '../support/hostile-server.js';
import { ROOT } from '../support/run-example.js';

const SERVICE = `${ROOT}test/http/service.mjs`;

const NUMBERED_TIMERS = `data:text/javascript,${encodeURIComponent(`
  const { setTimeout, clearTimeout } = globalThis;
  globalThis.setTimeout = (...given) => Number(setTimeout(...given));
  globalThis.clearTimeout = timer => clearTimeout(timer);
`)}`;

const asModule = (code: string) => `data:text/javascript,${encodeURIComponent(code)}`;

/** As applications do it that guard against prototype pollution. */
const FROZEN_PROTOTYPES = asModule(`
  for (const { prototype } of [Object, Function, Array, Error, TypeError, Promise, Map, Set, String, Number, Date, RegExp])
    Object.freeze(prototype);
`);
/** As SES leaves it with `overrideTaming: 'min'`. */
const READ_ONLY_MESSAGE = asModule("Object.defineProperty(Error.prototype, 'message', { writable: false });");

describe('where undici cannot be loaded as usual', () => {
  const closing: (() => unknown)[] = [];
  const open = async () => {
    const server = await startServer(() => (response, request) => {
      const isEvent = request.method === 'POST';
      answer(isEvent ? 204 : 200, {}, isEvent ? '' : JSON.stringify(makeDatafile()))(response, request);
    });
    closing.push(() => server.close());
    return server;
  };
  const runs = async (command: string, args: readonly string[]) => {
    const server = await open();
    const wanted = { endpoint: server.url, urlTemplate: `${server.origin}/%s.json` };
    const child = new Child(command, [...args, JSON.stringify(wanted)]);
    expect(await child.ended, child.stderr).to.deep.equal({ code: 0, signal: null });
    expect(await child.message<object>('ledger')).to.include({ delivered: 1, pending: 0 });
    expect(server.requests.map(({ method }) => method)).to.deep.equal(['GET', 'POST']);
    return child.told<string>('line');
  };

  afterEach(async () => {
    killLeftovers();
    for (const close of closing.splice(0)) await close();
  });

  for (const [what, command, args] of [
    [
      'little virtual memory',
      'sh',
      ['-c', `ulimit -v 4000000; exec "${process.execPath}" "$@"`, 'sh', SERVICE],
    ],
    ['no WebAssembly', process.execPath, ['--jitless', SERVICE]],
  ] as const) {
    it(`fetches the datafile and delivers by node:http, and says so once: ${what}`, async () => {
      const lines = await runs(command, args);
      expect(lines).to.have.length(1);
      expect(lines[0]).to.match(/^warn: undici is not available: WebAssembly cannot run: .*node:http/);
    });
  }

  it('fetches the datafile and delivers by node:http, and says so once: timers are numbers, as in jsdom', async () => {
    const lines = await runs(process.execPath, ['--import', NUMBERED_TIMERS, SERVICE]);
    expect(lines).to.have.length(1);
    expect(lines[0]).to.match(/^warn: undici is not available: setTimeout\(\) returns numbers, .*node:http/);
  });

  for (const [what, preload] of [
    ['all that errors inherit', FROZEN_PROTOTYPES],
    ['the message that errors inherit', READ_ONLY_MESSAGE],
  ] as const) {
    it(`fetches the datafile and delivers by node:http, and says so once: ${what} is frozen`, async () => {
      const lines = await runs(process.execPath, ['--import', preload, SERVICE]);
      expect(lines).to.have.length(1);
      expect(lines[0]).to.match(/^warn: undici is not available: it cannot make errors: .*node:http/);
    });
  }

  it('takes undici from a namespace that has a default export only, as bundlers with code splitting make', async () => {
    const outdir = mkdtempSync(join(tmpdir(), 'split-'));
    closing.push(() => rmSync(outdir, { recursive: true }));
    await build({
      entryPoints: [SERVICE],
      bundle: true,
      splitting: true,
      logLevel: 'error',
      platform: 'node',
      format: 'esm',
      outdir,
      outExtension: { '.js': '.mjs' },
      banner: {
        js: "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);",
      },
    });
    expect(await runs(process.execPath, [join(outdir, 'service.mjs')])).to.deep.equal([]);
  });

  for (const format of ['esm', 'cjs'] as const) {
    it(`is whole in a bundle of one file, as ${format}`, async () => {
      const directory = mkdtempSync(join(tmpdir(), 'one-file-'));
      closing.push(() => rmSync(directory, { recursive: true }));
      const outfile = join(directory, format === 'esm' ? 'service.mjs' : 'service.cjs');
      const makeRequire = "import { createRequire as makeRequire } from 'node:module';";
      const banner = { js: `${makeRequire} const require = makeRequire(import.meta.url);` };
      await build({
        entryPoints: [SERVICE],
        bundle: true,
        // CommonJS has no `import.meta`, which is not used here.
        logOverride: { 'empty-import-meta': 'silent' },
        platform: 'node',
        format,
        outfile,
        ...(format === 'esm' ? { banner } : {}),
      });
      expect(await runs(process.execPath, [outfile])).to.deep.equal([]);
    });
  }
});
