// SPDX-License-Identifier: Apache-2.0
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { Child, killLeftovers } from '../support/child.js';
import { answer, startServer } from '../support/hostile-server.js';
import { ROOT } from '../support/run-example.js';

const PACKAGE = 'node_modules/opentelemetry-exporter-optimizely';

/** A copy of the package as it is installed, whose files can be taken away. */
function installCopy(): string {
  const directory = mkdtempSync(join(tmpdir(), 'late-'));
  mkdirSync(join(directory, PACKAGE), { recursive: true });
  for (const part of ['dist', 'package.json']) {
    cpSync(join(ROOT, part), join(directory, PACKAGE, part), { recursive: true });
  }
  for (const name of ['undici', '@opentelemetry']) {
    symlinkSync(join(ROOT, 'node_modules', name), join(directory, 'node_modules', name));
  }
  return directory;
}

/** Sends a request whenever it is told a line, and tells what became of it. */
const SERVICE = `
  const tell = message => process.stdout.write(JSON.stringify(message) + '\\n');
  const dispatcher = new UndiciEventDispatcher();
  const logEvent = { httpVerb: 'POST', url: process.argv[1], body: '{}' };
  process.stdin.on('data', () => {
    dispatcher.dispatchEvent(logEvent).then(
      ({ statusCode }) => tell({ outcome: statusCode }),
      ({ code = 'failed' }) => tell({ outcome: code }),
    );
  });
  tell({ ready: true });`;

describe('the code that makes requests', () => {
  const closing: (() => unknown)[] = [];

  afterEach(async () => {
    killLeftovers();
    for (const close of closing.splice(0).reverse()) await close();
  });

  for (const [file, flags, load] of [
    [
      'open-client.js',
      ['--input-type=module'],
      `import { UndiciEventDispatcher } from '${PACKAGE.slice(13)}';`,
    ],
    ['open-client.cjs', [], `const { UndiciEventDispatcher } = require('${PACKAGE.slice(13)}');`],
  ] as const) {
    for (const [how, outcome, spoil] of [
      ['while a deployment replaces files', /MODULE_NOT_FOUND$/, (path: string) => rmSync(path)],
      ['while a deployment writes files', undefined, (path: string) => truncateSync(path, 5_000)],
    ] as const) {
      it(`is loaded again where it could not be, as ${how}: ${file}`, async () => {
        const directory = installCopy();
        closing.push(() => rmSync(directory, { recursive: true }));
        const server = await startServer(() => answer(204, {}, ''));
        closing.push(() => server.close());
        const path = join(directory, PACKAGE, 'dist', file);
        // So that it is not loaded while the process is idle.
        const args = [...flags, '-e', load + SERVICE, server.url];
        const child = new Child(process.execPath, args, { NODE_ENV: 'test' }, directory);
        await child.message('ready');
        copyFileSync(path, `${path}.away`);
        spoil(path);
        for (let times = 1; times <= 3; times++) {
          child.tell('send');
          const told = await child.message('outcome', times);
          if (outcome === undefined) expect(told).to.equal('failed');
          else expect(told).to.match(outcome);
        }
        rmSync(path, { force: true });
        renameSync(`${path}.away`, path);
        child.tell('send');
        expect(await child.message('outcome', 4)).to.equal(204);
      });
    }
  }
});
