// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { makeDatafile } from '../../../test/support/datafile.js';
import { RecordingLogger } from '../../../test/support/fakes.js';
import { ManualRuntime } from '../../../test/support/manual-runtime.js';
import { FileDatafile } from '../src/projects/file-datafile.js';
import { until } from './support/engine.js';

describe('a datafile in a file', () => {
  const opened: (() => void)[] = [];
  const make = () => {
    const folder = mkdtempSync(join(tmpdir(), 'datafile-'));
    opened.push(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'datafile.json');
    writeFileSync(path, text('7'));
    const runtime = new ManualRuntime();
    const logger = new RecordingLogger();
    const datafile = new FileDatafile(path, { logger, runtime });
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
    it(`stays in force where a read that began before it ends later, with ${what}`, async function () {
      if (process.platform === 'win32') this.skip();
      const { folder, path, datafile, revision, logger } = make();
      const slow = join(folder, 'slow');
      execFileSync('mkfifo', [slow]);
      const put = (make: (next: string) => void) => {
        make(join(folder, 'next'));
        renameSync(join(folder, 'next'), path);
      };
      put(next => symlinkSync(slow, next));
      const first = datafile.checkNow();
      // There is a reader then.
      const pipe = await open(slow, 'w');
      put(next => writeFileSync(next, text('8')));
      expect(await datafile.checkNow()).to.equal(true);
      await pipe.writeFile(content);
      await pipe.close();
      expect(await first).to.equal(true);
      expect(revision()).to.equal('8');
      expect(logger.at('error')).to.deep.equal([]);
    });
  }

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
