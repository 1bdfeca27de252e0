// SPDX-License-Identifier: Apache-2.0
import { chmodSync, cpSync, linkSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import type { FileEventStoreOptions } from 'opentelemetry-exporter-optimizely';
import { SEGMENT_HEADER_BYTES } from '../../src/store/segment-header.js';
import { skip } from '../support/skip.js';
import {
  bytesIn,
  closeAll,
  filesIn,
  instancesIn,
  makeDirectory,
  makeEvent,
  openStore,
  tidyUp,
  uuidOf,
} from './harness.js';
import { mountSmall, unmountAll } from './mounts.js';

const KIB = 'x'.repeat(1_024);
const everything = { maxEvents: 1_000, maxBytes: 1e9 };
/** So that a segment has 8 KiB. */
const maxBytes = 65_536;

/** A store that has written one segment, all of whose records were removed, and the inode of that. */
async function openWithSpare(options: Partial<FileEventStoreOptions> = {}) {
  const opened = openStore({ directory: makeDirectory(), maxBytes, ...options });
  const { store, directory } = opened;
  const append = (uuid: string, bytes = 1_024) =>
    opened.append(makeEvent(uuid, { json: `{"visitor_id":"${'x'.repeat(bytes)}"}` }));
  const segment = () => filesIn(directory, '.seg').at(-1) ?? '';
  const spare = () => filesIn(directory, '000000000000.ack');
  /** Of the first record of the segment that is being written. */
  let first: number | undefined;
  const fillAndRemove = async () => {
    const filled = segment();
    const tickets = first === undefined ? [] : [first];
    while (segment() === filled) tickets.push(append('first'));
    first = tickets.pop();
    store.remove(tickets);
    while (filesIn(directory, '.seg').length > 1) await new Promise(setImmediate);
  };
  const { ino } = statSync(segment());
  await fillAndRemove();
  return { ...opened, append, segment, spare, fillAndRemove, ino };
}

/** What the next store finds where the process of this one was killed just now. */
async function afterKill(directory: string) {
  const copy = makeDirectory();
  cpSync(directory, copy, { recursive: true });
  for (const instance of instancesIn(copy)) writeFileSync(join(instance, 'closed'), '');
  const next = openStore({ directory: copy });
  await next.scans.reaches(1);
  return { ...next, uuids: (await next.readAll()).map(uuidOf) };
}

describe('The file of a segment whose records are gone', () => {
  afterEach(async () => {
    await closeAll();
    unmountAll();
    await tidyUp();
  });

  it('is written anew by the next segment', async () => {
    const { spare, segment, fillAndRemove, ino } = await openWithSpare();
    expect(spare()).to.have.length(1);
    expect(statSync(spare()[0] ?? '').ino).to.equal(ino);
    expect(readFileSync(spare()[0] ?? '').every(byte => byte === 0)).to.equal(true);
    await fillAndRemove();
    expect(statSync(segment()).ino).to.equal(ino);
  });

  for (const commit of ['call', 'turn'] as const) {
    it(`shows nothing of what it held to the next process (commit: '${commit}')`, async () => {
      const { append, fillAndRemove, directory } = await openWithSpare({ commit });
      await fillAndRemove();
      for (const uuid of ['1', '2', '3']) append(uuid);
      await new Promise(setImmediate);
      expect(bytesIn(directory, '.seg'), 'zeros behind the records').to.be.above(4 * 1_300);
      const { uuids, logger, adopted } = await afterKill(directory);
      expect(uuids).to.deep.equal(['first', '1', '2', '3']);
      expect(adopted.count).to.equal(4);
      expect(logger.at('warn')).to.deep.equal([]);
    });
  }

  it('ends with its last record when its segment is closed', async () => {
    const { append, fillAndRemove, segment, store } = await openWithSpare();
    await fillAndRemove();
    append('1', 10);
    const before = statSync(segment()).size;
    await store.close();
    expect(statSync(segment()).size).to.be.below(before);
    expect(readFileSync(segment()).at(-1)).to.equal('}'.charCodeAt(0));
  });

  describe('on a disk that fails', () => {
    const fs = process.getBuiltinModule('node:fs');
    const { renameSync, ftruncateSync } = fs;

    afterEach(() => Object.assign(fs, { renameSync, ftruncateSync }));

    it('is written anew where its rename is done and reported as failed', async () => {
      const { append, fillAndRemove, segment, logger, ino } = await openWithSpare();
      fs.renameSync = (from, to) => {
        renameSync(from, to);
        if (String(to).endsWith('.seg'))
          throw Object.assign(new Error('done all the same'), { code: 'ENOENT' });
      };
      await fillAndRemove();
      expect(statSync(segment()).ino).to.equal(ino);
      expect(append('1')).to.be.a('number');
      expect(logger.at('warn')).to.deep.equal([]);
    });

    it('is closed although it cannot be cut', async () => {
      const { store } = await openWithSpare();
      const descriptors: number[] = [];
      fs.ftruncateSync = descriptor => {
        descriptors.push(descriptor);
        throw Object.assign(new Error('broken'), { code: 'EIO' });
      };
      await store.close();
      expect(descriptors).to.not.deep.equal([]);
      for (const descriptor of descriptors) expect(() => fs.fstatSync(descriptor)).to.throw('EBADF');
    });
  });

  it('is deleted when the store closes, and by what takes over from a process that was killed', async () => {
    const { directory, spare, store, segment } = await openWithSpare();
    const next = await afterKill(directory);
    expect(filesIn(next.directory, '000000000000.ack')).to.deep.equal([]);
    await store.close();
    expect(spare()).to.deep.equal([]);
    expect(filesIn(directory, '.seg')).to.deep.equal([segment()]);
  });

  for (const [what, share] of [
    ['another name', (path: string) => linkSync(path, `${path}.backup`)],
    ['another user', (path: string) => chmodSync(path, 0o644)],
  ] as const) {
    it(`is deleted where ${what} would show what is written into it`, async () => {
      const { directory, segment, spare, fillAndRemove } = await openWithSpare();
      await fillAndRemove();
      share(segment());
      await fillAndRemove();
      expect(spare()).to.deep.equal([]);
      for (const backup of filesIn(directory, '.backup')) {
        expect(readFileSync(backup).includes('"visitor_id"')).to.equal(true);
      }
    });
  }

  it('is not kept of a store that has written little, or one record that is larger than a segment', async () => {
    const { store, append, directory } = openStore({ directory: makeDirectory(), maxBytes });
    store.remove([append(makeEvent('small'))]);
    store.remove([append(makeEvent('large', { json: `{"x":"${KIB.repeat(20)}"}` }))]);
    append(makeEvent('next'));
    while (filesIn(directory, '.seg').length > 1) await new Promise(setImmediate);
    expect(filesIn(directory, '000000000000.ack')).to.deep.equal([]);
  });

  it('makes room where the store is full', async () => {
    const { store, directory, spare } = await openWithSpare();
    const onDisk = () => bytesIn(directory, '.seg') + bytesIn(directory, '.ack');
    const held = () => bytesIn(directory, '.seg');
    while (typeof store.append(makeEvent('event', { json: KIB })) === 'number') {
      expect(onDisk()).to.be.at.most(maxBytes);
    }
    while (spare().length > 0) await new Promise(setImmediate);
    expect(held()).to.be.above(maxBytes * 0.9);
  });

  it('keeps maxBytes whatever is appended and removed, and what is left is found', async () => {
    const step = fc.record({
      append: fc.array(fc.integer({ min: 1, max: 3_000 }), { maxLength: 12 }),
      remove: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 5, maxLength: 40 }),
        fc.constantFrom('call', 'turn'),
        async (steps, commit) => {
          const { store, directory } = openStore({ directory: makeDirectory(), maxBytes, commit });
          const live = new Map<number, string>();
          let made = 0;
          for (const { append, remove } of steps) {
            for (const bytes of append) {
              const uuid = `${made++}`;
              const ticket = store.append(makeEvent(uuid, { json: `{"x":"${'x'.repeat(bytes)}"}` }));
              if (typeof ticket === 'number') live.set(ticket, uuid);
            }
            const removed = [...live.keys()].slice(0, Math.ceil(live.size * remove));
            store.remove(removed);
            for (const ticket of removed) live.delete(ticket);
            await new Promise(setImmediate);
            expect(bytesIn(directory, '.seg') + bytesIn(directory, '.ack')).to.be.at.most(maxBytes);
          }
          await store.close();
          const next = openStore({ directory });
          await next.scans.reaches(1);
          expect((await next.readAll()).map(uuidOf)).to.deep.equal([...live.values()]);
          expect(next.logger.at('warn')).to.deep.equal([]);
          await next.store.close();
        },
      ),
      { numRuns: 60, endOnFailure: true },
    );
  }).timeout(60_000);

  it('is given up where the disk is full otherwise', async function () {
    const directory = mountSmall('256k');
    if (directory === undefined) return skip(this, 'mounting a tmpfs is not allowed here');
    const { append, logger, spare } = await openWithSpare({ directory, maxBytes: 524_288 });
    expect(spare()).to.have.length(1);
    fillUp(directory);
    // More than what is left of the segment's last page.
    for (const uuid of ['1', '2', '3', '4', '5']) append(uuid);
    while (spare().length > 0) await new Promise(setImmediate);
    expect(logger.at('warn')).to.deep.equal([]);
  });

  it('is searched once more for what an owner wrote into it that was taken for dead', async () => {
    const { directory, append, fillAndRemove } = await openWithSpare();
    await fillAndRemove();
    const [old = ''] = instancesIn(directory);
    const taker = openStore({ directory });
    await taker.scans.reaches(1);
    const takers = instancesIn(directory).find(path => path !== old) ?? '';
    renameSync(old, join(takers, old.slice(directory.length + 1)));
    await taker.scan();
    await taker.adopted.reaches(1);
    append('late');
    const records = await taker.store.read(everything);
    taker.store.remove(records.map(({ ticket }) => ticket));
    await taker.adopted.reaches(records.length + 1);
    expect((await taker.readAll()).map(uuidOf)).to.deep.equal(['late']);
  });

  it('is no segment where all of it is zeros, as after a crash of the machine', async () => {
    const { directory, segment, append } = await openWithSpare();
    append('1');
    writeFileSync(segment(), Buffer.alloc(8_192));
    const { uuids, logger, store, directory: copy } = await afterKill(directory);
    expect(uuids).to.deep.equal([]);
    expect(logger.at('warn')).to.deep.equal([]);
    await store.close();
    expect(instancesIn(copy)).to.deep.equal([]);
  });

  it('with zeros between its records is damaged there', async () => {
    const { directory, segment, append, fillAndRemove } = await openWithSpare();
    await fillAndRemove();
    append('1');
    append('2');
    const file = readFileSync(segment());
    const start = file.indexOf('{"visitor_id"', SEGMENT_HEADER_BYTES);
    writeFileSync(segment(), file.fill(0, start, start + 100));
    const { uuids, logger } = await afterKill(directory);
    expect(uuids).to.deep.equal(['1', '2']);
    expect(logger.at('warn').join()).to.contain('1 damaged places');
  });
});

/** Takes what a small disk has left. */
function fillUp(directory: string): void {
  try {
    writeFileSync(join(directory, 'ballast'), Buffer.alloc(2_000_000));
  } catch {
    // Full, as it should be.
  }
}
