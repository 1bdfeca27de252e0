// SPDX-License-Identifier: Apache-2.0
import { cpSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { expect } from 'chai';
import { judgeOwner, type LivenessFacts } from '../../src/store/liveness.js';
import { type OwnerRecord, ownerOfThisThread, parseOwner, parseTaskStat } from '../../src/store/owner.js';
import { Child, killLeftovers } from '../support/child.js';
import { skip } from '../support/skip.js';
import { instancesIn, makeDirectory, makeEvent, openStore, tidyUp, uuidOf } from './harness.js';
import { canUnshare } from './mounts.js';

const script = fileURLToPath(new URL('./instance.ts', import.meta.url));

function startChild(directory: string, name: string, records: number | 'endless', unshare = false): Child {
  const args = ['--import', 'tsx', script, directory, name, String(records)];
  if (!unshare) return new Child(process.execPath, args);
  return new Child('unshare', ['--pid', '--fork', '--kill-child', '--mount-proc', process.execPath, ...args]);
}

function startWorker(directory: string, name: string, records: number): Worker {
  // tsx does not reach into worker threads of Node 20 by itself.
  const start = `import('tsx/esm/api').then(tsx => { tsx.register(); return import(${JSON.stringify(script)}); })`;
  return new Worker(start, { eval: true, workerData: [directory, name, String(records)] });
}

async function kill(child: Child): Promise<void> {
  child.kill();
  await child.ended;
}

const ownerIn = (instance: string) =>
  JSON.parse(readFileSync(join(instance, 'owner.json'), 'utf8')) as OwnerRecord;

/** As if its owner had not shown a sign of life for a while. */
function letHeartbeatAge(instance: string, seconds: number): void {
  const time = Date.now() / 1000 - seconds;
  utimesSync(join(instance, 'heartbeat'), time, time);
}

describe('instances of FileEventStore on one directory', () => {
  afterEach(async () => {
    killLeftovers();
    await tidyUp();
  });

  it('adopt all that processes killed under load had stored', async () => {
    const directory = makeDirectory();
    const children = ['a', 'b', 'c'].map(name => startChild(directory, name, 'endless'));
    await Promise.all(children.map(child => child.message('stored', 40)));
    await Promise.all(children.map(kill));
    const acknowledged = children.flatMap(child => child.told<string[]>('stored').flat());
    expect(acknowledged.length).to.be.at.least(6_000);

    const { store, adopted, lost, scans, readAll } = openStore({ directory });
    await scans.reaches(1);
    const uuids = (await readAll()).map(uuidOf);
    expect(uuids).to.include.members(acknowledged);
    expect(new Set(uuids).size).to.equal(uuids.length);
    for (const uuid of uuids) expect(uuid).to.match(/^[abc]-\d+$/);
    for (const name of ['a', 'b', 'c']) {
      const own = uuids.filter(uuid => uuid.startsWith(name));
      expect(own).to.deep.equal([...own.keys()].map(number => `${name}-${number}`));
    }
    expect(adopted.count).to.equal(uuids.length);
    expect(lost.count).to.equal(0);
    await store.close();
    expect(readdirSync(directory)).to.have.length(1);
  });

  it('never adopt each other while they live, and adopt once when one dies', async () => {
    const directory = makeDirectory();
    const [one, two] = [startChild(directory, 'one', 10), startChild(directory, 'two', 10)];
    await Promise.all([one, two].map(child => child.message('scanned')));
    await Promise.all([one, two].map(child => child.message('ready')));
    const ours = openStore({ directory });
    const before = instancesIn(directory);
    const first = before.find(path => ownerIn(path).pid === process.pid);
    const ours2 = openStore({ directory });
    await Promise.all([ours.scans.reaches(1), ours2.scans.reaches(1)]);
    // However old their heartbeats are: their threads are there, and our own are on our list.
    for (const instance of instancesIn(directory)) {
      if (instance !== first) letHeartbeatAge(instance, 1_000_000);
    }
    await ours.scan();
    expect(instancesIn(directory)).to.have.length(4);
    await kill(one);
    await Promise.all([ours.scan(), ours2.scan()]);
    expect(ours.adopted.count + ours2.adopted.count).to.equal(10);
    expect([ours.adopted.count, ours2.adopted.count]).to.include(0);
    expect(instancesIn(directory)).to.have.length(3);
    expect(two.told('adopted')).to.deep.equal([]);
    expect(one.told('adopted')).to.deep.equal([]);
  });

  it('are dead where their pid is that of another process by now', async () => {
    const directory = makeDirectory();
    const { scan, adopted, append } = openStore({ directory });
    append(makeEvent('a'));
    const [ours = ''] = instancesIn(directory);
    const dead = join(directory, `v1-${crypto.randomUUID()}`);
    cpSync(ours, dead, { recursive: true });
    // A container starts again, and its process has pid 1 again.
    writeFileSync(join(dead, 'owner.json'), JSON.stringify({ ...ownerOfThisThread(), startTime: '1' }));
    await scan();
    expect(adopted.count).to.equal(process.platform === 'linux' ? 1 : 0);
  });

  it('are dead when all that is left of them is a zombie', async function () {
    if (process.platform !== 'linux') skip(this, 'needs /proc');
    const directory = makeDirectory();
    // A shell gives what it starts in the background no stdin of ours.
    const command = 'exec 3<&0; "$0" --import tsx "$@" <&3 & exec sleep 600';
    const parent = new Child('sh', ['-c', command, process.execPath, script, directory, 'zombie', '10']);
    await parent.message('ready');
    const [instance = ''] = instancesIn(directory);
    const { pid } = ownerIn(instance);
    const ours = openStore({ directory });
    await ours.scans.reaches(1);
    expect(ours.adopted.count).to.equal(0);
    process.kill(pid, 'SIGKILL');
    const state = () => parseTaskStat(readFileSync(`/proc/${pid}/stat`, 'latin1')).state;
    while (state() !== 'Z') await new Promise(setImmediate);
    await ours.scan();
    expect(ours.adopted.count).to.equal(10);
  });

  it('show every few seconds that they live', async () => {
    const directory = makeDirectory();
    const { clock, scans } = openStore({ directory });
    await scans.reaches(1);
    const [instance = ''] = instancesIn(directory);
    letHeartbeatAge(instance, 1_000);
    const age = () => Date.now() - statSync(join(instance, 'heartbeat')).mtimeMs;
    await clock.advance(5_000);
    while (age() > 500_000) await new Promise(setImmediate);
    expect(scans.count).to.equal(1);
  });

  it('in other pid namespaces are judged by their heartbeats', async function () {
    if (!canUnshare()) skip(this, 'unshare --pid is not allowed here');
    const directory = makeDirectory();
    const ours = openStore({ directory });
    ours.append(makeEvent('ours'));
    const [ourInstance] = instancesIn(directory);
    const child = startChild(directory, 'contained', 10, true);
    await Promise.all([child.message('scanned'), child.message('ready')]);
    // It sees us alive, though our pid means nothing there.
    expect(child.told('adopted')).to.deep.equal([]);
    const theirs = instancesIn(directory).find(path => path !== ourInstance) ?? '';
    const owner = ownerIn(theirs);
    expect(owner.pid).to.be.lessThan(10);
    expect(owner.bootId).to.equal(ownerOfThisThread().bootId);
    expect(owner.pidNamespace).to.not.equal(ownerOfThisThread().pidNamespace);
    await ours.scan();
    expect(ours.adopted.count).to.equal(0);

    await kill(child);
    await ours.scan();
    expect(ours.adopted.count, 'a heartbeat that is fresh').to.equal(0);
    letHeartbeatAge(theirs, 25);
    await ours.scan();
    expect(ours.adopted.count, 'a heartbeat that is late').to.equal(0);
    letHeartbeatAge(theirs, 60);
    await ours.scan();
    expect(ours.adopted.count, 'a heartbeat that has stopped').to.equal(10);
  });

  it('of other hosts are taken by one that has slept only after they had time to beat again', async () => {
    const directory = makeDirectory();
    const { scan, scans, adopted, clock } = openStore({ directory });
    await scans.reaches(1);
    const [ours = ''] = instancesIn(directory);
    const theirs = join(directory, `v1-${crypto.randomUUID()}`);
    cpSync(ours, theirs, { recursive: true });
    writeFileSync(join(theirs, 'owner.json'), JSON.stringify({ ...ownerOfThisThread(), bootId: 'another' }));
    letHeartbeatAge(theirs, 100);
    letHeartbeatAge(ours, 100);
    await clock.advance(0);
    await scan();
    expect(instancesIn(directory)).to.have.length(2);
    await scan();
    expect(instancesIn(directory)).to.have.length(1);
    expect(adopted.count).to.equal(0);
  });

  it('in worker threads are instances of their own', async () => {
    const directory = makeDirectory();
    const ours = openStore({ directory });
    ours.append(makeEvent('ours'));
    const worker = startWorker(directory, 'worker', 10);
    const told: Record<string, unknown>[] = [];
    await new Promise<void>((resolve, reject) => {
      worker.on('error', reject);
      worker.on('message', (message: Record<string, unknown>) => {
        told.push(message);
        if (told.some(({ scanned }) => scanned) && told.some(({ ready }) => ready)) resolve();
      });
    });
    expect(told.some(message => 'adopted' in message)).to.equal(false);
    const owners = instancesIn(directory).map(ownerIn);
    expect(owners.map(owner => owner.pid)).to.deep.equal([process.pid, process.pid]);
    expect(owners[0]?.taskId).to.not.equal(owners[1]?.taskId);
    for (const instance of instancesIn(directory)) letHeartbeatAge(instance, 1_000_000);
    await ours.scan();
    expect(ours.adopted.count).to.equal(0);
    await worker.terminate();
    await ours.scan();
    expect(ours.adopted.count).to.equal(10);
  });

  it('take over what a dead one had adopted itself', async () => {
    const directory = makeDirectory();
    const first = openStore({ directory });
    first.append(makeEvent('first'));
    await first.store.close();
    const second = openStore({ directory });
    await second.adopted.reaches(1);
    second.append(makeEvent('second'));
    await second.store.close();
    const third = openStore({ directory });
    await third.adopted.reaches(2);
    third.append(makeEvent('third'));
    await third.store.close();
    const fourth = openStore({ directory });
    await fourth.adopted.reaches(3);
    await fourth.scans.reaches(1);
    expect((await fourth.readAll()).map(uuidOf).sort()).to.deep.equal(['first', 'second', 'third']);
    // Side by side, not one in the other: a service that restarts for ever must not reach the end of a path.
    const [instance = ''] = instancesIn(directory);
    expect(instancesIn(instance)).to.have.length(3);
    for (const taken of instancesIn(instance)) expect(instancesIn(taken)).to.deep.equal([]);
  });
});

describe('the judgment over an owner', () => {
  const self: OwnerRecord = {
    version: 1,
    host: 'host',
    bootId: 'boot',
    pidNamespace: 'pid:[1]',
    pid: 10,
    taskId: 10,
    startTime: '1000',
    threadId: 0,
  };
  const judge = (owner: Partial<OwnerRecord> | undefined, facts: Partial<LivenessFacts>) =>
    judgeOwner({
      closed: false,
      owner: owner && { ...self, pid: 20, taskId: 20, startTime: '2000', ...owner },
      self,
      task: 'hidden',
      listedHere: false,
      heartbeatAgeMillis: 0,
      ...facts,
    });
  const old = { heartbeatAgeMillis: 31_000 };
  const elsewhere = [
    { pidNamespace: 'pid:[2]' },
    { bootId: 'other' },
    { taskId: null },
    { pidNamespace: null },
  ];
  const plain = { bootId: null, pidNamespace: null, taskId: null, startTime: null };

  it('believes one that closed', () => {
    expect(judge({}, { closed: true, task: 'running' })).to.equal('dead');
  });

  it('goes by the thread where pids mean the same', () => {
    expect(judge({}, { task: 'running', ...old })).to.equal('alive');
    expect(judge({}, { task: 'gone' })).to.equal('dead');
    expect(judge({}, { task: 'hidden' })).to.equal('alive');
    expect(judge({}, { task: 'hidden', ...old })).to.equal('dead');
  });

  it('goes by the heartbeat elsewhere, whatever a thread of that number does here', () => {
    for (const owner of [...elsewhere, undefined]) {
      expect(judge(owner, { task: 'gone' })).to.equal('alive');
      expect(judge(owner, { task: 'running', ...old })).to.equal('dead');
      expect(judge(owner, { task: 'gone', heartbeatAgeMillis: 29_000 })).to.equal('alive');
      expect(judge(owner, { task: 'gone', heartbeatAgeMillis: undefined })).to.equal('alive');
      expect(judge(owner, { heartbeatAgeMillis: -3_600_000 }), 'the clock was set back').to.equal('dead');
    }
  });

  it('goes by the list of its own thread, then by the heartbeat', () => {
    const own = { pid: 10, taskId: 10 };
    expect(judge(own, { task: 'running', listedHere: true, ...old })).to.equal('alive');
    expect(judge(own, { task: 'running' })).to.equal('alive');
    expect(judge(own, { task: 'running', ...old })).to.equal('dead');
    expect(judge({ pid: 10, taskId: 11 }, { task: 'running', ...old }), 'another thread').to.equal('alive');
  });

  it('without /proc goes by pid and heartbeat', () => {
    const facts = { self: { ...self, ...plain } };
    expect(judge(plain, { ...facts, task: 'gone' })).to.equal('dead');
    expect(judge(plain, { ...facts, ...old })).to.equal('alive');
    expect(judge(plain, { ...facts, heartbeatAgeMillis: 700_000 }), 'the pid is used again').to.equal('dead');
    expect(judge({ ...plain, pid: 10 }, { ...facts, ...old }), 'an ended worker').to.equal('dead');
    expect(judge({ ...plain, host: 'other' }, { ...facts, task: 'gone' })).to.equal('alive');
    expect(judge({ ...plain, host: 'other' }, { ...facts, ...old })).to.equal('dead');
  });
});

describe('the owner record', () => {
  it('names this thread', () => {
    const owner = ownerOfThisThread();
    expect(parseOwner(JSON.stringify(owner))).to.deep.equal(owner);
    expect(owner.pid).to.equal(process.pid);
    if (process.platform !== 'linux') return;
    expect(owner.taskId).to.equal(process.pid);
    expect(owner.startTime).to.match(/^\d+$/);
  });

  it('is undefined where it cannot be read', () => {
    const owner = ownerOfThisThread();
    const texts = ['', '{', 'null', '[]', '5', JSON.stringify(owner).slice(0, -2)];
    const changed = [{ version: 2 }, { pid: 0 }, { pid: -1 }, { pid: '1' }, { bootId: 5 }, { taskId: 1.5 }];
    for (const change of changed) texts.push(JSON.stringify({ ...owner, ...change }));
    for (const text of texts) expect(parseOwner(text), text).to.equal(undefined);
  });

  it('takes a start time from behind any process name', () => {
    const fields = Array.from({ length: 48 }, (_, number) => String(number + 4));
    const stat = `12 (a) b (c)) S ${fields.join(' ')}`;
    expect(parseTaskStat(stat)).to.deep.equal({ state: 'S', startTime: '22' });
  });
});
