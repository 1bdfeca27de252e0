// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { scanSegment } from '../../src/store/scan-segment.js';
import { skip } from '../support/skip.js';
import {
  closeAll,
  filesIn,
  instancesIn,
  makeDirectory,
  makeEvent,
  openStore,
  tidyUp,
  uuidOf,
} from './harness.js';
import { mountSmall, remount, unmountAll } from './mounts.js';

const everything = { maxEvents: 1_000, maxBytes: 1e9 };

describe('FileEventStore on a failing disk', () => {
  afterEach(async () => {
    await closeAll();
    unmountAll();
    await tidyUp();
  });

  function smallDisk(context: Mocha.Context, size: string): string {
    const path = mountSmall(size);
    if (path !== undefined) return path;
    skip(context, 'mounting a tmpfs is not allowed here');
  }

  it('cuts short writes back and counts them as failed', async function () {
    const directory = smallDisk(this, '64k');
    const { store, logger, clock } = openStore({ directory });
    const tickets: number[] = [];
    let answer = store.append(makeEvent('0'));
    while (typeof answer === 'number') {
      tickets.push(answer);
      answer = store.append(makeEvent(`${tickets.length}`));
    }
    expect(answer).to.equal('failed');
    expect(tickets.length).to.be.greaterThan(20);
    const [segment = ''] = filesIn(directory, '.seg');
    const file = readFileSync(segment);
    expect(scanSegment(file)).to.deep.include({ damages: 0 });
    expect(scanSegment(file).spans).to.have.length(tickets.length);

    for (let n = 0; n < 100; n++) expect(store.append(makeEvent('again'))).to.equal('failed');
    await clock.advance(60_000);
    expect(store.append(makeEvent('again'))).to.equal('failed');
    expect(logger.at('warn')).to.have.length(1);
    expect(logger.at('warn')[0]).to.contain('ENOSPC');

    remount(directory, 'size=1m');
    expect(store.append(makeEvent('again'))).to.equal('failed');
    await clock.advance(6_000);
    expect(store.append(makeEvent('later'))).to.be.a('number');
    expect(logger.at('warn')).to.have.length(1);
    expect(logger.at('info').filter(line => line.includes('103 events'))).to.have.length(1);
    await store.close();

    const next = openStore({ directory });
    await next.adopted.reaches(tickets.length + 1);
    const uuids = (await next.readAll()).map(uuidOf);
    expect(uuids).to.deep.equal([...tickets.keys()].map(String).concat('later'));
  });

  it('goes on after a disk that was full for a while, and warns once a minute', async function () {
    const directory = smallDisk(this, '1m');
    const { store, append, logger, clock } = openStore({ directory });
    const kept = append(makeEvent('before'));
    for (const warnings of [1, 1, 2]) {
      fillUp(directory);
      let answer = store.append(makeEvent('x'));
      for (let n = 0; n < 200 && answer !== 'failed'; n++) {
        if (typeof answer === 'number') store.remove([answer]);
        answer = store.append(makeEvent('x'));
      }
      expect(answer).to.equal('failed');
      expect(logger.at('warn')).to.have.length(warnings);
      unlinkSync(join(directory, 'ballast'));
      await clock.advance(30_000);
      store.remove([append(makeEvent('y'))]);
    }
    expect(logger.at('info')).to.have.length(2);
    store.release([kept]);
    expect((await store.read(everything)).map(record => uuidOf(record.event))).to.deep.equal(['before']);
  });

  it('hands events over to the next store, and to the one after it, though they fill the disk', async function () {
    const directory = smallDisk(this, '256k');
    const first = openStore({ directory });
    let count = 0;
    while (typeof first.store.append(makeEvent(`${count}`)) === 'number') count++;
    expect(count).to.be.greaterThan(100);
    fillUp(directory);
    await first.store.close();
    const second = openStore({ directory });
    await second.adopted.reaches(count);
    await second.store.close();
    const third = openStore({ directory });
    await third.adopted.reaches(count);
    expect((await third.readAll()).map(uuidOf)).to.have.members([...Array(count).keys()].map(String));
  });

  it('takes over what is there as soon as the disk can be written again, without a new event', async function () {
    const directory = smallDisk(this, '1m');
    const former = openStore({ directory });
    former.append(makeEvent('left'));
    await former.store.close();
    remount(directory, 'ro');
    const { logger, adopted, scans, scan } = openStore({ directory });
    await scans.reaches(1);
    expect(logger.at('warn')[0]).to.contain('EROFS');
    remount(directory, 'rw');
    await scan();
    await scan();
    await adopted.reaches(1);
    expect(logger.at('info')[0]).to.contain('can write again');
  });

  it('works in memory only on a read-only file system, until it can be written', async function () {
    const directory = smallDisk(this, '1m');
    remount(directory, 'ro');
    const { store, append, logger, clock, scans } = openStore({ directory });
    await scans.reaches(1);
    for (let n = 0; n < 10; n++) expect(store.append(makeEvent('a'))).to.equal('failed');
    await clock.advance(60_000);
    expect(store.append(makeEvent('a'))).to.equal('failed');
    expect(logger.at('warn')).to.have.length(1);
    expect(logger.at('warn')[0]).to.contain('EROFS');
    remount(directory, 'rw');
    await clock.advance(6_000);
    append(makeEvent('b'));
    await store.close();
    const next = openStore({ directory });
    await next.adopted.reaches(1);
  });

  it('works in memory only where a directory cannot be made', async () => {
    const parent = makeDirectory();
    writeFileSync(join(parent, 'file'), '');
    const { store, append, logger, clock } = openStore({ directory: join(parent, 'file', 'below') });
    for (let n = 0; n < 10; n++) expect(store.append(makeEvent('a'))).to.equal('failed');
    expect(logger.at('warn')).to.have.length(1);
    expect(logger.at('warn')[0]).to.contain('events that are taken all the same are in memory only');
    unlinkSync(join(parent, 'file'));
    expect(store.append(makeEvent('a'))).to.equal('failed');
    await clock.advance(6_000);
    append(makeEvent('b'));
    expect(logger.at('info')).to.have.length(1);
  });

  it('works in memory only where nothing can be made, as below /proc, and keeps no one waiting', async () => {
    const life = openStore({ directory: '/proc/nowhere/at/all' });
    expect(life.store.append(makeEvent('memory'))).to.equal('failed');
    expect(life.logger.at('warn')).to.have.length(1);
    await life.store.close();
  });

  it('goes on in a new directory when its own was deleted', async () => {
    const directory = makeDirectory();
    const { store, append, logger, clock, lost, adopted, scan } = openStore({ directory });
    const held = append(makeEvent('held'));
    store.release([append(makeEvent('available-1')), append(makeEvent('available-2'))]);
    rmSync(directory, { recursive: true });
    await clock.advance(6_000);
    await lost.reaches(2);
    expect(store.available).to.equal(0);
    expect(logger.at('warn')).to.have.length(1);
    store.remove([held]);
    store.release([append(makeEvent('after'))]);
    expect((await store.read(everything)).map(record => uuidOf(record.event))).to.deep.equal(['after']);
    await scan();
    await store.close();
    const next = openStore({ directory });
    await next.adopted.reaches(1);
    expect(lost.count).to.equal(2);
    expect(adopted.count).to.equal(0);
  });

  it('notices within 256 records that its directory has gone', async () => {
    const directory = makeDirectory();
    const { append } = openStore({ directory });
    append(makeEvent('before'));
    rmSync(directory, { recursive: true });
    for (let n = 0; n < 256; n++) append(makeEvent(`${n}`));
    expect(instancesIn(directory)).to.have.length(1);
    append(makeEvent('after'));
    expect(readFileSync(filesIn(directory, '.seg')[0] ?? '').includes('"after"')).to.equal(true);
  });

  it('goes on in a new segment when the one being written was deleted', async () => {
    const directory = makeDirectory();
    const { store, append, lost, clock, readAll } = openStore({ directory });
    store.release([append(makeEvent('gone'))]);
    const [instance] = instancesIn(directory);
    unlinkSync(filesIn(directory, '.seg')[0] ?? '');
    await clock.advance(6_000);
    await lost.reaches(1);
    store.release([append(makeEvent('after'))]);
    expect(instancesIn(directory)).to.deep.equal([instance]);
    expect((await readAll()).map(uuidOf)).to.deep.equal(['after']);
  });

  it('counts what cannot be read back as lost, and goes on with the rest', async () => {
    const directory = makeDirectory();
    const { store, append, lost, readAll, logger } = openStore({ directory, maxBytes: 65_536 });
    const tickets: number[] = [];
    while (filesIn(directory, '.seg').length < 4) tickets.push(append(makeEvent(`${tickets.length}`)));
    store.release(tickets);
    const [first = '', second = '', third = ''] = filesIn(directory, '.seg');
    const recordsOf = (path: string) => scanSegment(readFileSync(path)).spans;
    const inFirst = recordsOf(first).length;
    const inSecond = recordsOf(second);
    unlinkSync(first);
    const file = readFileSync(second);
    file.fill(0, inSecond[2]?.offset, (inSecond[3]?.offset ?? 0) + 1);
    writeFileSync(second, file.subarray(0, inSecond[7]?.offset));
    const inThird = recordsOf(third);
    writeFileSync(third, readFileSync(third).subarray(0, (inThird[1]?.offset ?? 0) + 1));

    const gone = [...tickets.keys()].filter(n => {
      if (n < inFirst) return true;
      if (n < inFirst + inSecond.length) return [2, 3].includes(n - inFirst) || n - inFirst >= 7;
      if (n < inFirst + inSecond.length + inThird.length) return n - inFirst - inSecond.length >= 1;
      return false;
    });
    const read = (await readAll(7)).map(event => Number(uuidOf(event)));
    expect(lost.count).to.equal(gone.length);
    expect(logger.at('warn').filter(line => line.includes(first))).to.have.length(1);
    expect(read).to.deep.equal([...tickets.keys()].filter(n => !gone.includes(n)));
    expect(store.available).to.equal(0);
  });

  it('goes on in a new directory when somebody has taken its own for that of a dead process', async () => {
    const directory = makeDirectory();
    const taken = openStore({ directory });
    taken.store.release([taken.append(makeEvent('first'))]);
    const [old = ''] = instancesIn(directory);
    const taker = openStore({ directory });
    await taker.scans.reaches(1);
    const takers = instancesIn(directory).find(path => path !== old) ?? '';
    renameSync(old, join(takers, old.slice(directory.length + 1)));
    await taker.scan();
    await taker.adopted.reaches(1);
    // It has not noticed yet, and writes on where the taker has scanned already.
    taken.append(makeEvent('late'));
    await taken.clock.advance(6_000);
    await taken.lost.reaches(1);
    taken.append(makeEvent('after'));
    expect(instancesIn(directory).filter(path => path !== takers)).to.have.length(1);

    const [record] = await taker.store.read(everything);
    taker.store.remove(record ? [record.ticket] : []);
    await taker.adopted.reaches(2);
    expect((await taker.readAll()).map(uuidOf)).to.deep.equal(['late']);
    expect(existsSync(old)).to.equal(false);
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
