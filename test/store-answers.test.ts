// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import {
  type EventExporter,
  type EventQueue,
  type EventStore,
  OptimizelySpanProcessor,
  type OptimizelySpanProcessorOptions,
  type SerializedEvent,
  StaticProjectConfigManager,
} from 'opentelemetry-exporter-optimizely';
import type { EventStoreHost } from 'opentelemetry-exporter-optimizely/file-store';
import { makeDatafile } from './support/datafile.js';
import { makeContext, RecordingDispatcher, RecordingLogger } from './support/fakes.js';
import { ManualRuntime, settle } from './support/manual-runtime.js';

const CONVERSION = { userId: 'v', eventKey: 'purchase' };
const made: OptimizelySpanProcessor[] = [];

/** A processor over a store that answers what the test says. */
function makeHarness(own: object = {}, options: Partial<OptimizelySpanProcessorOptions> = {}) {
  const runtime = new ManualRuntime();
  const dispatcher = new RecordingDispatcher();
  const logger = new RecordingLogger();
  let host: EventStoreHost | undefined;
  let tickets = 100;
  const removed: number[] = [];
  const store = {
    open(given: EventStoreHost) {
      host = given;
    },
    append: () => ++tickets,
    remove: (gone: number[]) => void removed.push(...gone),
    release: () => {},
    available: 0,
    read: async () => [],
    close: async () => {},
    ...own,
  } as unknown as EventStore;
  const processor = new OptimizelySpanProcessor({
    datafile: makeDatafile(),
    eventDispatcher: dispatcher,
    eventStore: store,
    logger,
    runtime,
    ...options,
  });
  made.push(processor);
  return {
    ...{ processor, dispatcher, logger, runtime, removed },
    /** What the store tells of itself. */
    adopted: (count: unknown) => host?.adopted(count as number),
    lost: (count: unknown) => host?.lost(count as number),
  };
}

/** A queue that is a list. */
function makeQueue(): EventQueue {
  const list: SerializedEvent[] = [];
  return {
    get size() {
      return list.length;
    },
    enqueue: event => list.push(event) > 0,
    dequeue: () => list.shift(),
  };
}

function freezeAll(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const member of Object.values(value)) freezeAll(member);
}

const resolved = (uuid: string) => ({
  ...{ kind: 'resolved', type: 'conversion', uuid, context: makeContext(), acceptedAt: 1.7e12 },
  json: `{"visitor_id":"${uuid}","attributes":[],"snapshots":[]}`,
});
const unresolved = (uuid: string) => ({
  kind: 'unresolved',
  event: { type: 'conversion', ...CONVERSION, uuid, timestamp: 1.7e12 },
  acceptedAt: 1.7e12,
});

describe('an event store of the application', () => {
  afterEach(async () => {
    await Promise.all(made.splice(0).map(processor => processor.shutdown()));
  });

  for (const method of ['open', 'append', 'remove', 'release', 'read', 'close']) {
    it(`that fails at ${method} is logged with the method, once, and costs no event`, async () => {
      let calls = 0;
      const { processor, logger, runtime, adopted, dispatcher } = makeHarness({
        [method]() {
          calls++;
          throw new TypeError('secret');
        },
      });
      adopted(1);
      for (let n = 0; n < 2; n++) processor.recordConversion(CONVERSION);
      await runtime.advance(2_000);
      await processor.forceFlush();
      expect(dispatcher.uuids).to.have.length(2);
      dispatcher.answer = () => ({ statusCode: 503 });
      processor.recordConversion(CONVERSION);
      const ended = processor.shutdown();
      await runtime.advance(10_000);
      await ended;
      expect(calls).to.be.greaterThan(0);
      expect(logger.at('error').filter(line => line.startsWith('eventStore.'))).to.deep.equal([
        `eventStore.${method} failed: TypeError`,
      ]);
    });
  }

  it('that rejects at open is logged', async () => {
    const { logger } = makeHarness({ open: () => Promise.reject(new TypeError('secret')) });
    await settle();
    expect(logger.at('error')).to.deep.equal(['eventStore.open failed: TypeError']);
  });

  const answers: [unknown, string, object][] = [
    [7, 'a ticket', { stored: 1, dropped: {} }],
    ['full', 'that it is full', { stored: 0, dropped: { store_full: 1 } }],
    ['failed', 'that the disk refused', { stored: 0, dropped: { queue_full: 1 } }],
    [undefined, 'nothing', { stored: 0, dropped: { queue_full: 1 } }],
    ['7', 'text', { stored: 0, dropped: { queue_full: 1 } }],
    [null, 'null', { stored: 0, dropped: { queue_full: 1 } }],
  ];
  for (const [answer, name, ledger] of answers) {
    it(`takes what memory has no room for only where it answers with a ticket, here with ${name}`, () => {
      const { processor } = makeHarness({ append: () => answer }, { maxQueueSize: 1 });
      processor.recordConversion(CONVERSION);
      expect(processor.recordConversion(CONVERSION) !== undefined).to.equal(answer === 7);
      expect(processor.ledger()).to.deep.include({ pending: 1, ...ledger });
    });
  }

  const wrongAnswers: [unknown, string][] = [
    [undefined, 'undefined'],
    [null, 'null'],
    [Number.NaN, 'NaN'],
    ['7', 'a string'],
    [true, 'a boolean'],
    [{ ticket: 7 }, 'an object'],
    [[7], 'an array'],
    [Promise.resolve(7), 'a promise'],
  ];
  for (const [answer, kind] of wrongAnswers) {
    it(`that answers append with ${kind} has no record, which is said once`, async () => {
      const { processor, logger, removed } = makeHarness({ append: () => answer });
      processor.recordConversion(CONVERSION);
      processor.recordConversion(CONVERSION);
      await processor.forceFlush();
      expect(removed).to.deep.equal([]);
      expect(processor.ledger()).to.deep.include({ delivered: 2, stored: 0 });
      expect(logger.at('error')).to.deep.equal([
        `eventStore.append returns ${kind}, and has to return a number, 'full' or 'failed': events are in memory only`,
      ]);
    });
  }

  for (const [answer, kind] of wrongAnswers.filter(([, kind]) => !['an array', 'a promise'].includes(kind))) {
    it(`that resolves read to ${kind} keeps what it has, which is said once`, async () => {
      const { processor, logger, adopted } = makeHarness({ read: async () => answer });
      adopted(2);
      for (let n = 0; n < 2; n++) await processor.forceFlush();
      expect(processor.ledger()).to.deep.include({ stored: 2, dropped: {} });
      expect(logger.at('error')).to.deep.equal([
        `eventStore.read resolves to ${kind}, and has to resolve to an array: what it has stays there`,
      ]);
    });
  }

  it('whose read hangs costs a shutdown no time for the events that are in memory', async () => {
    const { processor, runtime, adopted, dispatcher } = makeHarness({
      append: () => 'failed',
      read: () => new Promise(() => {}),
    });
    dispatcher.answer = () =>
      new Promise(resolve => runtime.setTimer(() => resolve({ statusCode: 204 }), 4_900));
    adopted(5);
    await runtime.advance(2_000);
    processor.recordConversion(CONVERSION);
    const ended = processor.shutdown();
    await runtime.advance(6_000);
    await ended;
    expect(processor.ledger()).to.deep.include({ delivered: 1, stored: 5, pending: 0, dropped: {} });
  });

  it('whose read hangs keeps no event that failed before from being tried again in a shutdown', async () => {
    const { processor, runtime, adopted, dispatcher } = makeHarness(
      { append: () => 'failed', read: () => new Promise(() => {}) },
      { batchSize: 1 },
    );
    dispatcher.answer = attempt =>
      new Promise(resolve => {
        const answer = { statusCode: attempt === 1 ? 401 : 204 };
        runtime.setTimer(() => resolve(answer), attempt === 1 ? 0 : 4_000);
      });
    adopted(5);
    await runtime.advance(2_000);
    processor.recordConversion(CONVERSION);
    await runtime.advance(10);
    expect(dispatcher.attempts).to.equal(1);
    const ended = processor.shutdown();
    await runtime.advance(6_000);
    await ended;
    expect(processor.ledger()).to.deep.include({ delivered: 1, stored: 5, pending: 0, dropped: {} });
  });

  it('adopts only counts of records, and loses no more than it has', () => {
    const { processor, adopted, lost } = makeHarness();
    for (const junk of [0, -1, 1.5, '2', Number.NaN, Number.POSITIVE_INFINITY, null, undefined]) {
      adopted(junk);
      lost(junk);
    }
    expect(processor.ledger()).to.deep.include({ recovered: 0, stored: 0, dropped: {} });
    lost(1);
    expect(processor.ledger()).to.deep.include({ recovered: 0, stored: 0, dropped: {} });
    adopted(3);
    for (const junk of [0, -1, 1.5, '2', Number.NaN]) lost(junk);
    expect(processor.ledger()).to.deep.include({ recovered: 3, stored: 3, dropped: {} });
    lost(2);
    expect(processor.ledger()).to.deep.include({ recovered: 3, stored: 1, dropped: { unreadable: 2 } });
    lost(5);
    expect(processor.ledger()).to.deep.include({ recovered: 3, stored: 0, dropped: { unreadable: 3 } });
  });

  const records: [string, unknown][] = [
    ['null', null],
    ['nothing', undefined],
    ['a number', 5],
    ['an empty object', {}],
    ['a ticket that is text', { ticket: '1', event: resolved('bad') }],
    ['no ticket', { event: resolved('bad') }],
    ['no event', { ticket: 1 }],
    ['a null event', { ticket: 1, event: null }],
    ['an event that is text', { ticket: 1, event: 'bad' }],
    ['no time', { ticket: 1, event: { ...resolved('bad'), acceptedAt: undefined } }],
    ['a time that is none', { ticket: 1, event: { ...unresolved('bad'), acceptedAt: Number.NaN } }],
    ['another kind', { ticket: 1, event: { ...resolved('bad'), kind: 'other' } }],
    ['no kind', { ticket: 1, event: { ...resolved('bad'), kind: undefined } }],
    ['a null input', { ticket: 1, event: { ...unresolved('bad'), event: null } }],
    ['an input that is text', { ticket: 1, event: { ...unresolved('bad'), event: 'bad' } }],
    ['no input', { ticket: 1, event: { ...unresolved('bad'), event: undefined } }],
    ['a list for JSON', { ticket: 1, event: { ...resolved('bad'), json: '[]' } }],
    ['no context', { ticket: 1, event: { ...resolved('bad'), context: undefined } }],
  ];
  const fail = () => {
    throw new TypeError('secret');
  };
  const throwing = (holder: object, member: string) =>
    Object.defineProperty(holder, member, { get: fail, enumerable: true });
  for (const member of ['ticket', 'event'])
    records.push([`a ${member} that throws`, throwing({ ticket: 1, event: resolved('bad') }, member)]);
  for (const member of Object.keys(resolved('bad')))
    records.push([
      `${member} of an event that throws`,
      { ticket: 1, event: throwing(resolved('bad'), member) },
    ]);
  for (const member of ['kind', 'event', 'acceptedAt'])
    records.push([
      `${member} of an input that throws`,
      { ticket: 1, event: throwing(unresolved('bad'), member) },
    ]);
  const { event: input } = unresolved('bad');
  records.push([
    'an input whose uuid throws',
    { ticket: 1, event: { ...unresolved('bad'), event: throwing({ ...input }, 'uuid') } },
  ]);
  records.push(['a proxy that throws', new Proxy({}, { get: fail })]);

  function ticketOf(record: unknown): number[] {
    try {
      return (record as { ticket?: unknown } | null | undefined)?.ticket === 1 ? [1] : [];
    } catch {
      return [];
    }
  }

  for (const [name, record] of records) {
    it(`has a record counted as unreadable that is none, said once, and the others delivered: ${name}`, async () => {
      const page = [
        { ticket: 11, event: resolved('first') },
        record,
        { ticket: 12, event: unresolved('last') },
      ];
      const { processor, runtime, adopted, dispatcher, removed, logger } = makeHarness({
        read: async () => page.splice(0),
      });
      adopted(3);
      await runtime.advance(2_000);
      expect(dispatcher.visitors.map(({ visitor_id }) => visitor_id)).to.deep.equal(['first', 'v']);
      expect(processor.ledger()).to.deep.include({
        ...{ recovered: 3, delivered: 2, stored: 0, pending: 0 },
        dropped: { unreadable: 1 },
      });
      expect(logger.at('error')).to.deep.equal([
        'eventStore.read resolves to records that are not: each counts as unreadable, and is removed',
      ]);
      // Or it would come back in every later life.
      const ofOthers = new Set([11, 12, 101]);
      expect(removed).to.include(11);
      expect(removed.filter(ticket => !ofOthers.has(ticket))).to.deep.equal(ticketOf(record));
    });
  }

  for (const wait of ['a flush', 'a second'] as const) {
    it(`may give a list that throws when it is looked at: ${wait} goes on, and asks again later`, async () => {
      let reads = 0;
      const list = new Proxy([{ ticket: 11, event: resolved('first') }], {
        get: (target, name) =>
          name === 'length' || name === Symbol.iterator ? fail() : Reflect.get(target, name),
      });
      const { processor, runtime, adopted, logger } = makeHarness({
        read: async () => (++reads === 1 ? list : [{ ticket: 11, event: resolved('first') }]),
      });
      adopted(1);
      if (wait === 'a flush') await processor.forceFlush();
      await runtime.advance(3_000);
      expect(processor.ledger()).to.deep.include({ recovered: 1, delivered: 1, stored: 0, dropped: {} });
      expect(logger.at('error')).to.deep.equal(['eventStore.read failed: TypeError']);
    });
  }

  for (const answer of [undefined, null, 'records', { length: 1 }]) {
    it(`is asked again later where it reads ${JSON.stringify(answer)}`, async () => {
      let reads = 0;
      const { processor, runtime, adopted } = makeHarness({
        read: async () => (++reads === 1 ? answer : [{ ticket: 11, event: resolved('first') }]),
      });
      adopted(1);
      await runtime.advance(3_000);
      expect(reads).to.equal(2);
      expect(processor.ledger()).to.deep.include({ recovered: 1, delivered: 1, stored: 0 });
    });
  }

  it('has a page that is read while a flush waits for others waited for by it, too', async () => {
    const page = [{ ticket: 11, event: resolved('stored') }];
    const { processor, runtime, adopted, dispatcher } = makeHarness(
      { append: () => 'failed', read: async () => page.splice(0) },
      { batchSize: 1, maxConcurrentRequests: 1 },
    );
    const answers: ((answer: { statusCode: number }) => void)[] = [];
    dispatcher.answer = () => new Promise(resolve => answers.push(resolve));
    processor.recordConversion(CONVERSION);
    adopted(1);
    let hasEnded = false;
    const ended = processor.forceFlush().then(() => {
      hasEnded = true;
    });
    await runtime.advance(1_100);
    expect(processor.ledger(), 'the page has been read').to.deep.include({ stored: 0, pending: 2 });
    for (let n = 0; n < 2; n++) {
      expect(hasEnded).to.equal(false);
      answers.shift()?.({ statusCode: 204 });
      await runtime.advance(0);
    }
    await ended;
    expect(processor.ledger()).to.deep.include({ recovered: 1, delivered: 2, pending: 0, stored: 0 });
  });

  it('whose read hangs has its events named by a flush that ends in vain', async () => {
    const { processor, runtime, adopted, logger } = makeHarness({ read: () => new Promise(() => {}) });
    adopted(5);
    const ended = processor.forceFlush();
    await runtime.advance(6_000);
    await ended;
    expect(logger.at('warn')).to.deep.equal([
      'forceFlush() ended after 5000 ms; events undelivered, which stay pending: 0, in the event store: 5',
    ]);
    const stopped = processor.shutdown();
    await runtime.advance(6_000);
    await stopped;
  });

  it('may have more than it told of, which counts as recovered', async () => {
    const page = ['a', 'b', 'c'].map((uuid, n) => ({ ticket: n, event: resolved(uuid) }));
    const { processor, runtime, adopted } = makeHarness({ read: async () => page.splice(0) });
    adopted(1);
    await runtime.advance(2_000);
    expect(processor.ledger()).to.deep.include({ recovered: 3, delivered: 3, stored: 0, pending: 0 });
  });

  it('may have a record that throws when it is looked at, which is dropped by its uuid and removed', async () => {
    const context = {
      ...makeContext(),
      get accountId(): string {
        throw new TypeError('secret');
      },
    };
    const bad = { ...resolved('bad'), context };
    Object.defineProperty(bad, 'context', { value: context, enumerable: true });
    const page = [
      { ticket: 11, event: bad },
      { ticket: 12, event: resolved('good') },
    ];
    const { processor, runtime, adopted, removed, logger } = makeHarness({
      read: async () => page.splice(0),
    });
    adopted(2);
    await runtime.advance(2_000);
    expect(processor.ledger()).to.deep.include({ recovered: 2, delivered: 1, dropped: { invalid: 1 } });
    expect(removed.sort()).to.deep.equal([11, 12]);
    expect(logger.at('warn')).to.include("a stored event can't be resolved and is dropped (TypeError)");
  });

  describe('is read', () => {
    const page = (count: number) =>
      Array.from({ length: count }, (_, n) => ({ ticket: n + 1, event: resolved(`stored-${n}`) }));

    /** When it was read, milliseconds from now on, and how many records it gave each time. */
    function makeReads(counts: number[], options: Partial<OptimizelySpanProcessorOptions> = {}) {
      const reads: number[] = [];
      let tickets = 0;
      const harness = makeHarness(
        {
          read: async () => {
            reads.push(harness.runtime.monotonic() - startedAt);
            return page(counts.shift() ?? 0).map(record => ({ ...record, ticket: ++tickets }));
          },
        },
        options,
      );
      const startedAt = harness.runtime.monotonic();
      harness.runtime.randomValue = 0.5;
      return { ...harness, reads };
    }

    it('after up to a second, page by page in quick succession, and after a second where nothing came', async () => {
      const { adopted, runtime, reads, processor } = makeReads([2, 0, 1, 1]);
      adopted(4);
      await runtime.advance(499);
      expect(reads).to.deep.equal([]);
      await runtime.advance(3_000);
      expect(reads).to.deep.equal([500, 505, 1_005, 1_010]);
      adopted(1);
      await runtime.advance(3_000);
      expect(reads[4], 'another process brought some').to.equal(3_999);
      expect(processor.ledger()).to.deep.include({ recovered: 5, delivered: 4 });
    });

    it('one page at a time while requests are busy, also where a page makes several batches', async () => {
      let reads = 0;
      const ofRevision = (revision: string) => ({
        ticket: Number(revision),
        event: { ...resolved(`stored-${revision}`), context: makeContext({ revision }) },
      });
      const pages = [[ofRevision('1'), ofRevision('2')], [ofRevision('3')]];
      const { processor, adopted, runtime, dispatcher } = makeHarness(
        { read: async () => pages[reads++] ?? [] },
        { maxConcurrentRequests: 1, requestTimeoutMillis: 100_000 },
      );
      const answers: ((answer: { statusCode: number }) => void)[] = [];
      dispatcher.answer = () => new Promise(resolve => answers.push(resolve));
      adopted(3);
      await runtime.advance(1_100);
      answers.shift()?.({ statusCode: 204 });
      await runtime.advance(5_000);
      expect(reads, 'the second batch of the first page is out').to.equal(1);
      for (let n = 0; n < 2; n++) {
        answers.shift()?.({ statusCode: 204 });
        await runtime.advance(1_100);
      }
      expect(reads).to.be.at.least(2);
      expect(processor.ledger()).to.deep.include({ recovered: 3, delivered: 3, pending: 0 });
    });

    it('no more once a shutdown has begun, and leaves no timer', async () => {
      const { adopted, runtime, reads, processor } = makeReads([1, 1]);
      adopted(2);
      await runtime.advance(100);
      const ended = processor.shutdown();
      await runtime.advance(5_000);
      await ended;
      adopted(1);
      await runtime.advance(5_000);
      expect(reads).to.deep.equal([]);
      expect(processor.ledger()).to.deep.include({ recovered: 3, stored: 3, pending: 0 });
      expect(runtime.armed).to.equal(0);
    });

    it('while less than half of memory is taken, also where that changes before its turn', async () => {
      const { adopted, runtime, reads, dispatcher, processor } = makeReads([1], {
        ...{ maxQueueSize: 4, batchSize: 1, maxBatchSize: 1, requestTimeoutMillis: 100_000 },
      });
      const answers: ((answer: { statusCode: number }) => void)[] = [];
      dispatcher.answer = () => new Promise(resolve => answers.push(resolve));
      processor.recordConversion(CONVERSION);
      adopted(1);
      processor.recordConversion(CONVERSION);
      await runtime.advance(2_000);
      expect(reads, 'half is taken').to.deep.equal([]);
      answers.shift()?.({ statusCode: 204 });
      await runtime.advance(499);
      expect(reads).to.deep.equal([]);
      await runtime.advance(1);
      expect(reads).to.deep.equal([2_500]);
      for (const answer of answers.splice(0)) answer({ statusCode: 204 });
      await settle();
      for (const answer of answers.splice(0)) answer({ statusCode: 204 });
      await settle();
      expect(processor.ledger()).to.deep.include({ delivered: 3, pending: 0, stored: 0 });
    });
  });

  it('that hangs while it reads takes no time of its own at the end: all of it ends within the limit', async () => {
    const { adopted, dispatcher, processor, runtime } = makeHarness(
      { read: () => new Promise(() => {}) },
      { timeoutIntervalMillis: 700, requestTimeoutMillis: 100_000 },
    );
    dispatcher.answer = () => new Promise(() => {});
    adopted(1);
    await runtime.advance(2_000);
    processor.recordConversion(CONVERSION);
    let ended = false;
    const ending = processor.shutdown().then(() => {
      ended = true;
    });
    await runtime.advance(699);
    expect(ended).to.equal(false);
    await runtime.advance(1);
    await settle();
    expect(ended).to.equal(true);
    await ending;
  });

  it('has at the end what could not be delivered, and a line says how many events', async () => {
    const { adopted, dispatcher, processor, runtime, logger } = makeHarness(
      {},
      { timeoutIntervalMillis: 700, maxQueueSize: 4 },
    );
    dispatcher.answer = () => new Promise(() => {});
    processor.recordConversion(CONVERSION);
    processor.recordConversion(CONVERSION);
    adopted(5);
    const ended = processor.shutdown();
    await runtime.advance(700);
    await ended;
    expect(logger.at('error')).to.deep.equal([
      'shutdown ended after 700 ms; events undelivered: 2, of these lost: 0, in the event store: 2',
    ]);
    expect(processor.ledger()).to.deep.include({
      recorded: 2,
      recovered: 5,
      stored: 7,
      pending: 0,
      dropped: {},
    });
  });
});

describe('an event store that freezes what it is given', () => {
  for (const when of ['within append', 'later']) {
    for (const [what, options] of [
      ['by default', {}],
      ['with a batch an event', { batchSize: 1 }],
      ['where the caller waits to hear of the event', {}],
      ['with a queue of the application', { eventQueue: 'a list' }],
    ] as const) {
      it(`${when}, costs no event, ${what}`, async () => {
        const given: unknown[] = [];
        let ticket = 0;
        const append = (...all: unknown[]) => {
          if (when === 'later') given.push(all);
          else freezeAll(all);
          return ++ticket;
        };
        const eventQueue = 'eventQueue' in options ? makeQueue() : undefined;
        const { processor, dispatcher, runtime, removed } = makeHarness(
          { append },
          { ...options, eventQueue },
        );
        const settlement = what.includes('caller') ? { settled: () => {} } : undefined;
        for (let n = 0; n < 12; n++) {
          const event = { ...CONVERSION, type: 'conversion', uuid: `event-${n}`, timestamp: 1.7e12 } as const;
          expect(processor.receive(event, settlement)).to.equal(true);
          if (n === 5) given.splice(0).forEach(freezeAll);
        }
        given.splice(0).forEach(freezeAll);
        await processor.forceFlush();
        await runtime.advance(31_000);
        expect(
          dispatcher.visitors.map(({ snapshots }) => snapshots[0]?.events[0]?.uuid).sort(),
        ).to.deep.equal(Array.from({ length: 12 }, (_, n) => `event-${n}`).sort());
        expect(processor.ledger()).to.deep.include({ recorded: 12, delivered: 12, pending: 0, dropped: {} });
        expect(
          removed.sort((a, b) => a - b),
          'each record is removed',
        ).to.deep.equal(Array.from({ length: 12 }, (_, n) => n + 1));
      });
    }

    for (const answer of ['a ticket', 'full', 'failed'] as const) {
      for (const isQueued of [false, true]) {
        const way = isQueued ? 'a queue and an exporter' : 'an exporter';
        it(`${when}, costs no event with ${way} of the application where it answers ${answer}`, async () => {
          const given: unknown[] = [];
          let ticket = 0;
          const append = (...all: unknown[]) => {
            if (when === 'later') given.push(all);
            else freezeAll(all);
            return answer === 'a ticket' ? ++ticket : answer;
          };
          const exported: SerializedEvent[] = [];
          const exporter: EventExporter = {
            export: ({ events }, resultCallback) => {
              exported.push(...events.map(event => ({ ...event })));
              resultCallback({
                code: 0,
                dropped: [{ reason: 'expired', events: events.slice(0, 1).map(event => ({ ...event })) }],
              });
            },
            forceFlush: async () => {},
            shutdown: async () => {},
          };
          const { processor } = makeHarness(
            { append },
            { eventDispatcher: undefined, exporter, eventQueue: isQueued ? makeQueue() : undefined },
          );
          const outcomes: unknown[] = [];
          for (let n = 0; n < 6; n++) {
            const event = {
              ...CONVERSION,
              type: 'conversion',
              uuid: `event-${n}`,
              timestamp: 1.7e12,
            } as const;
            const settlement = n % 2 === 0 ? undefined : { settled: (how: unknown) => outcomes.push(how) };
            expect(processor.receive(event, settlement)).to.equal(true);
          }
          given.splice(0).forEach(freezeAll);
          await processor.forceFlush();
          expect(exported.map(({ uuid }) => uuid)).to.deep.equal(
            Array.from({ length: 6 }, (_, n) => `event-${n}`),
          );
          expect(processor.ledger()).to.deep.include({
            ...{ recorded: 6, delivered: 5, pending: 0, dropped: { expired: 1 } },
          });
          expect(outcomes).to.deep.equal(['delivered', 'delivered', 'delivered']);
        });
      }
    }

    it(`${when}, costs no event that waits for the datafile`, async () => {
      const given: unknown[] = [];
      let ticket = 0;
      const append = (...all: unknown[]) => {
        if (when === 'later') given.push(all);
        else freezeAll(all);
        return ++ticket;
      };
      const projectConfigManager = new StaticProjectConfigManager();
      const { processor, runtime } = makeHarness({ append }, { datafile: undefined, projectConfigManager });
      for (let n = 0; n < 3; n++) processor.recordConversion(CONVERSION);
      given.splice(0).forEach(freezeAll);
      projectConfigManager.setDatafile(makeDatafile());
      await processor.forceFlush();
      await runtime.advance(31_000);
      expect(processor.ledger()).to.deep.include({ recorded: 3, delivered: 3, pending: 0, dropped: {} });
    });
  }
});
