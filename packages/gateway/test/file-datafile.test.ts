// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { makeDatafile } from '../../../test/support/datafile.js';
import { RecordingLogger } from '../../../test/support/fakes.js';
import { ManualRuntime } from '../../../test/support/manual-runtime.js';
import { FileDatafile, type FileDatafileOptions } from '../src/projects/file-datafile.js';
import { until } from './support/engine.js';

describe('a datafile in a file', () => {
  const opened: (() => void)[] = [];
  const make = (options: Pick<FileDatafileOptions, 'readLater'> = {}) => {
    const folder = mkdtempSync(join(tmpdir(), 'datafile-'));
    opened.push(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'datafile.json');
    writeFileSync(path, text('7'));
    const runtime = new ManualRuntime();
    const logger = new RecordingLogger();
    const datafile = new FileDatafile(path, { logger, runtime, ...options });
    opened.unshift(() => datafile.stop());
    const revision = () => datafile.getConfig()?.context.revision;
    return { folder, path, datafile, revision, runtime, logger };
  };
  const text = (revision: string) => JSON.stringify(makeDatafile({ revision }));

  afterEach(() => {
    for (const end of opened.splice(0)) end();
  });

  for (const [what, content] of [
    ['an older one', text('7')],
    ['one of no use', '{'],
  ] as const) {
    it(`stays in force where a read that began before it ends later, with ${what}`, async () => {
      let endFirst = (_text: string) => {};
      const slow = new Promise<string>(resolve => {
        endFirst = resolve;
      });
      const reads = [slow];
      const { path, datafile, revision, logger } = make({
        readLater: file => reads.shift() ?? readFile(file, 'utf8'),
      });
      const first = datafile.checkNow();
      writeFileSync(path, text('8'));
      expect(await datafile.checkNow()).to.equal(true);
      endFirst(content);
      expect(await first).to.equal(true);
      expect(revision()).to.equal('8');
      expect(logger.at('error')).to.deep.equal([]);
    });
  }

  it('is not waited for where a named pipe takes its place', async function () {
    if (process.platform === 'win32') this.skip();
    const { folder, path, datafile, revision, runtime, logger } = make();
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    renameSync(pipe, path);
    await runtime.advance(5_000);
    await until(() => logger.at('error').length > 0);
    expect(logger.at('error')).to.deep.equal([
      `the datafile ${path} can't be read (not a file); it is tried again`,
    ]);
    expect(revision()).to.equal('7');
    writeFileSync(join(folder, 'next'), text('8'));
    renameSync(join(folder, 'next'), path);
    expect(await datafile.checkNow()).to.equal(true);
    expect(revision()).to.equal('8');
  });

  it('is said to be gone, also where it goes before it was looked at again', async () => {
    const { path, datafile, revision, runtime, logger } = make();
    rmSync(path);
    await runtime.advance(5_000);
    await until(() => logger.at('error').length > 0);
    expect(logger.at('error')).to.deep.equal([
      `the datafile ${path} can't be read (ENOENT); it is tried again`,
    ]);
    expect(revision()).to.equal('7');
    expect(datafile.currentAt).to.equal(datafile.lastCheckBeganAt);
  });
});
