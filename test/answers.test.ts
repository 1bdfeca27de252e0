// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import {
  BatchEventProcessor,
  type BatchEventProcessorOptions,
  type EventExporter,
  type EventExportResult,
  EventFactory,
  type ExportBatch,
  type LogEvent,
  NotificationCenter,
  NotificationType,
  OptimizelyEventExporter,
  type SerializedEvent,
} from 'opentelemetry-exporter-optimizely';
import { makeUserEvent, RecordingDispatcher, RecordingLogger } from './support/fakes.js';
import { ManualRuntime, settle } from './support/manual-runtime.js';

const DELIVERED = { statusCode: 204 };

function makeHarness(options: Partial<BatchEventProcessorOptions> = {}) {
  const runtime = new ManualRuntime();
  // Rests as long as they may be.
  runtime.randomValue = 0.999_999;
  const dispatcher = new RecordingDispatcher();
  const logger = new RecordingLogger();
  const processor = new BatchEventProcessor({
    ...(options.exporter === undefined && { eventDispatcher: dispatcher }),
    logger,
    runtime,
    batchSize: 1,
    maxBatchSize: 1,
    startOnInit: true,
    ...options,
  });
  const record = (count = 1, overrides: Partial<SerializedEvent> = {}) => {
    for (let n = 0; n < count; n++)
      processor.process(makeUserEvent({ acceptedAt: runtime.monotonic(), ...overrides }));
  };
  /** Has the dispatcher answer, or throw, whatever the test says. */
  const answers = (answer: (attempt: number, logEvent: LogEvent) => unknown) => {
    dispatcher.answer = answer as typeof dispatcher.answer;
  };
  return { processor, dispatcher, runtime, logger, record, answers };
}

/** Millis after which the first answer of a dispatcher has the event tried again, or what becomes of it. */
async function outcomeOf(first: () => unknown): Promise<unknown> {
  const { processor, dispatcher, runtime, record, answers } = makeHarness();
  answers(attempt => (attempt === 1 ? first() : DELIVERED));
  record();
  await settle();
  const { delivered, dropped } = processor.ledger();
  if (delivered > 0) return 'delivered';
  const [reason] = Object.keys(dropped);
  if (reason !== undefined) return reason;
  for (let waited = 0; waited < 400_000; waited += 500) {
    await runtime.advance(500);
    if (dispatcher.attempts > 1) return waited + 500;
  }
  return 'never';
}

/** As `outcomeOf` says it. */
const SOON = 500;
const SLOWLY = 30_000;
const rejection = (error: unknown) => () => Promise.reject(error);
const withHeaders = (headers: unknown) => () => ({ statusCode: 503, headers });

describe('the answer of a dispatcher', () => {
  const cases: [string, () => unknown, unknown][] = [
    ['a rejection with statusCode 400', rejection({ statusCode: 400 }), 'rejected'],
    ['a rejection with status 400', rejection({ status: 400 }), 'rejected'],
    ['a rejection whose response has status 400', rejection({ response: { status: 400 } }), 'rejected'],
    [
      'a rejection whose response has statusCode 413',
      rejection({ response: { statusCode: 413 } }),
      'too_large',
    ],
    [
      'a rejection whose response comes first',
      rejection({ response: { status: 400 }, status: 503 }),
      'rejected',
    ],
    ['a rejection whose response is text', rejection({ response: 'no', status: 400 }), 'rejected'],
    ['a rejection whose response says nothing', rejection({ response: {}, status: 400 }), 'rejected'],
    ['a rejection with status 300', rejection({ status: 300 }), SLOWLY],
    ['a rejection that says it was delivered', rejection({ status: 204 }), SOON],
    ['a rejection with status 299', rejection({ status: 299 }), SOON],
    [
      'a rejection with a response that was delivered',
      rejection({ response: { status: 204 }, status: 400 }),
      'rejected',
    ],
    ['a rejection with text', rejection('400'), SOON],
    ['a rejection with a number', rejection(400), SOON],
    ['a rejection with null', rejection(null), SOON],
    ['a rejection with nothing', rejection(undefined), SOON],
    [
      'a rejection with a function that has a status',
      rejection(Object.assign(() => {}, { status: 400 })),
      'rejected',
    ],
    [
      'a rejection with its pause',
      rejection({ response: { status: 429, headers: { 'retry-after': '7' } } }),
      7_000,
    ],
    ...[408, 425, 429, 500, 503, 504].map((status): [string, () => unknown, unknown] => [
      `status ${status}, of a busy server`,
      () => status,
      SOON,
    ]),
    ['the bare status 400', () => 400, 'rejected'],
    ['the bare status 100', () => 100, SOON],
    ['the bare status 599', () => 599, SOON],
    ['the number 600', () => 600, 'delivered'],
    ['the number 99', () => 99, 'delivered'],
    ['the number -400', () => -400, 'delivered'],
    ['the bare text 400', () => '400', 'rejected'],
    ['a status line', () => '  400 Bad Request', 'rejected'],
    ['a status line with a line end', () => '400\r\n', 'rejected'],
    ['text that ends with a status', () => 'HTTP 400', 'delivered'],
    ['text that begins with a letter', () => 'x400', 'delivered'],
    ['text with letters at the number', () => '400x', 'delivered'],
    ['text with a fraction', () => '400.5', 'delivered'],
    ['a fraction', () => 400.5, 'delivered'],
    ['a boxed number', () => ({ statusCode: Object(400) }), 'rejected'],
    ['a boxed text', () => ({ statusCode: Object('400') }), 'rejected'],
    ['a boxed boolean', () => ({ statusCode: Object(true) }), 'delivered'],
    ['a symbol', () => ({ statusCode: Symbol('400') }), 'delivered'],
    ['ok: true', () => ({ ok: true }), 'delivered'],
    ['ok: false beside a status', () => ({ ok: false, status: 400 }), 'rejected'],
    ['headers with a get that knows it', withHeaders({ get: () => '7' }), 7_000],
    ['headers whose get says null', withHeaders({ get: () => null, 'Retry-After': '7' }), 7_000],
    ['headers whose get says nothing', withHeaders({ get: () => undefined, 'RETRY-AFTER': '7' }), 7_000],
    ['headers without it', withHeaders({ 'x-other': '100', age: '100' }), SOON],
    ['headers that are text', withHeaders('retry-after: 7'), SOON],
    ['no headers', withHeaders(undefined), SOON],
    ['status 299', () => ({ statusCode: 299 }), 'delivered'],
    ['status 300', () => ({ statusCode: 300 }), SLOWLY],
    ['status 499', () => ({ statusCode: 499 }), SLOWLY],
    ['status 500', () => ({ statusCode: 500 }), SOON],
  ];
  for (const [name, answer, outcome] of cases) {
    it(`means ${typeof outcome === 'number' ? `tried again after ${outcome} ms` : outcome}: ${name}`, async () => {
      expect(await outcomeOf(answer)).to.equal(outcome);
    });
  }

  const resets: [string, unknown, boolean][] = [
    ['ECONNRESET', { code: 'ECONNRESET' }, true],
    ['EPIPE', { code: 'EPIPE' }, true],
    ['UND_ERR_SOCKET', { code: 'UND_ERR_SOCKET' }, true],
    ['ECONNREFUSED', { code: 'ECONNREFUSED' }, false],
    ['a number for a code', { code: 104 }, false],
    ['no code', new Error('reset'), false],
    ['null', null, false],
    ['nothing', undefined, false],
    [
      'a code that throws',
      {
        get code() {
          throw new Error('secret');
        },
      },
      false,
    ],
  ];
  for (const [name, error, isReset] of resets) {
    it(`is tried again ${isReset ? 'at once' : 'after a rest'} after others have arrived: ${name}`, async () => {
      const { dispatcher, record, answers } = makeHarness();
      answers(attempt => (attempt === 2 ? Promise.reject(error) : DELIVERED));
      record();
      await settle();
      record();
      await settle();
      expect(dispatcher.attempts).to.equal(isReset ? 3 : 2);
    });
  }

  it('is not tried again at once where nothing has arrived before', async () => {
    const { dispatcher, record, answers } = makeHarness();
    answers(() => Promise.reject(Object.assign(new Error(), { code: 'ECONNRESET' })));
    record();
    await settle();
    expect(dispatcher.attempts).to.equal(1);
  });

  const ofTheWay: Record<string, () => object> = {
    'is answered 429': () => ({ statusCode: 429 }),
    'is answered 401': () => ({ statusCode: 401 }),
    'is answered 503 with Retry-After': () => ({ statusCode: 503, headers: { 'retry-after': '1' } }),
    'is answered 499': () => ({ statusCode: 499 }),
  };
  for (const [name, answer] of Object.entries(ofTheWay)) {
    it(`does not split a batch that ${name}, again and again, while others get through`, async () => {
      const { dispatcher, runtime, record, answers } = makeHarness({ batchSize: 10, maxBatchSize: 10 });
      answers((_attempt, logEvent) => (logEvent.body.includes('poison') ? answer() : DELIVERED));
      record(1, { uuid: 'poison' });
      record(9);
      for (let n = 0; n < 30; n++) {
        record(10);
        await runtime.advance(31_000);
      }
      expect(new Set(dispatcher.sent.map(({ visitors }) => visitors.length))).to.deep.equal(new Set([10]));
    });
  }
});

describe('what an exporter says of its requests', () => {
  const event = (uuid: string) => makeUserEvent({ uuid });

  function makeExporter(dispatchEvent: () => unknown) {
    const runtime = new ManualRuntime();
    const started: number[] = [];
    const ended: unknown[][] = [];
    const signals: (AbortSignal | undefined)[] = [];
    const exporter = new OptimizelyEventExporter({
      eventDispatcher: {
        dispatchEvent(_logEvent, options) {
          signals.push(options?.signal);
          return dispatchEvent() as Promise<object>;
        },
      },
      observer: {
        requestStarted: count => started.push(count),
        requestEnded: (...told) => ended.push(told),
      },
      maxConcurrentRequests: 1,
      runtime,
    });
    const results: EventExportResult[] = [];
    const deliver = (...events: SerializedEvent[]) => {
      const [first] = events;
      if (first === undefined) throw new Error('a batch of nothing');
      const batch: ExportBatch = {
        ...{ context: first.context, events, byteLength: 0, cause: 'flush' },
        ...{ notifyLogEvent: () => {}, settle: () => {} },
      };
      exporter.export(batch, result => results.push(result));
      return events;
    };
    return { exporter, runtime, started, ended, results, signals, deliver };
  }

  const ends: [string, () => unknown, string | undefined][] = [
    ['is delivered', () => DELIVERED, undefined],
    ['says nothing', () => ({}), undefined],
    ['is answered 503', () => ({ statusCode: 503 }), '503'],
    ['is answered 400', () => ({ statusCode: 400 }), '400'],
    [
      'fails',
      () => Promise.reject(Object.assign(new TypeError('secret'), { code: 'ECONNREFUSED' })),
      'TypeError ECONNREFUSED',
    ],
  ];
  for (const [name, answer, errorType] of ends) {
    it(`is how many events, how long, and why, to the observer, where one ${name}`, async () => {
      const { runtime, started, ended, deliver, exporter } = makeExporter(async () => {
        await new Promise(resolve => runtime.setTimer(() => resolve(undefined), 250));
        return answer();
      });
      deliver(event('a'), event('b'));
      await settle();
      expect([started, ended]).to.deep.equal([[2], []]);
      await runtime.advance(250);
      expect(ended[0]).to.deep.equal([2, 0.25, errorType]);
      await exporter.shutdown();
    });
  }

  it('is what its shutdown gave up: in flight and waiting, each batch once', async () => {
    const { exporter, results, signals, deliver, runtime } = makeExporter(() => new Promise(() => {}));
    const batches = [deliver(event('a'), event('b')), deliver(event('c'))];
    await settle();
    await exporter.shutdown();
    expect(results).to.have.deep.members(
      batches.map(events => ({ code: 1, dropped: [{ reason: 'shutdown_timeout', events }] })),
    );
    expect(signals.map(signal => [signal?.reason.name, signal?.reason.message])).to.deep.equal([
      ['AbortError', 'shut down'],
    ]);
    expect(runtime.armed).to.equal(0);
  });

  it('goes to the endpoint that it was given, strictly where it is told to, with its credentials', async () => {
    const sent: LogEvent[] = [];
    const exporter = new OptimizelyEventExporter({
      eventDispatcher: { dispatchEvent: async logEvent => void sent.push(logEvent) },
      endpoint: 'http://user:p%40ss@127.0.0.1:9/events',
      strict: true,
    });
    const { record } = makeHarness({ exporter });
    record();
    await settle();
    expect(sent.map(({ url, headers }) => ({ url, headers }))).to.deep.equal([
      {
        url: 'http://127.0.0.1:9/events',
        headers: {
          'Content-Type': 'application/json',
          'X-Optimizely-Strict': 'true',
          Authorization: `Basic ${Buffer.from('user:p@ss').toString('base64')}`,
        },
      },
    ]);
    expect(() => new EventFactory().createLogEvent([])).to.throw(
      TypeError,
      'createLogEvent needs at least one event',
    );
  });

  it('has the size of the whole, and of each piece', async () => {
    const center = new NotificationCenter();
    const told: number[][] = [];
    center.addNotificationListener(NotificationType.LOG_EVENT, (logEvent, { eventCount, byteLength }) =>
      told.push([eventCount, byteLength - Buffer.byteLength(logEvent.body)]),
    );
    const { record, answers, runtime } = makeHarness({
      ...{ batchSize: 4, maxBatchSize: 4, notificationCenter: center },
    });
    answers((_attempt, logEvent) => ({ statusCode: logEvent.params.visitors.length > 1 ? 413 : 204 }));
    record(4);
    await runtime.advance(1_000);
    expect(told).to.deep.equal([4, 2, 2, 1, 1, 1, 1].map(count => [count, 0]));
  });
});

describe('events that a listener has made unserializable', () => {
  it('cost none of the others of their batch', async () => {
    const center = new NotificationCenter();
    center.addNotificationListener(NotificationType.LOG_EVENT, ({ params }) => {
      const poison = params.visitors.find(({ visitor_id }) => visitor_id === 'poison');
      if (poison !== undefined) Object.assign(poison, { itself: poison });
    });
    const { processor, logger, record, runtime } = makeHarness({
      ...{ batchSize: 8, maxBatchSize: 8, notificationCenter: center },
    });
    const poison = JSON.stringify({ visitor_id: 'poison', attributes: [], snapshots: [] });
    for (let n = 0; n < 2; n++) {
      record(4);
      record(1, { json: poison });
      record(3);
      await runtime.advance(1_000);
    }
    expect(processor.ledger()).to.deep.include({ delivered: 14, pending: 0, dropped: { invalid: 2 } });
    expect(logger.at('error')).to.deep.equal([
      'delivery to Optimizely is not possible of an event that can no longer be serialized; it is lost',
    ]);
    expect(logger.at('debug')).to.include('a batch cannot be serialized: TypeError');
  });
});

describe('what delivery logs', () => {
  it('names no status where an answer that is not ok has none', async () => {
    for (const answer of [{ ok: false }, { ok: false, status: 0 }]) {
      const { logger, record, answers } = makeHarness();
      answers(() => answer);
      record();
      await settle();
      expect(logger.at('warn')[0]).to.include(
        'fails: an answer that is not ok, without a status at https://',
      );
    }
  });

  it('is that it fails, that it has failed for a minute, and that it works again, each once', async () => {
    const { logger, record, answers, runtime, processor } = makeHarness();
    const lines = () => logger.lines.splice(0).map(({ level, message }) => `${level}: ${message}`);
    answers(() => ({ statusCode: 503 }));
    record();
    await settle();
    const fails =
      'warn: delivery to Optimizely fails: status 503 at https://logx.optimizely.com/v1/events; events are kept and tried again';
    expect(lines()).to.deep.equal([fails]);
    await runtime.advance(59_000);
    expect(lines()).to.deep.equal([]);
    await runtime.advance(240_000);
    const failing =
      'error: delivery to Optimizely has failed for a minute: status 503 at https://logx.optimizely.com/v1/events; events are kept and tried again';
    expect(lines()).to.deep.equal([failing]);
    answers(() => DELIVERED);
    await runtime.advance(31_000);
    expect(lines()).to.deep.equal(['info: delivery to Optimizely works again']);
    // The same again, a minute later and more.
    await runtime.advance(61_000);
    answers(() => Promise.reject(new TypeError('secret')));
    record();
    await runtime.advance(300_000);
    const again = lines();
    expect(again).to.have.length(2);
    expect(again[0]).to.match(
      /^warn: delivery to Optimizely fails: TypeError at https:\/\/logx.optimizely.com\/v1\/events; events are kept and tried again \(requests that failed since the last line: \d+\)$/,
    );
    expect(again[1]).to.equal(failing.replace('status 503', 'TypeError'));
    expect(processor.ledger()).to.deep.include({ delivered: 1, pending: 1 });
  });

  it('is that some events fail while others arrive, once an episode', async () => {
    const { logger, record, answers, runtime } = makeHarness();
    answers((_attempt, logEvent) => (logEvent.body.includes('poison') ? { statusCode: 502 } : DELIVERED));
    record(1, { uuid: 'poison' });
    for (let n = 0; n < 40; n++) {
      record();
      await runtime.advance(1_000);
    }
    expect(logger.at('warn').filter(line => line.includes('while others arrive'))).to.deep.equal([
      'delivery to Optimizely fails for some events while others arrive: status 502 at https://logx.optimizely.com/v1/events; they are kept and tried again alone',
    ]);
  });

  for (const [when, isDown] of [
    ['a minute after it was said before, where it still does', false],
    ['not at all where it fails again by then', true],
  ] as const) {
    it(`is that it works again ${when}`, async () => {
      const { logger, record, answers, runtime, dispatcher } = makeHarness();
      const worksAgain = () => logger.at('info').length;
      answers(attempt => (attempt % 2 === 1 ? { statusCode: 503 } : DELIVERED));
      record();
      await runtime.advance(60_000);
      expect([worksAgain(), dispatcher.attempts]).to.deep.equal([1, 2]);
      runtime.randomValue = 0.1;
      record();
      await runtime.advance(100);
      expect([worksAgain(), dispatcher.attempts]).to.deep.equal([1, 4]);
      answers(() => ({ statusCode: isDown ? 503 : 204 }));
      record();
      await runtime.advance(399);
      expect(worksAgain()).to.equal(1);
      await runtime.advance(10);
      expect(worksAgain()).to.equal(isDown ? 1 : 2);
      await runtime.advance(20_000);
      expect(worksAgain()).to.equal(isDown ? 1 : 2);
      expect(logger.at('warn')).to.have.length(2);
    });
  }

  it('is not said after a shutdown: no timer is left for it', async () => {
    const { logger, record, answers, runtime, processor } = makeHarness();
    answers(attempt => (attempt % 2 === 1 ? { statusCode: 503 } : DELIVERED));
    record();
    await runtime.advance(60_000);
    // It works again within a minute of when that was said last.
    runtime.randomValue = 0.1;
    record();
    await runtime.advance(100);
    expect(processor.ledger()).to.deep.include({ delivered: 2, pending: 0 });
    expect(logger.at('info')).to.deep.equal(['delivery to Optimizely works again']);
    await processor.stop();
    expect(runtime.armed).to.equal(0);
  });
});

describe('an exporter of the application', () => {
  function makeOwn(own: Partial<Record<keyof EventExporter, unknown>>) {
    return makeHarness({ exporter: own as unknown as EventExporter, maxBatchSize: 100 });
  }

  it('may answer by a promise that rejects, and be asked for nothing but export', async () => {
    const { processor, record, logger } = makeOwn({ export: () => Promise.reject(new Error('secret')) });
    record();
    await settle();
    await processor.flush();
    await processor.stop();
    expect(processor.ledger()).to.deep.include({ pending: 0, dropped: { rejected: 1 } });
    expect(logger.at('error').join()).to.include('exporter').and.not.include('secret');
  });

  const results: [string, (events: readonly SerializedEvent[]) => unknown, object][] = [
    ['code 0', () => ({ code: 0 }), { delivered: 3 }],
    ['code 1', () => ({ code: 1 }), { rejected: 3 }],
    ['another code', () => ({ code: '0' }), { rejected: 3 }],
    ['nothing', () => undefined, { rejected: 3 }],
    ['text', () => 'delivered', { rejected: 3 }],
    [
      'a part that is lost',
      events => ({ code: 0, dropped: [{ reason: 'expired', events: events.slice(1) }] }),
      { delivered: 1, expired: 2 },
    ],
    [
      'a reason that is none',
      events => ({ code: 0, dropped: [{ reason: 'moon', events: events.slice(1) }] }),
      { delivered: 1, rejected: 2 },
    ],
    [
      'no reason',
      events => ({ code: 0, dropped: [{ events: events.slice(1) }] }),
      { delivered: 1, rejected: 2 },
    ],
    ['no events', () => ({ code: 0, dropped: [{ reason: 'expired' }] }), { delivered: 3 }],
    [
      'two reasons for one event',
      events => ({
        code: 0,
        dropped: [
          { reason: 'expired', events: events.slice(2) },
          { reason: 'rejected', events },
        ],
      }),
      { expired: 1, rejected: 2 },
    ],
    [
      'events that it was not given',
      () => ({ code: 0, dropped: [{ reason: 'expired', events: [makeUserEvent()] }] }),
      { delivered: 3 },
    ],
    ['what is no list', () => ({ code: 0, dropped: 'all' }), { delivered: 3 }],
    ['a list of nothing', () => ({ code: 0, dropped: [null] }), { rejected: 3 }],
  ];
  for (const [name, answer, expected] of results) {
    it(`keeps the ledger whole where it calls back with ${name}`, async () => {
      const { processor } = makeHarness({
        exporter: { export: ({ events }, done) => done(answer(events) as EventExportResult) },
        ...{ batchSize: 3, maxBatchSize: 3 },
      });
      for (let n = 0; n < 3; n++) processor.process(makeUserEvent());
      await settle();
      const { delivered, dropped, pending } = processor.ledger();
      expect({ ...(delivered > 0 && { delivered }), ...dropped }).to.deep.equal(expected);
      expect(pending).to.equal(0);
    });
  }

  it('may tell of parts: delivered without a reason, with one that is none as rejected', async () => {
    const { processor } = makeHarness({
      exporter: {
        export({ events, settle: settlePart }, done) {
          settlePart('all' as never);
          settlePart(undefined as never);
          settlePart(events.slice(0, 1));
          settlePart(events.slice(1, 2), 'moon' as never);
          settlePart(events.slice(2, 3), 'expired');
          done({ code: 0 });
        },
      },
      ...{ batchSize: 4, maxBatchSize: 4 },
    });
    for (let n = 0; n < 4; n++) processor.process(makeUserEvent());
    await settle();
    expect(processor.ledger()).to.deep.include({
      ...{ delivered: 2, pending: 0 },
      dropped: { rejected: 1, expired: 1 },
    });
  });

  it('has batches grow while it says that it is busy, until it says that it is ready', () => {
    const sizes: number[] = [];
    let busy: unknown = true;
    let ready = () => {};
    const { record } = makeHarness({
      exporter: {
        isBusy: () => busy as boolean,
        onReady: listener => {
          ready = listener;
        },
        export({ events }, done) {
          sizes.push(events.length);
          done({ code: 0 });
        },
      },
      ...{ batchSize: 2, maxBatchSize: 100 },
    });
    record(5);
    expect(sizes).to.deep.equal([]);
    busy = false;
    ready();
    expect(sizes).to.deep.equal([4]);
    record(1);
    expect(sizes, 'not busy').to.deep.equal([4, 2]);
    // Neither true nor false: it does not tell.
    busy = 'yes';
    record(2);
    expect(sizes).to.deep.equal([4, 2, 2]);
  });

  it('has batches grow to the share of maxBatchSize that it says is in use', () => {
    const sizes: number[] = [];
    let load: unknown = 0.5;
    const { record } = makeHarness({
      exporter: {
        load: () => load as number,
        // Not asked where the share is known.
        isBusy: () => false,
        export({ events }, done) {
          sizes.push(events.length);
          done({ code: 0 });
        },
      },
      ...{ batchSize: 2, maxBatchSize: 10 },
    });
    record(4);
    expect(sizes).to.deep.equal([]);
    record(1);
    expect(sizes, 'whole multiples of batchSize').to.deep.equal([4]);
    // More than all of it: as all.
    load = 7;
    record(8);
    expect(sizes).to.deep.equal([4]);
    record(1);
    expect(sizes).to.deep.equal([4, 10]);
    for (const nonsense of [Number.NaN, -1, 'half', undefined]) {
      load = nonsense;
      record(2);
      expect(sizes.at(-1), String(nonsense)).to.equal(2);
    }
  });

  it('that throws where it is asked whether it is busy is taken not to be, said once', () => {
    const sizes: number[] = [];
    const { record, logger } = makeOwn({
      isBusy() {
        throw new Error('secret');
      },
      export: ({ events }: ExportBatch, done: (result: EventExportResult) => void) => {
        sizes.push(events.length);
        done({ code: 0 });
      },
    });
    record(2);
    expect(sizes).to.deep.equal([1, 1]);
    const said = logger.lines.map(({ message }) => message).filter(line => line.includes('isBusy'));
    expect(said).to.have.length(1);
    expect(said[0]).to.include('exporter').and.not.include('secret');
  });
});
