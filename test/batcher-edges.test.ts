// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import {
  BatchEventProcessor,
  type BatchEventProcessorOptions,
  type EventExportResult,
  EventFactory,
  type ExportBatch,
  NotificationCenter,
  NotificationType,
  type SerializedEvent,
} from 'opentelemetry-exporter-optimizely';
import { ManualExporter, makeUserEvent, RecordingLogger } from './support/fakes.js';
import { ManualRuntime, settle } from './support/manual-runtime.js';

function makeHarness(options: Partial<BatchEventProcessorOptions> = {}) {
  const runtime = new ManualRuntime();
  const exporter = new ManualExporter();
  const logger = new RecordingLogger();
  const processor = new BatchEventProcessor({
    exporter,
    logger,
    runtime,
    batchSize: 1,
    maxBatchSize: 1,
    startOnInit: true,
    ...options,
  });
  const record = (count = 1) =>
    Array.from({ length: count }, () =>
      processor.process(makeUserEvent({ acceptedAt: runtime.monotonic() })),
    ).filter(Boolean).length;
  const answerAll = () => {
    for (const callback of exporter.callbacks.splice(0)) callback({ code: 0 });
  };
  return { processor, exporter, logger, runtime, record, answerAll };
}

/** What the engine throws where the stack has no room left. */
const stackOverflow = () => new RangeError('Maximum call stack size exceeded');

/** A queue that keeps what it takes, but for what the test changes. */
function makeQueue(own: object = {}) {
  const events: SerializedEvent[] = [];
  const queue = {
    size: 0,
    enqueue: (event: SerializedEvent) => events.push(event) > 0,
    dequeue: () => events.shift(),
    ...own,
  };
  return { queue: queue as never, events };
}

describe('a call that ends because the stack does', () => {
  it('in the queue leaves no memory taken: the next event has room', async () => {
    let calls = 0;
    const { queue, events } = makeQueue({
      enqueue(event: SerializedEvent) {
        if (++calls <= 3) throw stackOverflow();
        return events.push(event) > 0;
      },
    });
    const { processor, record, exporter, answerAll } = makeHarness({ eventQueue: queue, maxQueueSize: 1 });
    for (let n = 0; n < 3; n++) {
      expect(record()).to.equal(0);
      await settle();
      expect(processor.ledger()).to.deep.include({ recorded: n + 1, pending: 0 });
    }
    expect(record()).to.equal(1);
    expect(exporter.sizes).to.deep.equal([1]);
    answerAll();
    expect(processor.ledger()).to.deep.include({ delivered: 1, pending: 0, dropped: { interrupted: 3 } });
  });

  it('in the queue leaves no bytes taken', async () => {
    let calls = 0;
    const { queue, events } = makeQueue({
      enqueue(event: SerializedEvent) {
        if (++calls <= 5) throw stackOverflow();
        return events.push(event) > 0;
      },
    });
    const { byteLength } = makeUserEvent({ uuid: 'of the length of an uuid-0000000000000' });
    const maxQueueBytes = byteLength * 2;
    const { processor, exporter } = makeHarness({ eventQueue: queue, maxQueueBytes });
    const take = () => processor.process(makeUserEvent({ uuid: 'of the length of an uuid-0000000000000' }));
    for (let n = 0; n < 5; n++) {
      expect(take()).to.equal(false);
      await settle();
    }
    expect([take(), take(), take()]).to.deep.equal([true, true, false]);
    expect(exporter.sizes).to.deep.equal([1, 1]);
    expect(processor.ledger().dropped).to.deep.equal({ interrupted: 5, queue_full: 1 });
  });

  it('while a batch ends leaves no memory taken, and what was not counted is', async () => {
    let left = 0;
    const { processor, exporter, record, answerAll } = makeHarness({ maxQueueSize: 1 });
    const event = makeUserEvent();
    const { byteLength } = event;
    Object.defineProperty(event, 'byteLength', {
      get() {
        if (left-- === 1) throw stackOverflow();
        return byteLength;
      },
    });
    expect(processor.process(event)).to.equal(true);
    left = 1;
    expect(() => exporter.callbacks.shift()?.({ code: 0 })).to.throw(RangeError);
    await settle();
    expect(processor.ledger()).to.deep.include({ recorded: 1, pending: 0, dropped: { interrupted: 1 } });
    expect(record()).to.equal(1);
    answerAll();
    expect(processor.ledger()).to.deep.include({ recorded: 2, delivered: 1, pending: 0 });
  });

  it('while a part of a batch is settled leaves no memory taken, and what was not counted is', async () => {
    let left = 0;
    let batch: ExportBatch | undefined;
    const event = makeUserEvent();
    const { byteLength } = event;
    Object.defineProperty(event, 'byteLength', {
      get() {
        if (left-- === 1) throw stackOverflow();
        return byteLength;
      },
    });
    let end = () => {};
    const { processor, record } = makeHarness({
      ...{ batchSize: 2, maxBatchSize: 2, maxQueueSize: 3 },
      exporter: {
        export(given, done) {
          batch = given;
          end = () => done({ code: 0 });
        },
      },
    });
    processor.process(event);
    record();
    left = 1;
    expect(() => batch?.settle([event])).to.throw(RangeError);
    await settle();
    expect(processor.ledger()).to.deep.include({ recorded: 2, pending: 1, dropped: { interrupted: 1 } });
    end();
    expect(processor.ledger()).to.deep.include({ delivered: 1, pending: 0, dropped: { interrupted: 1 } });
  });

  it('in an exporter that says that it is ready keeps no batch back', async () => {
    const sizes: number[] = [];
    let isBusy = true;
    let isAtItsEnd = true;
    let ready = () => {};
    const { processor, record } = makeHarness({
      ...{ batchSize: 1, maxBatchSize: 100 },
      exporter: {
        isBusy: () => isBusy,
        onReady: listener => {
          ready = listener;
        },
        export({ events }, done) {
          if (isAtItsEnd) throw stackOverflow();
          sizes.push(events.length);
          done({ code: 0 });
        },
      },
    });
    record(2);
    isBusy = false;
    expect(ready).to.throw(RangeError);
    isAtItsEnd = false;
    await settle();
    expect(sizes).to.deep.equal([2]);
    expect(processor.ledger()).to.deep.include({ delivered: 2, pending: 0, dropped: {} });
  });

  it('while events are taken out of the queue is made up for afterwards', async () => {
    let calls = 0;
    const { queue, events } = makeQueue({
      dequeue() {
        // The first is of its start.
        if (++calls === 2) throw stackOverflow();
        return events.shift();
      },
    });
    const { processor, record, exporter } = makeHarness({ eventQueue: queue });
    expect(record(), 'it is queued').to.equal(1);
    expect(exporter.sizes).to.deep.equal([]);
    await settle();
    expect(exporter.sizes).to.deep.equal([1]);
    expect(processor.ledger()).to.deep.include({ recorded: 1, pending: 1, dropped: {} });
  });

  it('in the exporter is made up for afterwards, once', async () => {
    const given: string[] = [];
    let calls = 0;
    const { processor, record } = makeHarness({
      exporter: {
        export({ events }: ExportBatch, done) {
          if (++calls === 1) throw stackOverflow();
          for (const { uuid } of events) given.push(uuid);
          done({ code: 0 });
        },
      },
    });
    expect(record()).to.equal(1);
    expect(given).to.deep.equal([]);
    expect(processor.ledger()).to.deep.include({ pending: 1, dropped: {} });
    await settle();
    expect(given).to.have.length(1);
    expect(record(2)).to.equal(2);
    await settle();
    expect(given, 'each once').to.have.length(3);
    expect(processor.ledger()).to.deep.include({ delivered: 3, pending: 0, dropped: {} });
  });

  it('in the exporter sends nothing again that is in flight', async () => {
    const batches: string[][] = [];
    let calls = 0;
    const { record, processor } = makeHarness({
      exporter: {
        export({ events }: ExportBatch) {
          if (++calls === 2) throw stackOverflow();
          batches.push(events.map(({ uuid }) => uuid));
        },
      },
    });
    record(2);
    await settle();
    expect(batches.flat()).to.have.length(2);
    expect(new Set(batches.flat()).size).to.equal(2);
    expect(processor.ledger()).to.deep.include({ pending: 2, dropped: {} });
  });

  it('in an exporter each time costs its batch, and no other', async () => {
    let calls = 0;
    const { processor, record, logger } = makeHarness({
      exporter: {
        export(_batch, done) {
          if (++calls <= 2) throw stackOverflow();
          done({ code: 0 });
        },
      },
    });
    record();
    await settle();
    record();
    await settle();
    expect(processor.ledger()).to.deep.include({ delivered: 1, pending: 0, dropped: { rejected: 1 } });
    expect(logger.at('error')).to.deep.equal(['exporter.export failed: RangeError']);
  });
});

describe('an exporter that records an event for each batch', () => {
  it('keeps the call from returning for a hundred events at most, and loses none', async () => {
    const total = 350;
    let exported = 0;
    const { processor, record, runtime } = makeHarness({
      exporter: {
        export(_batch, done) {
          if (++exported < total) record();
          done({ code: 0 });
        },
      },
    });
    record();
    expect(exported).to.be.within(100, 105);
    await runtime.advance(1);
    expect(exported).to.be.within(200, 210);
    await runtime.advance(20);
    expect(exported).to.equal(total);
    expect(processor.ledger()).to.deep.include({ recorded: total, delivered: total, pending: 0 });
  });
});

describe('a queue of the application', () => {
  for (const size of [-1, 1.5, Number.NaN, '2', null, undefined, Number.POSITIVE_INFINITY, 0]) {
    it(`brings nothing along where its size is ${size}`, () => {
      const { processor } = makeHarness({ eventQueue: makeQueue({ size }).queue });
      expect(processor.ledger()).to.deep.include({ recovered: 0, pending: 0 });
    });
  }

  const answers: [string, unknown][] = [
    ['false', false],
    ['undefined', undefined],
    ['null', null],
    ['a number', 1],
    ['a string', 'yes'],
    ['a promise', Promise.resolve(true)],
    ['an object', {}],
  ];
  for (const [name, answer] of answers) {
    const says = answer === false ? 'and says nothing' : 'and says so once';
    it(`has not taken an event that it answers with ${name}, ${says}`, () => {
      const { processor, record, logger } = makeHarness({
        eventQueue: makeQueue({ enqueue: () => answer }).queue,
        maxQueueSize: 10,
      });
      expect(record(20)).to.equal(0);
      expect(processor.ledger()).to.deep.include({ pending: 0, dropped: { queue_full: 20 } });
      const rule = 'has to return true, or false for an event that it refuses: this one counts as queue_full';
      const line = `eventQueue.enqueue returns ${name}, and ${rule}`;
      expect(logger.at('error')).to.deep.equal(answer === false ? [] : [line]);
    });
  }

  const junk: [string, unknown, string[]][] = [
    ['nothing', undefined, []],
    ['null', null, []],
    ['text', 'event', ['eventQueue.dequeue returns a string which is not an event']],
    ['an empty object', {}, ['eventQueue.dequeue returns an object which is not an event']],
    ['false', false, ['eventQueue.dequeue returns a boolean which is not an event']],
  ];
  for (const [name, given, lines] of junk) {
    it(`keeps what it took while it gives back ${name}`, async () => {
      const { processor, record, logger, exporter } = makeHarness({
        eventQueue: makeQueue({ dequeue: () => given }).queue,
      });
      expect(record(3)).to.equal(3);
      expect(exporter.sizes).to.deep.equal([]);
      expect(processor.ledger()).to.deep.include({ pending: 3 });
      await processor.stop();
      expect(processor.ledger()).to.deep.include({ pending: 0, dropped: { shutdown_timeout: 3 } });
      expect(logger.at('error').filter(line => line.startsWith('eventQueue'))).to.deep.equal(lines);
    });
  }

  it('gives back what is behind something that is not an event', async () => {
    const { queue, events } = makeQueue();
    const { processor, record, exporter, answerAll } = makeHarness({ eventQueue: queue, startOnInit: false });
    record(1);
    for (const wrong of ['event', {}, 5, []]) events.push(wrong as never);
    record(2);
    processor.start();
    expect(exporter.sizes).to.deep.equal([1, 1, 1]);
    answerAll();
    expect(processor.ledger()).to.deep.include({ recorded: 3, delivered: 3, pending: 0 });
  });

  const fail = () => {
    throw new TypeError('secret');
  };
  const hostile: [string, () => unknown][] = [
    ...['type', 'uuid', 'context', 'json', 'byteLength', 'acceptedAt'].map(
      (member): [string, () => unknown] => [
        `an event whose ${member} throws`,
        () => Object.defineProperty(makeUserEvent(), member, { get: fail }),
      ],
    ),
    ['a length that is text', () => ({ ...makeUserEvent(), byteLength: '400' })],
    ['a length that is a bigint', () => ({ ...makeUserEvent(), byteLength: 400n })],
    ['a length that is an object', () => ({ ...makeUserEvent(), byteLength: { valueOf: () => 400 } })],
    ['no length', () => ({ ...makeUserEvent(), byteLength: Number.POSITIVE_INFINITY })],
    ['an account that is a bigint', () => ({ ...makeUserEvent(), context: { accountId: 1n } })],
    [
      'a context that throws',
      () => ({ ...makeUserEvent(), context: Object.defineProperty({}, 'accountId', { get: fail }) }),
    ],
    ['a proxy that throws', () => new Proxy({}, { get: fail })],
  ];
  for (const [name, make] of hostile) {
    it(`gives back what is behind ${name}, and all later events go on`, async () => {
      const { queue, events } = makeQueue();
      const { processor, record, exporter, answerAll, logger } = makeHarness({
        eventQueue: queue,
        startOnInit: false,
      });
      record(1);
      events.push(make() as never);
      record(1);
      processor.start();
      expect(record(2)).to.equal(2);
      expect(exporter.sizes).to.deep.equal([1, 1, 1, 1]);
      answerAll();
      expect(processor.ledger()).to.deep.include({ recorded: 4, delivered: 4, pending: 0, dropped: {} });
      expect(logger.at('error').length, 'said once').to.equal(1);
      expect(logger.at('error')[0]).to.match(
        /^eventQueue\.dequeue (?:failed: TypeError|returns an .*object which is not an event)$/,
      );
    });
  }

  for (const copies of [false, true]) {
    for (const length of [1, 2, 3]) {
      const what = copies ? 'copies of the same' : 'the same';
      it(`that gives back ${what} ${length} events for ever keeps no call from returning`, async () => {
        let calls = 0;
        const { queue, events } = makeQueue({
          dequeue() {
            if (calls > 1_000) throw new Error('for ever');
            const event = events[calls++ % length];
            return copies && event !== undefined ? JSON.parse(JSON.stringify(event)) : event;
          },
        });
        const { processor, record, logger, exporter } = makeHarness({
          eventQueue: queue,
          startOnInit: false,
        });
        exporter.immediate = true;
        record(length);
        processor.start();
        expect(calls).to.be.within(length, 2 * length + 1);
        record();
        await processor.stop();
        expect(calls).to.be.below(40);
        expect(logger.at('error').filter(line => line.startsWith('eventQueue'))).to.deep.equal([
          'eventQueue.dequeue returns the same event again: it has to remove what it returns',
        ]);
        const { recorded, recovered, delivered, pending, dropped } = processor.ledger();
        const ended = delivered + pending + Object.values(dropped).reduce((sum, count) => sum + count, 0);
        expect(ended).to.equal(recorded + recovered);
      });
    }
  }

  it('may give back events of one uuid in another order: each hears what became of itself', async () => {
    const { queue, events } = makeQueue({ dequeue: () => events.pop() });
    const { processor, exporter } = makeHarness({ eventQueue: queue, startOnInit: false });
    const heard: string[] = [];
    for (const name of ['first', 'second']) {
      const settlement = { settled: (outcome: string) => void heard.push(`${name} ${outcome}`) };
      processor.process({ ...makeUserEvent({ uuid: 'same' }), settlement });
    }
    processor.start();
    const [answerSecond, answerFirst] = exporter.callbacks;
    answerSecond?.({ code: 0 });
    answerFirst?.({ code: 1 });
    expect(heard).to.deep.equal(['second delivered', 'first rejected']);
    await processor.stop();
  });

  it('may hold the same event twice, and events of another process', async () => {
    const { queue, events } = makeQueue();
    const { processor, logger, answerAll } = makeHarness({ eventQueue: queue, startOnInit: false });
    const event = makeUserEvent();
    processor.process(event);
    processor.process(event);
    for (let n = 0; n < 5; n++) events.push(makeUserEvent());
    processor.start();
    answerAll();
    expect(processor.ledger()).to.deep.include({ recorded: 2, recovered: 5, delivered: 7, pending: 0 });
    expect(logger.at('error')).to.deep.equal([]);
  });

  it('is said by name and method where it throws', async () => {
    const fail = () => {
      throw new TypeError('secret');
    };
    const size = { get: fail };
    const queue = makeQueue({ enqueue: fail, dequeue: fail }).queue;
    const { logger, record } = makeHarness({ eventQueue: Object.defineProperty(queue, 'size', size) });
    record(2);
    expect(logger.at('error').sort()).to.deep.equal([
      'eventQueue.dequeue failed: TypeError',
      'eventQueue.enqueue failed: TypeError',
      'eventQueue.size failed: TypeError',
    ]);
  });

  it('loses at the end only what it does not give back', async () => {
    let kept = 0;
    const { queue, events } = makeQueue({ dequeue: () => (kept++ < 1 ? events.shift() : undefined) });
    const { processor, record, answerAll } = makeHarness({ eventQueue: queue, startOnInit: false });
    expect(record(3)).to.equal(3);
    processor.start();
    answerAll();
    await processor.stop();
    expect(processor.ledger()).to.deep.include({
      ...{ delivered: 1, pending: 0 },
      dropped: { shutdown_timeout: 2 },
    });
  });
});

describe('an exporter of the application', () => {
  const plain = (event: SerializedEvent) => ({ json: event.json, byteLength: event.byteLength });
  const namings: [string, (events: readonly SerializedEvent[]) => unknown][] = [
    ['themselves', events => events],
    ['copies', events => events.map(event => ({ ...event }))],
    ['plain objects with their texts', events => events.map(plain)],
    ['a Set of them', events => new Set(events)],
    ['them, twice', events => [...events, ...events.map(plain)]],
    ['them, among what is not an event', events => [null, 5, {}, ...events, undefined]],
  ];
  for (const [name, names] of namings) {
    it(`names events of its result by ${name}`, () => {
      const { processor, record } = makeHarness({
        batchSize: 3,
        exporter: {
          export({ events }, done) {
            const [first, ...others] = events;
            const dropped = [{ reason: 'expired', events: names(others) }];
            const streamed = names([first as SerializedEvent]);
            done({ code: 0, dropped, streamed } as never);
          },
        },
      });
      record(3);
      expect(processor.ledger()).to.deep.include({ streamed: 1, delivered: 0, dropped: { expired: 2 } });
    });

    it(`settles events by ${name}`, () => {
      const { processor, record } = makeHarness({
        batchSize: 3,
        exporter: {
          export({ events, settle: settlePart }, done) {
            settlePart(names(events.slice(1)) as never, 'rejected');
            done({ code: 0 });
          },
        },
      });
      record(3);
      expect(processor.ledger()).to.deep.include({ pending: 0, delivered: 1, dropped: { rejected: 2 } });
    });
  }

  for (const when of ['before', 'after'] as const) {
    it(`may be asynchronous and call back, ${when} its promise is fulfilled`, async () => {
      const { processor, record, logger } = makeHarness({
        exporter: {
          async export(_batch: ExportBatch, done: (result: EventExportResult) => void) {
            if (when === 'before') done({ code: 0 });
            else setImmediate(() => done({ code: 0 }));
          },
        } as never,
      });
      record(2);
      await processor.flush();
      expect(processor.ledger()).to.deep.include({ delivered: 2, pending: 0 });
      const early = 'exporter.export returns a promise that is fulfilled before it calls back';
      expect(logger.at('error').filter(line => line.startsWith(early))).to.have.length(
        when === 'before' ? 0 : 1,
      );
      expect(logger.at('error')).to.have.length(when === 'before' ? 0 : 1);
    });
  }

  it('names of two events with the same text as many as it names', () => {
    const { processor } = makeHarness({
      batchSize: 3,
      exporter: {
        export: ({ events }, done) =>
          done({
            code: 0,
            dropped: [{ reason: 'expired', events: [plain(events[0] as SerializedEvent)] as never }],
          }),
      },
    });
    for (const uuid of ['same', 'same', 'other']) processor.process(makeUserEvent({ uuid }));
    expect(processor.ledger()).to.deep.include({ delivered: 2, dropped: { expired: 1 } });
  });

  it('may take the events out of the list that it is given', async () => {
    const seen: number[] = [];
    const { processor, record } = makeHarness({
      batchSize: 3,
      exporter: {
        export({ events }, done) {
          seen.push((events as SerializedEvent[]).splice(0).length);
          done({ code: 0 });
        },
      },
    });
    record(3);
    expect(seen).to.deep.equal([3]);
    expect(processor.ledger()).to.deep.include({ delivered: 3, pending: 0 });
  });

  const results: [string, unknown][] = [
    ['undefined', undefined],
    ['null', null],
    ['a string', 'done'],
    ['a boolean', true],
    ['a number', 0],
    ['an object', {}],
    ['an object', { code: 2 }],
    ['an object', { code: '0' }],
    ['an error', new Error('secret')],
  ];
  for (const [name, result] of results) {
    it(`that calls back with ${name} ${JSON.stringify(result)} refuses the batch, which is said once`, () => {
      const { processor, record, logger } = makeHarness({
        exporter: { export: (_, done) => done(result as never) },
      });
      record(2);
      expect(processor.ledger()).to.deep.include({ pending: 0, dropped: { rejected: 2 } });
      const kind = name === 'an error' ? 'an object' : name;
      expect(logger.at('error')).to.deep.equal([
        `exporter.export calls back with ${kind}, and has to call back with { code: 0 } or { code: 1 }: its events count as rejected`,
      ]);
    });
  }

  it('may resolve to its result', async () => {
    const { processor, record, logger } = makeHarness({
      exporter: { export: (async () => ({ code: 0 })) as never },
    });
    record(2);
    await settle();
    expect(processor.ledger()).to.deep.include({ delivered: 2, pending: 0 });
    expect(logger.lines).to.deep.equal([]);
  });

  it('that calls back and resolves to something else has called back', async () => {
    const exporter = {
      async export(_: ExportBatch, done: (result: { code: 0 | 1 }) => void) {
        done({ code: 0 });
        return { code: 1 };
      },
    };
    const { processor, record, logger } = makeHarness({ exporter: exporter as never });
    record(2);
    await settle();
    expect(processor.ledger()).to.deep.include({ delivered: 2, dropped: {} });
    expect(logger.lines).to.deep.equal([]);
  });

  it('whose promise ends before it calls back is told of once, and may call back later', async () => {
    const callbacks: (() => void)[] = [];
    const { processor, record, logger } = makeHarness({
      exporter: {
        export: (async (_: ExportBatch, done: (result: { code: 0 }) => void) =>
          void callbacks.push(() => done({ code: 0 }))) as never,
      },
    });
    record(2);
    await settle();
    expect(processor.ledger()).to.deep.include({ pending: 2 });
    expect(logger.at('error')).to.deep.equal([
      'exporter.export returns a promise that is fulfilled before it calls back: its batch is pending until it does',
    ]);
    for (const callBack of callbacks) callBack();
    expect(processor.ledger()).to.deep.include({ delivered: 2, pending: 0 });
  });
});

describe('a batch that grew while the exporter was busy', () => {
  it('says its exact size, and so does what stays behind of it', () => {
    const batches: ExportBatch[] = [];
    let busy = true;
    let ready = () => {};
    const { processor } = makeHarness({
      ...{ batchSize: 2, maxBatchSize: 100 },
      exporter: {
        isBusy: () => busy,
        onReady: listener => {
          ready = listener;
        },
        export: batch => void batches.push(batch),
      },
    });
    for (const text of ['a', 'bb', 'ccc', 'ü', 'eeeee']) {
      processor.process(makeUserEvent({ json: JSON.stringify({ visitor_id: text }) }));
    }
    expect(batches).to.deep.equal([]);
    busy = false;
    ready();
    processor.process(makeUserEvent({ json: JSON.stringify({ visitor_id: 'last' }) }));
    expect(batches.map(({ events }) => events.length)).to.deep.equal([4, 2]);
    for (const { events, byteLength } of batches) {
      const { body } = new EventFactory().createLogEvent(events);
      expect(byteLength).to.equal(Buffer.byteLength(body));
    }
    expect(batches.map(({ cause }) => cause)).to.deep.equal(['size', 'size']);
  });
});

describe('what a processor says of its end', () => {
  it('of a flush: how many events it could not deliver in time, and nothing where it could', async () => {
    const { processor, record, logger, runtime, answerAll } = makeHarness({ timeoutIntervalMillis: 700 });
    record(2);
    const late = processor.flush();
    await runtime.advance(699);
    expect(logger.lines).to.deep.equal([]);
    await runtime.advance(1);
    await late;
    expect(logger.at('warn')).to.deep.equal([
      'forceFlush() ended after 700 ms; events undelivered, which stay pending: 2',
    ]);
    const inTime = processor.flush();
    answerAll();
    await inTime;
    expect(logger.lines).to.have.length(1);
    record();
    const again = processor.flush();
    await runtime.advance(700);
    await again;
    expect(logger.at('warn')[1], 'what has arrived is not in flight').to.match(/pending: 1$/);
  });

  it('of a shutdown: events that are given back to their sender are not said to be dropped', async () => {
    for (const [given, own] of [
      [3, 0],
      [2, 2],
    ] as const) {
      const { processor, runtime, logger, record } = makeHarness({ timeoutIntervalMillis: 700 });
      const outcomes: string[] = [];
      for (let n = 0; n < given; n++) {
        const settlement = { settled: (outcome: string) => void outcomes.push(outcome) };
        processor.process(makeUserEvent({ acceptedAt: runtime.monotonic(), settlement }));
      }
      record(own);
      const stopping = processor.stop();
      await runtime.advance(700);
      await stopping;
      expect(outcomes).to.deep.equal(Array(given).fill('shutdown_timeout'));
      expect(logger.at('error')[0]).to.match(
        new RegExp(`lost: ${own}, .* given back to those who handed them over: ${given}$`),
      );
      expect(logger.at('warn')).to.deep.equal(
        own === 0
          ? []
          : [
              `experiment events were dropped (shutdown_timeout): ${own}; raise timeoutIntervalMillis, or give OptimizelySpanProcessor an eventStore`,
            ],
      );
    }
  });

  it('of a shutdown: how many events are lost, and nothing where none is', async () => {
    const lost = makeHarness({ timeoutIntervalMillis: 700 });
    lost.record(2);
    const stopping = lost.processor.stop();
    await lost.runtime.advance(700);
    await stopping;
    expect(lost.logger.at('error')).to.deep.equal([
      'shutdown ended after 700 ms; events undelivered: 2, of these lost: 2, in the event store: 0',
    ]);
    const whole = makeHarness();
    whole.record(2);
    whole.answerAll();
    await whole.processor.stop();
    expect(whole.logger.lines).to.deep.equal([]);
    whole.processor.start();
    expect(whole.logger.lines, 'a start after it does nothing').to.deep.equal([]);
  });

  it('of a shutdown where the exporter does not end and nothing is left: nothing', async () => {
    const { processor, exporter, record, answerAll, logger, runtime } = makeHarness({
      timeoutIntervalMillis: 700,
    });
    exporter.forceFlush = () => new Promise(() => {});
    record(2);
    answerAll();
    const stopping = processor.stop();
    await runtime.advance(700);
    await stopping;
    expect(logger.lines).to.deep.equal([]);
    expect(processor.ledger()).to.deep.include({ delivered: 2, dropped: {} });
  });

  it('of a second start', () => {
    const { processor, logger } = makeHarness();
    processor.start();
    expect(logger.at('warn')).to.deep.equal(['start() was called twice; the second call does nothing']);
  });

  it('of an exporter without a flush or a shutdown: nothing', async () => {
    const { processor, record, logger } = makeHarness({
      exporter: { export: (_batch, done) => done({ code: 0 }) },
    });
    record(2);
    await processor.flush();
    await processor.stop();
    expect(logger.lines).to.deep.equal([]);
    expect(processor.ledger()).to.deep.include({ delivered: 2, pending: 0 });
  });
});

describe('the age of a batch', () => {
  it('is counted anew for the events that come after one that left early', async () => {
    const { processor, exporter, runtime, record } = makeHarness({
      ...{ batchSize: 2, maxBatchSize: 2, flushIntervalMillis: 1_000 },
    });
    record();
    await runtime.advance(600);
    record();
    expect(exporter.causes).to.deep.equal(['size']);
    record();
    await runtime.advance(999);
    expect(exporter.causes, 'the timer of the first batch finds a younger one').to.deep.equal(['size']);
    await runtime.advance(1);
    expect(exporter.causes).to.deep.equal(['size', 'age']);
    await runtime.advance(5_000);
    expect(exporter.causes).to.deep.equal(['size', 'age']);
    expect(runtime.armed, 'no timer without an event').to.equal(0);
    expect(processor.ledger().pending).to.equal(3);
  });
});

describe('an exporter of the application that tells LOG_EVENT listeners', () => {
  it('need not say what of the batch it sends: all of it', () => {
    const center = new NotificationCenter();
    const told: unknown[] = [];
    center.addNotificationListener(NotificationType.LOG_EVENT, (_logEvent, info) => told.push(info));
    const sizes: number[] = [];
    const { record } = makeHarness({
      ...{ batchSize: 2, maxBatchSize: 2, notificationCenter: center },
      exporter: {
        export({ events, byteLength, notifyLogEvent }, done) {
          sizes.push(byteLength);
          notifyLogEvent(new EventFactory().createLogEvent(events));
          done({ code: 0 });
        },
      },
    });
    record(2);
    expect(told).to.deep.equal([{ cause: 'size', eventCount: 2, byteLength: sizes[0] }]);
  });
});
