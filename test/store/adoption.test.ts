// SPDX-License-Identifier: Apache-2.0
import {
  cpSync,
  promises,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { basename, join } from 'node:path';
import { expect } from 'chai';
import { fileSystemClock, isDead } from '../../src/store/adoption.js';
import { InstanceDirectory } from '../../src/store/instance-directory.js';
import { ownerOfThisThread } from '../../src/store/owner.js';
import { RecordingLogger } from '../support/fakes.js';
import { ManualRuntime } from '../support/manual-runtime.js';
import { filesIn, instancesIn, makeDirectory, makeEvent, openStore, tidyUp, uuidOf } from './harness.js';

const EVENTS = 5;
const page = { maxEvents: 200, maxBytes: 1e9 };

/** A directory of so many dead instances of five events each, as processes that were killed leave them. */
async function makeManyDead(count: number): Promise<string> {
  const template = makeDirectory();
  const { store, append } = openStore({ directory: template });
  for (let n = 0; n < EVENTS; n++) append(makeEvent(`${n}`));
  const [instance = ''] = instancesIn(template);
  const killed = join(makeDirectory(), 'killed');
  cpSync(instance, killed, { recursive: true });
  await store.close();
  writeFileSync(join(killed, 'owner.json'), JSON.stringify({ ...ownerOfThisThread(), startTime: '1' }));
  const directory = makeDirectory();
  const time = Date.now() / 1_000 - 3_600;
  for (let n = 0; n < count; n++) {
    const path = join(directory, `v1-${crypto.randomUUID()}`);
    cpSync(killed, path, { recursive: true });
    utimesSync(join(path, 'heartbeat'), time, time);
  }
  return directory;
}

type Store = ReturnType<typeof openStore>;

/** Delivers what is there, as fast as it comes, until the look is over. @returns the events */
async function deliver({ store, scans }: Store): Promise<number> {
  let delivered = 0;
  let looking = true;
  void scans.reaches(1).then(() => {
    looking = false;
  });
  while (looking || store.available > 0) {
    const records = await store.read(page);
    delivered += records.length;
    store.remove(records.map(({ ticket }) => ticket));
    await new Promise(resolve => setImmediate(resolve));
  }
  return delivered;
}

describe('adoption of many directories', () => {
  afterEach(tidyUp);

  it('takes over a thousand in one look, while their events are being delivered', async () => {
    const directory = await makeManyDead(1_000);
    const life = openStore({ directory });
    expect(await deliver(life)).to.equal(1_000 * EVENTS);
    expect(life.adopted.count).to.equal(1_000 * EVENTS);
    expect(life.logger.lines).to.deep.equal([]);
    await life.store.close();
    expect(readdirSync(directory)).to.deep.equal([]);
  });

  it('needs so much work for each, however many there are', async () => {
    const { readdir } = promises;
    let calls = 0;
    const count = (async (...args: Parameters<typeof readdir>) => {
      calls++;
      return readdir(...args);
    }) as typeof readdir;
    for (const number of [100, 400]) {
      const directory = await makeManyDead(number);
      calls = 0;
      promises.readdir = count;
      syncBuiltinESMExports();
      try {
        const { store, scans, adopted, scan } = openStore({ directory });
        await scans.reaches(1);
        expect(adopted.count).to.equal(number * EVENTS);
        // Twice each, and the two directories around them.
        expect(calls).to.be.within(number, number * 2 + 2);
        await scan();
        expect(adopted.count, 'they are known').to.equal(number * EVENTS);
        await store.close();
      } finally {
        promises.readdir = readdir;
        syncBuiltinESMExports();
      }
    }
  });

  it('shares them with others that look at the same time: each event is in one place', async () => {
    const directory = await makeManyDead(300);
    const lives = [openStore({ directory }), openStore({ directory }), openStore({ directory })];
    const delivered = await Promise.all(lives.map(deliver));
    expect(delivered.reduce((sum, count) => sum + count, 0)).to.equal(300 * EVENTS);
    for (const { logger, lost } of lives) {
      expect(logger.lines).to.deep.equal([]);
      expect(lost.count).to.equal(0);
    }
  });

  it('goes on with the others where one is deleted, or cannot be taken, while it looks', async () => {
    const directory = await makeManyDead(300);
    const all = instancesIn(directory);
    const life = openStore({ directory });
    const own = instancesIn(directory).find(path => !all.includes(path)) ?? '';
    // A file in its way: this one can't be taken, also not under its name.
    const blocked = all[0] ?? '';
    writeFileSync(join(own, basename(blocked)), '');
    for (const path of all.slice(-100)) {
      await new Promise(resolve => setImmediate(resolve));
      rmSync(path, { recursive: true, force: true });
    }
    await life.scans.reaches(1);
    expect(life.adopted.count).to.be.at.least(199 * EVENTS);
    const left = instancesIn(directory).filter(path => path !== own);
    expect(left).to.deep.equal([blocked]);
    const warnings = life.logger.at('warn');
    expect(warnings).to.have.length(1);
    expect(warnings[0]).to.contain('ENOTDIR');
    rmSync(join(own, basename(blocked)));
    const before = life.adopted.count;
    await life.scan();
    expect(life.adopted.count).to.equal(before + EVENTS);
  });

  it('takes no more at a time than its bounds allow, however many it looks at together', async () => {
    const directory = await makeManyDead(20);
    const bytes = filesIn(directory, '.seg').map(path => readFileSync(path).length)[0] ?? 0;
    const maxBytes = 8 * bytes;
    const life = openStore({ directory, maxBytes });
    await life.scans.reaches(1);
    expect(life.adopted.count).to.be.within(EVENTS, 8 * EVENTS);
    while (life.adopted.count < 20 * EVENTS) {
      const records = await life.store.read(page);
      life.store.remove(records.map(({ ticket }) => ticket));
      await life.scan();
      const [own = ''] = instancesIn(directory).filter(path => instancesIn(path).length > 0);
      const taken = filesIn(own, '.seg').reduce((sum, path) => sum + readFileSync(path).length, 0);
      expect(taken).to.be.at.most(maxBytes);
    }
  });

  it('finds a directory that another one brought in by hand, as from a backup', async () => {
    const directory = await makeManyDead(1);
    const [dead = ''] = instancesIn(directory);
    const life = openStore({ directory: makeDirectory() });
    await life.scans.reaches(1);
    const [own = ''] = instancesIn(join(filesIn(life.directory, 'owner.json')[0] ?? '', '..', '..'));
    renameSync(dead, join(own, basename(dead)));
    await life.scan();
    expect((await life.readAll()).map(uuidOf)).to.deep.equal(['0', '1', '2', '3', '4']);
  });
});

describe('the clock by which owners are judged', () => {
  afterEach(tidyUp);

  function makeInstances() {
    const parent = makeDirectory();
    const owner = ownerOfThisThread();
    const clock = new ManualRuntime();
    const make = (record: object) =>
      InstanceDirectory.create(parent, { ...owner, ...record }, clock, new RecordingLogger());
    // One of another container: only its heartbeat tells whether it lives.
    const [ours, theirs] = [make({}), make({ pidNamespace: 'pid:[1]' })];
    theirs.forget();
    ours.forget();
    const setHeartbeat = (instance: InstanceDirectory, seconds: number) => {
      const time = Date.now() / 1_000 + seconds;
      utimesSync(join(instance.path, 'heartbeat'), time, time);
    };
    return { ours, theirs, owner, clock, setHeartbeat };
  }

  it('is asked again where a sign of life came after it was asked: a look may take long', async () => {
    const { ours, theirs, owner, setHeartbeat } = makeInstances();
    const askNow = fileSystemClock(ours);
    const first = (await askNow(0)) ?? 0;
    setHeartbeat(ours, -10);
    const beaten = () => statSync(join(ours.path, 'heartbeat')).mtimeMs;
    const before = beaten();
    expect(await askNow(first)).to.equal(first);
    expect(beaten()).to.equal(before);
    expect(await askNow(first + 1)).to.be.at.least(first);
    expect(beaten()).to.be.above(before);
    // The look has taken an hour since it asked, and the other one has beaten a moment ago.
    setHeartbeat(theirs, 3_600);
    expect(await isDead(theirs.path, owner, async since => Math.max(since, first))).to.equal(false);
  });

  for (const [what, seconds] of [
    ['set forward', -3_600],
    ['set back', 3_600],
  ] as const) {
    it(`gives others the time to beat after it was ${what}`, async () => {
      const { ours, theirs, owner, clock, setHeartbeat } = makeInstances();
      // As after a change of the clock: all heartbeats are from before it.
      setHeartbeat(ours, seconds);
      setHeartbeat(theirs, seconds);
      expect(await isDead(theirs.path, owner, fileSystemClock(ours))).to.equal(false);
      await clock.advance(29_000);
      expect(await isDead(theirs.path, owner, fileSystemClock(ours))).to.equal(false);
      await clock.advance(2_000);
      expect(await isDead(theirs.path, owner, fileSystemClock(ours)), 'it has not beaten').to.equal(true);
      setHeartbeat(theirs, 0);
      expect(await isDead(theirs.path, owner, fileSystemClock(ours)), 'it has').to.equal(false);
    });
  }
});
