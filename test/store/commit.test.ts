// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, statSync } from 'node:fs';
import { expect } from 'chai';
import { FileEventStore, OptimizelySpanProcessor } from 'opentelemetry-exporter-optimizely';
import { scanSegment } from '../../src/store/scan-segment.js';
import { makeDatafile } from '../support/datafile.js';
import { RecordingDispatcher, RecordingLogger } from '../support/fakes.js';
import { ManualRuntime, settle } from '../support/manual-runtime.js';
import { ROOT } from '../support/run-example.js';
import { skip } from '../support/skip.js';
import { closeAll, filesIn, makeDirectory, makeEvent, openStore, tidyUp, uuidOf } from './harness.js';
import { mountSmall, remount, unmountAll } from './mounts.js';

const endOfTurn = () => new Promise(resolve => setImmediate(resolve));

function open(directory = makeDirectory()) {
  const opened = openStore({ directory, commit: 'turn' });
  const records = () => {
    const [segment = ''] = filesIn(directory, '.seg');
    return scanSegment(readFileSync(segment)).spans.length;
  };
  return { ...opened, records };
}

describe("FileEventStore with commit: 'turn'", () => {
  afterEach(async () => {
    await closeAll();
    unmountAll();
    await tidyUp();
  });

  it('writes the events of a turn of the event loop together, at its end', async () => {
    const { append, records } = open();
    for (let n = 0; n < 100; n++) append(makeEvent(`${n}`));
    expect(records()).to.equal(0);
    await Promise.resolve();
    expect(records(), 'still the same turn').to.equal(0);
    await endOfTurn();
    expect(records()).to.equal(100);
    append(makeEvent('next'));
    await endOfTurn();
    expect(records()).to.equal(101);
  });

  it('writes before, where they are many, and what is larger than all of them at once', async () => {
    const { append, records, directory, readAll, store } = open();
    const tickets: number[] = [];
    for (let n = 0; n < 300; n++)
      tickets.push(append(makeEvent(`${n}`, { json: `{"visitor_id":"${'x'.repeat(400)}"}` })));
    expect(records()).to.be.within(100, 299);
    tickets.push(append(makeEvent('large', { json: `{"visitor_id":"${'x'.repeat(100_000)}"}` })));
    expect(records()).to.equal(301);
    tickets.push(append(makeEvent('last')));
    store.release(tickets);
    const uuids = (await readAll()).map(uuidOf);
    expect(uuids).to.deep.equal([...Array.from({ length: 300 }, (_, n) => `${n}`), 'large', 'last']);
    expect(filesIn(directory, '.seg')).to.have.length(1);
  });

  it("keeps what was written and what comes next where the application's stack ends in it", async () => {
    const { append, store, directory, logger } = open();
    for (let n = 0; n < 10; n++) append(makeEvent(`${n}`));
    await endOfTurn();
    const { setImmediate } = globalThis;
    // It is what takes most of the stack.
    globalThis.setImmediate = (() => {
      throw new RangeError('Maximum call stack size exceeded');
    }) as never;
    try {
      expect(store.append(makeEvent('at the end'))).to.equal('failed');
    } finally {
      globalThis.setImmediate = setImmediate;
    }
    for (let n = 10; n < 15; n++) append(makeEvent(`${n}`));
    await endOfTurn();
    const [segment = '', ...others] = filesIn(directory, '.seg');
    expect(others).to.deep.equal([]);
    const { spans, damages } = scanSegment(readFileSync(segment));
    expect({ records: spans.length, damages }).to.deep.equal({ records: 15, damages: 0 });
    expect(logger.lines).to.deep.equal([]);
  });

  it('has on disk what memory lets go of, and what is pending when it closes', async () => {
    const { append, records, store, directory } = open();
    const first = append(makeEvent('1'));
    append(makeEvent('2'));
    store.release([first]);
    expect(records()).to.equal(2);
    append(makeEvent('3'));
    await store.close();
    expect(records()).to.equal(3);
    const next = open(directory);
    await next.adopted.reaches(3);
    expect((await next.readAll()).map(uuidOf)).to.deep.equal(['1', '2', '3']);
  });

  it('forgets what was removed before it was written', async () => {
    const { append, store, directory } = open();
    store.remove([append(makeEvent('1')), append(makeEvent('2'))]);
    append(makeEvent('3'));
    await endOfTurn();
    await store.close();
    const next = open(directory);
    await next.adopted.reaches(1);
    expect((await next.readAll()).map(uuidOf)).to.deep.equal(['3']);
  });

  it('rolls to another segment like any other', async () => {
    const { append, directory, store, readAll } = open();
    const tickets: number[] = [];
    for (let n = 0; n < 3_000; n++) {
      tickets.push(append(makeEvent(`${n}`, { json: `{"visitor_id":"${'x'.repeat(1_000)}"}` })));
      if (n % 100 === 0) await endOfTurn();
    }
    expect(filesIn(directory, '.seg').length).to.be.at.least(3);
    store.release(tickets);
    expect(await readAll()).to.have.length(3_000);
  });

  it('has the events in memory alone where the disk refuses them, and tells of those that memory lets go of', async function () {
    const directory = mountSmall('64k');
    if (directory === undefined) return skip(this, 'mounting a tmpfs is not allowed here');
    const { store, append, logger, lost, records, clock } = open(directory);
    const tickets = Array.from({ length: 40 }, (_, n) =>
      append(makeEvent(`${n}`, { json: `{"visitor_id":"${'x'.repeat(1_500)}"}` })),
    );
    await endOfTurn();
    expect(records(), 'no part of what did not fit as a whole').to.equal(0);
    expect(logger.at('warn')).to.have.length(1);
    expect(logger.at('warn')[0]).to.contain('ENOSPC');
    expect(store.append(makeEvent('while it rests'))).to.equal('failed');
    store.remove(tickets.slice(0, 30));
    store.release(tickets.slice(30, 35));
    await lost.reaches(5);
    expect(store.available).to.equal(0);

    remount(directory, 'size=1m');
    await clock.advance(6_000);
    append(makeEvent('later'));
    await endOfTurn();
    expect(records()).to.equal(1);
    expect(logger.at('info').join()).to.contain('can write again; 41 events');
  });

  it('has the room of maxBytes again for what the disk has refused', async function () {
    const directory = mountSmall('64k');
    if (directory === undefined) return skip(this, 'mounting a tmpfs is not allowed here');
    const { store, clock } = openStore({ directory, commit: 'turn', maxBytes: 250_000 });
    const json = `{"visitor_id":"${'x'.repeat(1_500)}"}`;
    const answers = new Set<unknown>();
    for (let round = 0; round < 20; round++) {
      const tickets = Array.from({ length: 40 }, (_, n) => store.append(makeEvent(`${n}`, { json })));
      await endOfTurn();
      for (const ticket of tickets) answers.add(typeof ticket === 'number' ? 'a ticket' : ticket);
      store.remove(tickets.filter(ticket => typeof ticket === 'number'));
      await clock.advance(6_000);
    }
    expect([...answers]).to.have.members(['a ticket', 'failed']);
  });

  it('goes on elsewhere where its directory is deleted in the middle of a turn', async () => {
    const { append, directory, clock, records } = open();
    append(makeEvent('1'));
    await endOfTurn();
    rmSync(directory, { recursive: true });
    append(makeEvent('2'));
    await clock.advance(60_000);
    append(makeEvent('3'));
    await endOfTurn();
    expect(records()).to.equal(1);
    expect(statSync(directory).isDirectory()).to.equal(true);
  });

  for (const [how, code] of [
    ['ends itself', 'process.exit(3)'],
    ['throws', "throw new Error('on purpose')"],
  ] as const) {
    it(`loses nothing where the turn ${how}, and what a kill takes is that turn alone`, async () => {
      const directory = makeDirectory();
      const run = (end: string) =>
        spawnSync(process.execPath, ['--import', 'tsx', `${ROOT}test/store/turns.ts`, directory, end], {
          encoding: 'utf8',
        });
      run(code);
      run("process.kill(process.pid, 'SIGKILL')");
      const next = open(directory);
      await next.scan();
      await next.adopted.reaches(7);
      expect((await next.readAll()).map(uuidOf).sort()).to.deep.equal(['1', '1', '2', '2', '3', '4', '5']);
    });
  }

  it('loses nothing of what is recorded while the process exits, in whatever listener', async () => {
    const directory = makeDirectory();
    const later = "process.on('exit', () => { globalThis.append('6'); globalThis.append('7'); });";
    const program = `${later} process.prependListener('exit', () => globalThis.append('8')); process.exit(0)`;
    spawnSync(process.execPath, ['--import', 'tsx', `${ROOT}test/store/turns.ts`, directory, program]);
    const next = open(directory);
    await next.scan();
    await next.adopted.reaches(5);
    expect((await next.readAll()).map(uuidOf).sort()).to.deep.equal(['1', '2', '3', '4', '5', '6', '7', '8']);
  });

  it('delivers and counts as with the default', async () => {
    const directory = makeDirectory();
    const runtime = new ManualRuntime();
    const eventDispatcher = new RecordingDispatcher();
    const eventStore = new FileEventStore({ directory, commit: 'turn' });
    const processor = new OptimizelySpanProcessor({
      ...{
        datafile: makeDatafile(),
        eventDispatcher,
        runtime,
        logger: new RecordingLogger(),
        maxQueueSize: 50,
      },
      eventStore,
    });
    for (let n = 0; n < 200; n++) processor.recordConversion({ userId: `${n}`, eventKey: 'purchase' });
    expect(processor.ledger().stored, 'more than memory holds').to.be.above(100);
    while (processor.ledger().delivered < 200) {
      await runtime.advance(1_000);
      await settle();
    }
    expect(processor.ledger()).to.deep.include({
      recorded: 200,
      delivered: 200,
      stored: 0,
      pending: 0,
      dropped: {},
    });
    const closed = processor.shutdown();
    await runtime.advance(10_000);
    await closed;
    await eventStore.close();
    expect(filesIn(directory, '.seg')).to.deep.equal([]);
  });
});
