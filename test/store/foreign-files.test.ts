// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import {
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:net';
import { basename, join } from 'node:path';
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
const servers = new Set<Server>();

/** What may stand in place of a file of ours. The victim is a file elsewhere. */
const inPlace: Readonly<Record<string, (path: string, victim: string) => unknown>> = {
  'a named pipe': path => execFileSync('mkfifo', [path]),
  'a link to a file': (path, victim) => symlinkSync(victim, path),
  'a link to a directory': (path, victim) => symlinkSync(join(victim, '..'), path),
  'a link to an endless device': path => symlinkSync('/dev/zero', path),
  'a link to a device that never answers': path => symlinkSync('/dev/tty', path),
  'a link to itself': path => symlinkSync(path, path),
  'a dangling link': (path, victim) => symlinkSync(`${victim}-not-there`, path),
  'a directory': path => mkdirSync(path),
  'a socket': async path => {
    const server = createServer();
    servers.add(server);
    // The path of a socket has a hundred bytes at most.
    const short = join(makeDirectory(), 's');
    await new Promise<void>(resolve => server.listen(short, resolve));
    renameSync(short, path);
  },
  'a file of a terabyte': path => {
    writeFileSync(path, '');
    truncateSync(path, 2 ** 40);
  },
};

function makeVictim(): string {
  const victim = join(makeDirectory(), 'victim');
  writeFileSync(victim, 'precious');
  return victim;
}

function expectUntouched(victim: string): void {
  expect(readFileSync(victim, 'utf8')).to.equal('precious');
  expect(readdirSync(join(victim, '..'))).to.deep.equal(['victim']);
}

/** An instance that is closed, with records 0 to 4, of which 1 was removed. */
async function makeDead(directory: string): Promise<string> {
  const before = new Set(instancesIn(directory));
  const { store, append } = openStore({ directory });
  const tickets = [0, 1, 2, 3, 4].map(n => append(makeEvent(`${n}`)));
  store.remove(tickets.slice(1, 2));
  await store.close();
  return instancesIn(directory).find(path => !before.has(path)) ?? '';
}

const uuidsOf = (events: Parameters<typeof uuidOf>[0][]) => [...new Set(events.map(uuidOf))].sort();

describe('FileEventStore among files that are no files', () => {
  afterEach(async () => {
    for (const server of servers) server.close();
    servers.clear();
    await tidyUp();
  });

  for (const [what, put] of Object.entries(inPlace)) {
    for (const name of [
      'owner.json',
      'heartbeat',
      'closed',
      '000000000001.seg',
      '000000000001.ack',
      '000000000009.seg',
    ]) {
      it(`adopts what there is where an instance has ${what} for its ${name}`, async () => {
        const directory = makeDirectory();
        const victim = makeVictim();
        const dead = await makeDead(directory);
        await makeDead(directory);
        rmSync(join(dead, name), { force: true });
        await put(join(dead, name), victim);
        const { store, scans, adopted, readAll, lost } = openStore({ directory });
        await scans.reaches(1);
        // A thread that waits for a pipe would hold up the closing, and in the end the process.
        const events = await readAll();
        expect(lost.count).to.equal(0);
        expect(adopted.count).to.equal(events.length);
        const uuids = uuidsOf(events);
        expect(uuids).to.include.members(['0', '2', '3', '4']);
        const own = events.length - 4;
        if (name.endsWith('1.seg')) expect(own).to.equal(0);
        else if (name === 'closed') expect(own).to.be.oneOf([0, 4]);
        else expect(own).to.equal(name.endsWith('.ack') ? 5 : 4);
        await store.close();
        expectUntouched(victim);
      });
    }

    for (const name of ['heartbeat', '000000000001.ack', '000000000001.seg', 'closed']) {
      it(`goes on where its own directory has ${what} for its ${name}`, async () => {
        const directory = makeDirectory();
        const victim = makeVictim();
        const { store, append, clock, scan, lost, logger } = openStore({ directory });
        const held = append(makeEvent('held'));
        const gone = append(makeEvent('gone'));
        const [instance = ''] = instancesIn(directory);
        rmSync(join(instance, name), { force: true });
        await put(join(instance, name), victim);
        store.remove([gone]);
        await clock.advance(6_000);
        // It looks for its segment after each beat.
        while (name.endsWith('.seg') && logger.at('warn').length === 0) await settle();
        await scan();
        store.release([append(makeEvent('after'))]);
        expect((await store.read(everything)).map(({ event }) => uuidOf(event))).to.deep.equal(['after']);
        store.remove([held]);
        await store.close();
        expect(lost.count).to.equal(0);
        expectUntouched(victim);
      });
    }
  }

  it('leaves links to directories alone, wherever they are', async () => {
    const directory = makeDirectory();
    const elsewhere = makeDirectory();
    const there = await makeDead(elsewhere);
    const before = readdirSync(there).sort();
    const dead = await makeDead(directory);
    const name = () => `v1-${crypto.randomUUID()}`;
    symlinkSync(there, join(directory, name()));
    symlinkSync(there, join(dead, name()));
    const { store, scans, adopted, scan } = openStore({ directory });
    await scans.reaches(1);
    expect(adopted.count).to.equal(4);
    const records = await store.read(everything);
    store.remove(records.map(({ ticket }) => ticket));
    await scan();
    await store.close();
    expect(readdirSync(there).sort()).to.deep.equal(before);
  });

  for (const back of ['.', '..', '../..']) {
    it(`does not go in circles where a link leads to ${back}`, async () => {
      const directory = makeDirectory();
      const dead = await makeDead(directory);
      symlinkSync(back, join(dead, `v1-${crypto.randomUUID()}`));
      const { store, scans, adopted, logger, scan } = openStore({ directory });
      await scans.reaches(1);
      await scan();
      expect(adopted.count).to.equal(4);
      expect(logger.lines).to.deep.equal([]);
      await store.close();
    });
  }

  it('does not take a directory in a place of its own for its own, once it was replaced', async () => {
    const directory = makeDirectory();
    const elsewhere = makeDirectory();
    writeFileSync(join(elsewhere, 'precious'), 'x');
    const { store, append, clock, logger } = openStore({ directory });
    append(makeEvent('before'));
    const [instance = ''] = instancesIn(directory);
    renameSync(instance, join(makeDirectory(), 'moved'));
    symlinkSync(elsewhere, instance);
    await clock.advance(6_000);
    while (logger.at('warn').length === 0) await settle();
    append(makeEvent('after'));
    await store.close();
    expect(readdirSync(elsewhere)).to.deep.equal(['precious']);
    expect(lstatSync(instance).isSymbolicLink()).to.equal(true);
  });

  it('neither deletes nor writes behind a link in place of its own directory', async () => {
    const directory = makeDirectory();
    const elsewhere = makeDirectory();
    const { store, append, clock } = openStore({ directory, maxBytes: 32_768 });
    const tickets: number[] = [];
    while (filesIn(directory, '.seg').length < 4) tickets.push(append(makeEvent(`${tickets.length}`)));
    const names = filesIn(directory, '.seg').map(path => basename(path));
    for (const name of names) writeFileSync(join(elsewhere, name), 'precious');
    const [instance = ''] = instancesIn(directory);
    renameSync(instance, join(makeDirectory(), 'moved'));
    symlinkSync(elsewhere, instance);
    // Every other one first, so that acks are written, then all, so that segments are deleted.
    store.remove(tickets.filter((_, n) => n % 2 === 0));
    await clock.advance(1_000);
    store.remove(tickets);
    await clock.advance(1_000);
    await store.close();
    expect(readdirSync(elsewhere).sort()).to.deep.equal(names);
    for (const name of names) expect(readFileSync(join(elsewhere, name), 'utf8')).to.equal('precious');
  });

  it('adopts a copy of a directory that it has adopted already', async () => {
    const directory = makeDirectory();
    const dead = await makeDead(directory);
    const kept = join(makeDirectory(), basename(dead));
    execFileSync('cp', ['-r', dead, kept]);
    const { store, scans, adopted, scan } = openStore({ directory });
    await scans.reaches(1);
    expect(adopted.count).to.equal(4);
    execFileSync('cp', ['-r', kept, dead]);
    await scan();
    expect(adopted.count, 'each event keeps its uuid: Optimizely counts it once').to.equal(8);
    store.remove((await store.read(everything)).map(({ ticket }) => ticket));
    await store.close();
    expect(readdirSync(directory)).to.deep.equal([]);
  });

  it('puts aside what it does not know, once, and says where', async () => {
    const directory = makeDirectory();
    const dead = await makeDead(directory);
    mkdirSync(join(dead, 'folder'));
    writeFileSync(Buffer.concat([Buffer.from(`${dead}/`), Buffer.from([0xff, 0x0a, 0xfe])]), '');
    const { store, adopted, logger } = openStore({ directory });
    await adopted.reaches(4);
    store.remove((await store.read(everything)).map(({ ticket }) => ticket));
    await store.close();
    const aside = join(directory, `unread-${basename(dead)}`);
    expect(existsSync(aside)).to.equal(true);
    expect(logger.at('warn').filter(line => line.includes(aside))).to.have.length(1);
  });

  describe('of other users', () => {
    it('leaves their directories alone, with one warning that names user and path', async function () {
      if (process.geteuid?.() !== 0) skip(this, 'only root can give files away');
      const directory = makeDirectory();
      const foreign = [await makeDead(directory), await makeDead(directory)];
      await closeAll();
      const own = await makeDead(directory);
      const listing = () =>
        execFileSync('find', [directory, '-path', '*12345*', '-o', '-uid', '12345', '-ls']).toString();
      for (const path of [...foreign, ...filesIn(foreign[0] ?? '', ''), ...filesIn(foreign[1] ?? '', '')]) {
        if (existsSync(path)) chownSync(path, 12_345, 12_345);
      }
      const before = listing();
      const { store, scans, scan, adopted, logger } = openStore({ directory });
      await scans.reaches(1);
      await scan();
      expect(adopted.count).to.equal(existsSync(own) ? 0 : 4);
      const warnings = logger.at('warn');
      expect(warnings).to.have.length(1);
      expect(warnings[0])
        .to.contain('uid 12345')
        .and.to.satisfy((line: string) => foreign.some(path => line.includes(path)));
      await store.close();
      expect(listing()).to.equal(before);
    });

    it('warns of a directory in which every user can write', async function () {
      if (process.platform === 'win32') skip(this, 'needs modes');
      const directory = makeDirectory();
      execFileSync('chmod', ['777', directory]);
      const { logger } = openStore({ directory });
      expect(logger.at('warn')).to.have.length(1);
      expect(logger.at('warn')[0]).to.contain(directory).and.to.contain('every user');
      execFileSync('chmod', ['1777', directory]);
      expect(openStore({ directory }).logger.at('warn'), 'the sticky bit protects').to.deep.equal([]);
    });
  });
});
