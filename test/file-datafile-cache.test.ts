// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import {
  chown,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { FileDatafileCache, PollingProjectConfigManager } from 'opentelemetry-exporter-optimizely';
import { makeDatafile } from './support/datafile.js';
import { revision, send, startDatafileServer } from './support/datafile-server.js';
import { RecordingLogger } from './support/fakes.js';
import { settle } from './support/manual-runtime.js';
import { skip } from './support/skip.js';

const KEY = 'optimizely-datafile-key';

describe('FileDatafileCache', () => {
  let parent: string;
  let directory: string;

  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), 'datafile-cache-'));
    directory = join(parent, 'a', 'b');
  });

  afterEach(() => rm(parent, { recursive: true, force: true }));

  const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);
  const onlyFile = async () => {
    const names = await readdir(directory);
    expect(names).to.have.length(1);
    return join(directory, names[0] ?? '');
  };

  it('gives back what was set, also to another instance and after a restart', async () => {
    const cache = new FileDatafileCache({ directory });
    await cache.set(KEY, '{"é":1}');
    expect(await cache.get(KEY)).to.equal('{"é":1}');
    await cache.set(KEY, '{}');
    expect(await new FileDatafileCache({ directory }).get(KEY)).to.equal('{}');
    expect(await readdir(directory)).to.have.length(1);
  });

  it('makes the directory where it is missing, and has nothing before', async () => {
    const cache = new FileDatafileCache({ directory });
    expect(await cache.get(KEY)).to.equal(undefined);
    await cache.set(KEY, '{}');
    expect(await cache.get(KEY)).to.equal('{}');
    await rm(directory, { recursive: true });
    expect(await cache.get(KEY)).to.equal(undefined);
    await cache.set(KEY, '{"again":true}');
    expect(await cache.get(KEY)).to.equal('{"again":true}');
  });

  it('lets only its owner read the file and look into the directory', async () => {
    const umask = process.umask(0);
    try {
      const cache = new FileDatafileCache({ directory });
      for (const text of ['{}', '{"replaced":true}']) {
        await cache.set(KEY, text);
        expect([await modeOf(directory), await modeOf(await onlyFile())]).to.deep.equal(['700', '600']);
      }
    } finally {
      process.umask(umask);
    }
  });

  it('keeps keys apart and inside the directory, whatever they hold', async () => {
    const cache = new FileDatafileCache({ directory });
    const keys = ['', 'a', 'A', '../../escaped', '/etc/passwd', 'a/b', 'é', 'x'.repeat(5_000), 'nul\0'];
    for (const key of keys) await cache.set(key, `of ${key}`);
    for (const key of keys) expect(await cache.get(key)).to.equal(`of ${key}`);
    expect(await readdir(directory)).to.have.length(keys.length);
    expect(await readdir(parent)).to.deep.equal(['a']);
    expect(await readdir(join(parent, 'a'))).to.deep.equal(['b']);
  });

  it('is replaced as a whole: nobody ever reads a part, while two instances write', async () => {
    const texts = ['a', 'b', 'c'].map(letter => letter.repeat(1_000_000));
    const writers = [new FileDatafileCache({ directory }), new FileDatafileCache({ directory })];
    const reader = new FileDatafileCache({ directory });
    await writers[0]?.set(KEY, texts[0] ?? '');
    let writing = true;
    const written = Promise.all(
      writers.map(async writer => {
        for (let n = 0; n < 15; n++) await writer.set(KEY, texts[n % 3] ?? '');
      }),
    ).finally(() => {
      writing = false;
    });
    let reads = 0;
    let partial = 0;
    while (writing) {
      if (!texts.includes((await reader.get(KEY)) ?? '')) partial++;
      reads++;
    }
    await written;
    expect(reads).to.be.above(5);
    expect(partial).to.equal(0);
    expect(await readdir(directory), 'nothing unfinished is left').to.have.length(1);
  });

  const nameOf = (promise: Promise<unknown>) =>
    promise.then(
      () => 'none',
      (error: Error) => error.name,
    );

  it('rejects at once where something else is in place of the file, and does not touch what is behind a link', async () => {
    const cache = new FileDatafileCache({ directory });
    await cache.set(KEY, '{}');
    const path = await onlyFile();
    const victim = join(parent, 'victim');
    await writeFile(victim, '{"precious":true}');
    const inPlace = {
      pipe: () => void execFileSync('mkfifo', [path]),
      link: () => symlink(victim, path),
      'endless device': () => symlink('/dev/zero', path),
      'dangling link': () => symlink(join(parent, 'nowhere'), path),
    };
    for (const [what, put] of Object.entries(inPlace)) {
      await rm(path);
      await put();
      expect(await nameOf(cache.get(KEY)), what).to.equal('NotRegularFile');
      await cache.set(KEY, '{"again":true}');
      expect(await cache.get(KEY), what).to.equal('{"again":true}');
    }
    expect(await readFile(victim, 'utf8')).to.equal('{"precious":true}');
    expect((await readdir(parent)).sort()).to.deep.equal(['a', 'victim']);
  });

  it('rejects a file that is larger than any datafile', async () => {
    const cache = new FileDatafileCache({ directory });
    await cache.set(KEY, '{}');
    await truncate(await onlyFile(), 2 ** 40);
    expect(await nameOf(cache.get(KEY))).to.equal('FileTooLarge');
    await cache.set(KEY, '{}');
    expect(await cache.get(KEY)).to.equal('{}');
  });

  it('rejects a file that another user wrote', async function () {
    if (process.geteuid?.() !== 0) skip(this, 'only root can give files away');
    const cache = new FileDatafileCache({ directory });
    await cache.set(KEY, '{}');
    await chown(await onlyFile(), 12_345, 12_345);
    expect(await nameOf(cache.get(KEY))).to.equal('FileOfAnotherUser');
    await cache.set(KEY, '{"again":true}');
    expect(await cache.get(KEY)).to.equal('{"again":true}');
  });

  it('rejects where the file cannot be read, and leaves nothing behind where it cannot be written', async () => {
    const cache = new FileDatafileCache({ directory });
    await cache.set(KEY, '{}');
    const path = await onlyFile();
    await rm(path);
    await mkdir(join(path, 'in the way'), { recursive: true });
    const codeOf = (promise: Promise<unknown>) =>
      promise.then(
        () => 'none',
        (error: NodeJS.ErrnoException) => error.code,
      );
    expect(await nameOf(cache.get(KEY))).to.equal('NotRegularFile');
    expect(await codeOf(cache.set(KEY, '{}'))).to.be.oneOf(['EISDIR', 'ENOTEMPTY', 'EEXIST']);
    expect(await readdir(directory)).to.have.length(1);
    await writeFile(join(parent, 'file'), '');
    const misplaced = new FileDatafileCache({ directory: join(parent, 'file', 'below') });
    expect(await codeOf(misplaced.set(KEY, '{}'))).to.equal('ENOTDIR');
  });

  for (const options of [undefined, {}, { directory: '' }, { directory: 5 }]) {
    it(`throws a TypeError that says what to write: ${JSON.stringify(options)}`, () => {
      expect(() => new FileDatafileCache(options as never)).to.throw(
        TypeError,
        /directory must be.*new File/,
      );
    });
  }

  describe('under a polling manager', () => {
    const opened: (() => Promise<unknown>)[] = [];

    afterEach(async () => {
      for (const close of opened.splice(0).reverse()) await close();
    });

    async function start(...script: Parameters<typeof startDatafileServer>) {
      const server = await startDatafileServer(...script);
      opened.push(() => server.close());
      const logger = new RecordingLogger();
      const cache = new FileDatafileCache({ directory });
      const { urlTemplate } = server;
      const manager = new PollingProjectConfigManager({ sdkKey: 'key', urlTemplate, cache, logger });
      opened.push(() => manager.stop());
      return { server, logger, cache, manager };
    }

    /** The manager does not wait for the cache. */
    async function written(cache: FileDatafileCache): Promise<string> {
      for (;;) {
        const text = await cache.get(KEY);
        if (text !== undefined) return text;
      }
    }

    it('brings a restart over an outage of the CDN', async () => {
      const before = await start(revision('7'));
      expect(await before.manager.onReady()).to.equal(true);
      expect(JSON.parse(await written(before.cache))).to.deep.equal(makeDatafile());
      await before.manager.stop();
      const after = await start(send(503, {}));
      expect(await after.manager.onReady()).to.equal(true);
      expect(after.manager.getConfig()?.context.revision).to.equal('7');
    });

    it('does no harm where its file is broken', async () => {
      const first = await start(revision('7'));
      await written(first.cache);
      await first.manager.stop();
      const path = await onlyFile();
      await rm(path);
      await mkdir(path);
      const { manager, logger } = await start(revision('8'));
      expect(await manager.onReady()).to.equal(true);
      expect(manager.getConfig()?.context.revision).to.equal('8');
      const warned = () => logger.at('warn').map(line => line.replace(/^.*cache could not be |:.*$/g, ''));
      while (warned().length < 2) await settle();
      expect(warned()).to.have.members(['read', 'written']);
    });
  });
});
