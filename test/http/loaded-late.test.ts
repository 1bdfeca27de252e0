// SPDX-License-Identifier: Apache-2.0
import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync } from 'node:fs';
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
      ({ code }) => tell({ outcome: code }),
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
    it(`is loaded again where it could not be, as while a deployment replaces files: ${file}`, async () => {
      const directory = installCopy();
      closing.push(() => rmSync(directory, { recursive: true }));
      const server = await startServer(() => answer(204, {}, ''));
      closing.push(() => server.close());
      const path = join(directory, PACKAGE, 'dist', file);
      // So that it is not loaded while the process is idle.
      const args = [...flags, '-e', load + SERVICE, server.url];
      const child = new Child(process.execPath, args, { NODE_ENV: 'test' }, directory);
      await child.message('ready');
      renameSync(path, `${path}.away`);
      child.tell('send');
      expect(await child.message('outcome')).to.match(/MODULE_NOT_FOUND$/);
      renameSync(`${path}.away`, path);
      child.tell('send');
      expect(await child.message('outcome', 2)).to.equal(204);
    });
  }
});
