// SPDX-License-Identifier: Apache-2.0
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { crc32 } from 'node:zlib';
import { expect } from 'chai';
import fc from 'fast-check';
import { scanSegment } from '../../src/store/scan-segment.js';
import { SEGMENT_HEADER_BYTES } from '../../src/store/segment-header.js';
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

/** A directory with one closed instance of one segment, whose records are named 0, 1, 2, … */
async function makeDead(count: number, directory = makeDirectory()) {
  const { append, store } = openStore({ directory });
  const before = new Set(instancesIn(directory));
  for (let n = 0; n < count; n++) append(makeEvent(`${n}`));
  const instance = [...before].find(path => filesIn(path, '.seg').length > 0) ?? '';
  const [segment = ''] = filesIn(instance, '.seg');
  await store.close();
  return { directory, instance, segment, file: readFileSync(segment) };
}

/** What the next life finds. */
async function adopt(directory: string) {
  const life = openStore({ directory });
  await life.scans.reaches(1);
  const events = await life.readAll();
  return { ...life, events, uuids: events.map(uuidOf) };
}

describe('FileEventStore among damaged and foreign files', () => {
  afterEach(tidyUp);

  it('finds all records but those in damaged places', async () => {
    const { directory, segment, file } = await makeDead(10);
    const { spans } = scanSegment(file);
    const middle = (index: number) => (spans[index]?.offset ?? 0) + 50;
    file[middle(2)] = (file[middle(2)] ?? 0) ^ 1;
    file.fill(0, middle(5), middle(6));
    writeFileSync(segment, file.subarray(0, middle(9)));
    const { uuids, logger, adopted, lost } = await adopt(directory);
    expect(uuids).to.deep.equal(['0', '1', '3', '4', '7', '8']);
    expect(adopted.count).to.equal(6);
    expect(lost.count).to.equal(0);
    expect(logger.at('warn')).to.have.length(1);
    expect(logger.at('warn')[0]).to.contain('3 damaged places');
  });

  it('finds the records behind a damaged header', async () => {
    const { directory, segment, file } = await makeDead(3);
    writeFileSync(segment, file.fill(7, 0, SEGMENT_HEADER_BYTES));
    const { uuids } = await adopt(directory);
    expect(uuids).to.deep.equal(['0', '1', '2']);
  });

  it('finds a record once, however often it stands there', async () => {
    const { directory, segment, file } = await makeDead(3);
    writeFileSync(segment, Buffer.concat([file, file.subarray(SEGMENT_HEADER_BYTES)]));
    const { uuids, adopted, store } = await adopt(directory);
    expect(uuids).to.deep.equal(['0', '1', '2']);
    expect(adopted.count).to.equal(3);
    expect(store.available).to.equal(0);
  });

  it('takes an empty or torn segment for what it is', async () => {
    for (const length of [0, 5, SEGMENT_HEADER_BYTES - 1, SEGMENT_HEADER_BYTES]) {
      const { directory, segment, file } = await makeDead(3);
      writeFileSync(segment, file.subarray(0, length));
      const { uuids, store, logger } = await adopt(directory);
      expect(uuids).to.deep.equal([]);
      expect(logger.at('warn')).to.deep.equal([]);
      await store.close();
      expect(readdirSync(directory)).to.deep.equal([]);
    }
  });

  it('sends again what acks that were damaged had named, and loses nothing by them', async () => {
    const directory = makeDirectory();
    const { store, append } = openStore({ directory });
    const tickets = [0, 1, 2, 3, 4].map(n => append(makeEvent(`${n}`)));
    store.remove([tickets[1] ?? 0, tickets[3] ?? 0]);
    await store.close();
    const [acks = ''] = filesIn(directory, '.ack');
    const file = readFileSync(acks);
    file[1] = 0xff;
    writeFileSync(acks, file);
    const { uuids } = await adopt(directory);
    expect(uuids).to.deep.equal(['0', '1', '2', '4']);
  });

  it('writes acks that could not be written before, once they can be', async () => {
    const directory = makeDirectory();
    const { store, append, clock } = openStore({ directory });
    const [first = 0, second = 0] = ['first', 'second', 'third'].map(uuid => append(makeEvent(uuid)));
    const [segment = ''] = filesIn(directory, '.seg');
    const acks = segment.replace(/seg$/, 'ack');
    const isTried = () => clock.advance(1_000).then(() => new Promise(resolve => setImmediate(resolve)));
    mkdirSync(acks);
    store.remove([first]);
    // Refused as often as it is tried.
    for (let n = 0; n < 20; n++) await isTried();
    rmdirSync(acks);
    store.remove([second]);
    while (bytesIn(directory, '.ack') === 0) await isTried();
    await store.close();
    const { uuids } = await adopt(directory);
    expect(uuids).to.deep.equal(['third']);
  });

  it('survives whatever happens to the files', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            file: fc.nat(),
            from: fc.nat(),
            length: fc.nat(400),
            byte: fc.nat(255),
            cut: fc.boolean(),
          }),
          { minLength: 1, maxLength: 6 },
        ),
        async damages => {
          const { directory } = await makeDead(20);
          const files = filesIn(directory, '').filter(path => statSync(path).isFile());
          for (const { file, from, length, byte, cut } of damages) {
            const path = files[file % files.length] ?? '';
            const content = readFileSync(path);
            const start = from % (content.length + 1);
            const end = Math.min(content.length, start + length);
            writeFileSync(path, cut ? content.subarray(0, start) : content.fill(byte, start, end));
          }
          const { uuids, store } = await adopt(directory);
          expect(new Set(uuids).size).to.equal(uuids.length);
          for (const uuid of uuids) expect(Number(uuid)).to.be.within(0, 19);
          await store.close();
          rmSync(directory, { recursive: true });
        },
      ),
      { numRuns: 25 },
    );
  });

  it('leaves foreign files beside the instances alone', async () => {
    const { directory } = await makeDead(1);
    const elsewhere = makeDirectory();
    writeFileSync(join(elsewhere, 'precious'), 'x');
    writeFileSync(join(directory, 'note.txt'), 'x');
    writeFileSync(join(directory, `v1-${crypto.randomUUID()}`), 'a file');
    mkdirSync(join(directory, 'lost+found'));
    mkdirSync(join(directory, 'v1-almost'));
    symlinkSync(elsewhere, join(directory, `v1-${crypto.randomUUID()}`));
    const before = readdirSync(directory).length;
    const { uuids, store } = await adopt(directory);
    expect(uuids).to.deep.equal(['0']);
    await store.close();
    expect(readdirSync(directory)).to.have.length(before);
    expect(existsSync(join(elsewhere, 'precious'))).to.equal(true);
  });

  it('hands foreign files in an instance on with its records, and deletes none', async () => {
    const { directory, instance } = await makeDead(2);
    writeFileSync(join(instance, 'note.txt'), 'x');
    writeFileSync(join(instance, '000000000099.seg'), 'this is not a segment, and longer than its header');
    mkdirSync(join(instance, 'folder'));
    const { uuids, logger } = await adopt(directory);
    expect(uuids).to.deep.equal(['0', '1']);
    expect(logger.at('warn')).to.have.length(1);
    const later = openStore({ directory });
    await later.scans.reaches(1);
    await closeAll();
    const last = await adopt(directory);
    expect(last.uuids).to.deep.equal(['0', '1']);
    expect(filesIn(directory, 'note.txt')).to.have.length(1);
    expect(filesIn(directory, '099.seg')).to.have.length(1);
  });

  it('puts an instance aside with what is foreign in it when its records were delivered', async () => {
    const { directory, instance } = await makeDead(2);
    writeFileSync(join(instance, 'note.txt'), 'x');
    const { store, adopted } = openStore({ directory });
    await adopted.reaches(2);
    const records = await store.read({ maxEvents: 10, maxBytes: 1e9 });
    store.remove(records.map(record => record.ticket));
    await store.close();
    expect(readdirSync(directory)).to.deep.equal([`unread-${basename(instance)}`]);
    expect(readdirSync(join(directory, `unread-${basename(instance)}`))).to.include('note.txt');
  });

  it('leaves segments and directories of another version alone, with a warning', async () => {
    const { directory, segment, file } = await makeDead(2);
    file.writeUInt32LE(2, 8);
    file.writeUInt32LE(crc32(file.subarray(0, 20)), 20);
    writeFileSync(segment, file);
    const future = join(directory, `v2-${crypto.randomUUID()}`);
    mkdirSync(future);
    writeFileSync(join(future, 'closed'), '');
    const { uuids, logger, store } = await adopt(directory);
    expect(uuids).to.deep.equal([]);
    const warnings = logger.at('warn');
    for (const what of ['directories of another version', "can't read segments", 'put a directory']) {
      expect(warnings.filter(line => line.includes(what))).to.have.length(1);
    }
    await store.close();
    expect(readdirSync(future)).to.deep.equal(['closed']);
    expect(readFileSync(filesIn(directory, '.seg')[0] ?? '').equals(file)).to.equal(true);
  });

  it('judges a directory without an owner record by its age', async () => {
    const { directory, instance } = await makeDead(1);
    rmSync(join(instance, 'owner.json'));
    rmSync(join(instance, 'closed'));
    const { uuids, scan, adopted } = await adopt(directory);
    expect(uuids).to.deep.equal([]);
    utimesSync(join(instance, 'heartbeat'), 1, 1);
    await scan();
    expect(adopted.count).to.equal(1);
  });
});
