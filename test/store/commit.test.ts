// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { FileEventStore, OptimizelySpanProcessor } from 'opentelemetry-exporter-optimizely';
import type { StoredEvent } from 'opentelemetry-exporter-optimizely/file-store';
import { RecordDecoder } from '../../src/store/record-decoder.js';
import { scanSegment } from '../../src/store/scan-segment.js';
import { makeDatafile } from '../support/datafile.js';
import { makeContext, RecordingDispatcher, RecordingLogger } from '../support/fakes.js';
import { ManualRuntime, settle } from '../support/manual-runtime.js';
import { ROOT } from '../support/run-example.js';
import { skip } from '../support/skip.js';
import { closeAll, filesIn, makeDirectory, makeEvent, openStore, tidyUp, uuidOf } from './harness.js';
import { mountSmall, remount, unmountAll } from './mounts.js';

type StoredContext = ReturnType<typeof makeContext>;

function uuidSent(visitor: unknown): string {
  const { snapshots } = visitor as { snapshots: { events: { uuid: string }[] }[] };
  return snapshots[0]?.events[0]?.uuid ?? '';
}

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

  it('has each event with the text that is sent, whether its batch closed within the turn or not', async () => {
    const directory = makeDirectory();
    const bodies: string[] = [];
    const eventDispatcher = {
      dispatchEvent: async ({ body }: { body: string }) => {
        bodies.push(body);
        return { statusCode: 204 };
      },
    };
    const eventStore = new FileEventStore({ directory, commit: 'turn' });
    const logger = new RecordingLogger();
    const processor = new OptimizelySpanProcessor({
      ...{ datafile: makeDatafile(), eventDispatcher, eventStore, logger, batchSize: 4, maxBatchSize: 4 },
    });
    for (let n = 0; n < 10; n++) {
      const userId = n === 6 ? 'ünï' : `user-${n}`;
      processor.recordConversion({ userId, eventKey: 'purchase', tags: { sku: `${n}` } });
    }
    await endOfTurn();
    const [segment = ''] = filesIn(directory, '.seg');
    const file = readFileSync(segment);
    const decoder = new RecordDecoder();
    const stored = scanSegment(file).spans.map(({ offset, index }) => decoder.decode(file, offset, index));
    await processor.shutdown();
    const sent = bodies.flatMap(body => (JSON.parse(body) as { visitors: unknown[] }).visitors);
    expect(sent).to.have.length(10);
    expect(stored.map(event => event?.kind === 'resolved' && JSON.parse(event.json))).to.deep.equal(sent);
    expect(stored.map(event => event && uuidOf(event))).to.deep.equal(sent.map(uuidSent));
  });

  it('reads every event back as it was, whatever its characters and however many there are', async () => {
    const texts = fc.string({
      unit: fc.oneof(fc.constantFrom('a', 'ü', '漢', '😀', '"'), fc.string({ minLength: 1, maxLength: 1 })),
      maxLength: 300,
    });
    const turns = fc.array(fc.array(fc.record({ text: texts, times: fc.nat(40) }), { maxLength: 40 }), {
      maxLength: 4,
    });
    await fc.assert(
      fc.asyncProperty(turns, async turns => {
        const { append, store, readAll } = open();
        const tickets: number[] = [];
        const expected: StoredEvent[] = [];
        for (const turn of turns) {
          for (const { text, times } of turn) {
            const json = JSON.stringify({ visitor_id: text.repeat(times) });
            const event = makeEvent(text, { json: json });
            expected.push(event);
            tickets.push(append(event));
          }
          await endOfTurn();
        }
        store.release(tickets);
        expect(await readAll()).to.deep.equal(expected);
        await store.close();
      }),
      { numRuns: 25 },
    );
  });

  it('writes a turn in several pieces where its characters take three bytes each', async () => {
    const { append, store, readAll } = open();
    const json = (n: number) => `{"visitor_id":"${n}${'漢'.repeat(1_000)}"}`;
    const events = Array.from({ length: 50 }, (_, n) => makeEvent(`${n}`, { json: json(n) }));
    const tickets = events.map(event => append(event));
    await endOfTurn();
    store.release(tickets);
    expect(await readAll()).to.deep.equal(events);
  });

  it('keeps maxBytes within a turn, and has on disk what it took', async () => {
    for (const character of ['x', 'ü', '漢']) {
      const maxBytes = 30_000;
      const directory = makeDirectory();
      const { store, readAll } = openStore({ directory, maxBytes, commit: 'turn' });
      const tickets: number[] = [];
      for (;;) {
        const json = `{"visitor_id":"${character.repeat(100)}"}`;
        const ticket = store.append(makeEvent(`${tickets.length}`, { json }));
        if (ticket === 'full') break;
        tickets.push(ticket as number);
      }
      await endOfTurn();
      const bytes = filesIn(directory, '.seg').reduce((sum, file) => sum + statSync(file).size, 0);
      expect(bytes).to.be.within(maxBytes * 0.85, maxBytes);
      store.release(tickets);
      expect(await readAll()).to.have.length(tickets.length);
    }
  });

  for (const commit of ['call', 'turn'] as const) {
    it(`${commit}: loses no event that it took where the stack has ended, and blames no disk`, async () => {
      const directory = makeDirectory();
      const { store, logger, readAll } = openStore({ directory, commit });
      const tickets: number[] = [];
      const taken: string[] = [];
      let count = 0;
      const appendSome = () => {
        for (let n = 0; n < 3; n++) {
          const uuid = `${count++}`;
          try {
            const json = `{"visitor_id":"${'x'.repeat(10_000)}"}`;
            const ticket = store.append(makeEvent(uuid, { json }));
            if (typeof ticket !== 'number') continue;
            tickets.push(ticket);
            taken.push(uuid);
          } catch {
            // No more than the call itself has ended.
          }
        }
      };
      let depth = 0;
      const descend = () => {
        depth++;
        try {
          descend();
        } catch {
          depth--;
          if (count < 600) appendSome();
        }
      };
      descend();
      expect(depth).to.be.above(0);
      appendSome();
      store.release(tickets);
      await endOfTurn();
      expect(new Set(tickets).size).to.equal(tickets.length);
      expect((await readAll()).map(uuidOf)).to.have.members(taken);
      expect(logger.at('warn')).to.deep.equal([]);
    });

    it(`${commit}: keeps events of one datafile apart from those of another, where the stack ends with the first of them`, async () => {
      const { store, readAll } = openStore({ directory: makeDirectory(), commit });
      const tickets: number[] = [];
      const taken: string[] = [];
      let count = 0;
      const append = (revision: number, context: StoredContext) => {
        const uuid = `${count++} of ${revision}`;
        const ticket = store.append(makeEvent(uuid, { context }));
        if (typeof ticket !== 'number') return;
        tickets.push(ticket);
        taken.push(`${uuid}, ${revision}`);
      };
      for (let revision = 1; revision <= 12; revision++) {
        const context = makeContext({ revision: `${revision}` });
        // At each depth, from the end of the stack up to the first one where it is taken.
        const descend = (): void => {
          try {
            descend();
          } catch {
            append(revision, context);
          }
        };
        descend();
        append(revision, context);
      }
      store.release(tickets);
      const read = (await readAll()).map(
        event => `${uuidOf(event)}, ${event.kind === 'resolved' ? event.context.revision : ''}`,
      );
      expect(taken).to.have.length.at.least(12);
      expect(read).to.deep.equal(taken);
    });

    it(`${commit}: tells of events that memory lets go of, where their file was deleted meanwhile`, async () => {
      const directory = makeDirectory();
      const { store, append, lost, clock } = openStore({ directory, commit });
      const tickets = ['1', '2', '3', '4'].map(uuid => append(makeEvent(uuid)));
      await endOfTurn();
      rmSync(directory, { recursive: true });
      await clock.advance(60_000);
      store.remove(tickets.slice(0, 1));
      const [, ...others] = tickets;
      store.release([...others, append(makeEvent('written elsewhere'))]);
      await lost.reaches(3);
      expect({ available: store.available, lost: lost.count }).to.deep.equal({ available: 1, lost: 3 });
    });

    it(`${commit}: takes an event that the logger records while a line is logged about the store`, async () => {
      const directory = makeDirectory();
      const store = new FileEventStore({ directory, commit });
      const tickets: number[] = [];
      const nested: string[] = [];
      const lines: string[] = [];
      const appendTo = (uuid: string) => {
        const ticket = store.append(makeEvent(uuid));
        if (typeof ticket === 'number') tickets.push(ticket);
        return ticket;
      };
      const say = (message: string) => {
        lines.push(message);
        const uuid = `while line ${lines.length} is logged`;
        if (typeof appendTo(uuid) === 'number') nested.push(uuid);
      };
      const logger = { error: say, warn: say, info: say, debug: say };
      store.open({ logger, runtime: new ManualRuntime(), adopted() {}, lost() {} });
      appendTo('lost with its directory');
      await endOfTurn();
      rmSync(directory, { recursive: true });
      // Within these it looks whether its file is there.
      for (let n = 0; n < 300; n++) appendTo(`${n}`);
      store.release(tickets);
      await endOfTurn();
      const uuids: string[] = [];
      for (const { event } of await store.read({ maxEvents: 1_000, maxBytes: 1e9 }))
        uuids.push(uuidOf(event));
      expect(lines.join()).to.contain('was deleted');
      expect(new Set(uuids).size, 'none twice').to.equal(uuids.length);
      expect(nested).not.to.deep.equal([]);
      expect(uuids).to.include.members([...nested, '299']);
      await store.close();
    });

    it(`${commit}: keeps an event apart from one that the logger records before it is written`, async () => {
      const directory = join(makeDirectory(), 'events');
      writeFileSync(directory, 'a file');
      const store = new FileEventStore({ directory, commit });
      const clock = new ManualRuntime();
      let later = 0;
      const runtime = {
        now: clock.now,
        monotonic: () => clock.monotonic() + later,
        setTimer: clock.setTimer,
        random: clock.random,
        uuid: () => crypto.randomUUID(),
      };
      const tickets: unknown[] = [];
      let isFirst = true;
      const say = (line: string) => {
        if (!line.includes('every user') || !isFirst) return;
        isFirst = false;
        tickets.push(store.append(makeEvent('while a line is logged')));
      };
      store.open({
        logger: { error: say, warn: say, info: say, debug: say },
        runtime,
        adopted() {},
        lost() {},
      });
      rmSync(directory);
      mkdirSync(directory);
      chmodSync(directory, 0o777);
      // The disk is tried again by then.
      later = 10_000;
      tickets.push(store.append(makeEvent('outer')));
      await endOfTurn();
      expect(tickets).to.have.length(2);
      store.release(tickets as number[]);
      const records = await store.read({ maxEvents: 10, maxBytes: 1e9 });
      expect(records.map(({ event }) => uuidOf(event))).to.have.members(['while a line is logged', 'outer']);
      await store.close();
    });

    it(`${commit}: takes an event that the logger records while the store's directory is made`, async () => {
      const directory = makeDirectory();
      chmodSync(directory, 0o777);
      const store = new FileEventStore({ directory, commit });
      const tickets: number[] = [];
      let lines = 0;
      const say = () => {
        if (lines++ === 0) tickets.push(store.append(makeEvent('while a line is logged')) as number);
      };
      const logger = { error: say, warn: say, info: say, debug: say };
      store.open({ logger, runtime: new ManualRuntime(), adopted() {}, lost() {} });
      expect(tickets).to.have.length(1);
      tickets.push(store.append(makeEvent('after')) as number);
      await endOfTurn();
      store.release(tickets);
      const records = await store.read({ maxEvents: 10, maxBytes: 1e9 });
      expect(records.map(({ event }) => uuidOf(event))).to.deep.equal(['while a line is logged', 'after']);
      await store.close();
    });
  }

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
