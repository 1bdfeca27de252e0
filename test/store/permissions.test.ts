// SPDX-License-Identifier: Apache-2.0
import { chmodSync, chownSync, mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { settle } from '../support/manual-runtime.js';
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

const everything = { maxEvents: 1_000, maxBytes: 1e9 };
/** Permissions mean nothing to root. */
const NOBODY = 65_534;

type Life = ReturnType<typeof openStore>;

const read = async ({ store }: Life) => {
  const records = await store.read(everything);
  return { uuids: records.map(({ event }) => uuidOf(event)), tickets: records.map(({ ticket }) => ticket) };
};

/** Lets the heartbeat look at the directory. */
async function beat({ clock, logger }: Life, warnings: number): Promise<void> {
  await clock.advance(6_000);
  while (logger.at('warn').length < warnings) await settle();
}

describe('FileEventStore whose directory cannot be used any more', () => {
  let directory: string;
  let asRoot: (() => void) | undefined;

  beforeEach(function () {
    if (process.geteuid === undefined) skip(this, 'needs users');
    directory = join(makeDirectory(), 'shared');
    mkdirSync(directory);
    if (process.geteuid() !== 0) return;
    chownSync(directory, NOBODY, NOBODY);
    chmodSync(join(directory, '..'), 0o777);
    process.seteuid?.(NOBODY);
    asRoot = () => process.seteuid?.(0);
  });

  afterEach(async () => {
    try {
      await closeAll();
    } finally {
      asRoot?.();
    }
    await tidyUp();
  });

  it('goes on in a new one where the mode of its own was changed, and delivers what is in the old one later', async () => {
    const life = openStore({ directory });
    life.store.release(['a', 'b'].map(name => life.append(makeEvent(name))));
    const [old = ''] = instancesIn(directory);
    chmodSync(old, 0);
    await beat(life, 1);
    // A look at the other directories may come upon the old one meanwhile, and says so too.
    const said = () => life.logger.at('warn').filter(line => !line.includes("can't take over"));
    while (said().length === 0) await settle();
    expect(said()[0]).to.contain(old);
    life.store.release([life.append(makeEvent('c'))]);
    expect(instancesIn(directory)).to.have.length(2);
    // What can be read is not held up by what cannot.
    expect((await read(life)).uuids).to.deep.equal(['c']);
    expect((await read(life)).uuids).to.deep.equal([]);
    expect(life.store.available).to.equal(2);
    expect(life.lost.count).to.equal(0);
    chmodSync(old, 0o700);
    await life.clock.advance(6_000);
    let records = await read(life);
    while (records.uuids.length === 0) {
      await settle();
      records = await read(life);
    }
    expect(records.uuids).to.deep.equal(['a', 'b']);
    life.store.remove(records.tickets);
    await life.store.close();
    expect(readdirSync(directory).map(name => join(directory, name))).not.to.include(old);
    expect(said()).to.have.length(1);
  });

  it('goes on in a new one where its own takes no new files', async () => {
    const life = openStore({ directory, maxBytes: 65_536 });
    const [old = ''] = instancesIn(directory);
    chmodSync(old, 0o500);
    while (instancesIn(directory).length === 1) life.append(makeEvent('x'));
    expect(life.logger.at('warn')).to.have.length(1);
    expect(filesIn(old, '.seg')).to.have.length(1);
    chmodSync(old, 0o700);
  });

  it('keeps events in memory where the directory around it cannot be used, with one line, until it can be', async () => {
    const life = openStore({ directory });
    await life.scans.reaches(1);
    life.store.release([life.append(makeEvent('before'))]);
    chmodSync(directory, 0);
    await beat(life, 1);
    for (let n = 0; n < 10; n++) {
      expect(life.store.append(makeEvent('memory'))).to.equal('failed');
      await life.clock.advance(6_000);
    }
    expect(life.logger.at('warn').filter(line => line.includes('memory only'))).to.have.length(1);
    expect(life.logger.at('warn')[1]).to.contain('EACCES').and.to.contain(directory);
    expect((await read(life)).uuids).to.deep.equal([]);
    chmodSync(directory, 0o700);
    await life.clock.advance(6_000);
    life.store.release([life.append(makeEvent('after'))]);
    expect(life.logger.at('info').filter(line => line.includes('10 events'))).to.have.length(1);
    expect(life.lost.count).to.equal(0);
    const uuids: string[] = [];
    while (uuids.length < 2) {
      await life.clock.advance(6_000);
      uuids.push(...(await read(life)).uuids);
    }
    expect(uuids.sort()).to.deep.equal(['after', 'before']);
  });

  it('goes on where the directory was moved away, and a file is in its place for a while', async () => {
    const life = openStore({ directory });
    life.store.release([life.append(makeEvent('moved'))]);
    renameSync(directory, `${directory}-moved`);
    writeFileSync(directory, 'in the way');
    await beat(life, 1);
    await life.lost.reaches(1);
    expect(life.store.append(makeEvent('memory'))).to.equal('failed');
    renameSync(directory, `${directory}-file`);
    await life.clock.advance(6_000);
    life.store.release([life.append(makeEvent('after'))]);
    expect((await read(life)).uuids).to.deep.equal(['after']);
  });

  it('deletes the segments of delivered events when it can again', async () => {
    const life = openStore({ directory });
    const ticket = life.append(makeEvent('delivered'));
    const [old = ''] = instancesIn(directory);
    const before = filesIn(old, '.seg');
    chmodSync(old, 0o500);
    life.store.remove([ticket]);
    // Half a segment of removed records is not worth keeping: it goes, or would.
    for (let n = 0; instancesIn(directory).length === 1; n++) {
      expect(n).to.be.below(100_000);
      life.store.remove([life.append(makeEvent(`${n}`))]);
    }
    await settle();
    expect(filesIn(old, '.seg')).to.deep.equal(before);
    chmodSync(old, 0o700);
    while (filesIn(old, '.seg').length > 0) await life.clock.advance(6_000);
    await life.store.close();
    expect(readdirSync(directory)).to.deep.equal([]);
  });

  it('says at its end that delivered events will be sent again, where they could not be deleted', async () => {
    const life = openStore({ directory });
    life.store.remove([life.append(makeEvent('delivered'))]);
    const [instance = ''] = instancesIn(directory);
    chmodSync(instance, 0o500);
    await life.store.close();
    expect(life.logger.at('warn')).to.have.length(1);
    expect(life.logger.at('warn')[0]).to.contain('EACCES').and.to.contain('again');
    chmodSync(instance, 0o700);
  });
});
