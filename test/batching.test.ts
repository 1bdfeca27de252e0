// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import fc from 'fast-check';
import {
  BatchEventProcessor,
  type BatchEventProcessorOptions,
  type EventQueue,
  type LogEvent,
  type LogEventInfo,
  NotificationCenter,
  NotificationType,
  type SerializedEvent,
} from 'opentelemetry-exporter-optimizely';
import {
  ManualExporter,
  makeContext,
  makeUserEvent,
  RecordingDispatcher,
  RecordingLogger,
} from './support/fakes.js';
import { ManualRuntime, settle } from './support/manual-runtime.js';

function makeBatching(options: Partial<BatchEventProcessorOptions> = {}) {
  const runtime = new ManualRuntime();
  const exporter = new ManualExporter();
  exporter.immediate = true;
  const logger = new RecordingLogger();
  const processor = new BatchEventProcessor({ exporter, logger, runtime, startOnInit: true, ...options });
  return { processor, exporter, logger, runtime };
}

function makeDispatching(options: Partial<BatchEventProcessorOptions> = {}) {
  const runtime = new ManualRuntime();
  const dispatcher = new RecordingDispatcher();
  const logger = new RecordingLogger();
  const processor = new BatchEventProcessor({
    eventDispatcher: dispatcher,
    logger,
    runtime,
    startOnInit: true,
    ...options,
  });
  return { processor, dispatcher, logger, runtime };
}

function sumOf(ledger: ReturnType<BatchEventProcessor['ledger']>): number {
  const dropped = Object.values(ledger.dropped).reduce((sum, count) => sum + count, 0);
  return ledger.delivered + ledger.stored + ledger.pending + dropped;
}

describe('BatchEventProcessor', () => {
  describe('rule 1: when a batch goes out', () => {
    it('sends a batch when it holds batchSize events', () => {
      const { processor, exporter } = makeBatching({ batchSize: 3 });
      for (let n = 0; n < 7; n++) processor.process(makeUserEvent());
      expect(exporter.sizes).to.deep.equal([3, 3]);
      expect(exporter.causes).to.deep.equal(['size', 'size']);
      expect(processor.ledger()).to.deep.include({ recorded: 7, delivered: 6, pending: 1 });
    });

    it('defaults to 10 events', () => {
      const { processor, exporter } = makeBatching();
      for (let n = 0; n < 10; n++) processor.process(makeUserEvent());
      expect(exporter.sizes).to.deep.equal([10]);
    });

    it('sends a batch when its oldest event has waited flushIntervalMillis, not before', async () => {
      const { processor, exporter, runtime } = makeBatching({ flushIntervalMillis: 1_000 });
      processor.process(makeUserEvent({ acceptedAt: runtime.monotonic() }));
      await runtime.advance(900);
      processor.process(makeUserEvent({ acceptedAt: runtime.monotonic() }));
      await runtime.advance(98);
      expect(exporter.sizes).to.deep.equal([]);
      await runtime.advance(2);
      expect(exporter.sizes).to.deep.equal([2]);
      expect(exporter.causes).to.deep.equal(['age']);
      expect(runtime.armed, 'no timer while nothing waits').to.equal(0);
    });

    it('counts from the oldest event, also where that comes after a younger one', async () => {
      const { processor, exporter, runtime } = makeBatching({ flushIntervalMillis: 1_000 });
      const acceptedAt = runtime.monotonic();
      await runtime.advance(900);
      processor.process(makeUserEvent({ acceptedAt: runtime.monotonic() }));
      processor.process(makeUserEvent({ acceptedAt }));
      await runtime.advance(100);
      expect(exporter.sizes).to.deep.equal([2]);
      expect(exporter.causes).to.deep.equal(['age']);
    });

    it('defaults to 30 seconds', async () => {
      const { processor, exporter, runtime } = makeBatching();
      processor.process(makeUserEvent({ acceptedAt: runtime.monotonic() }));
      await runtime.advance(29_998);
      expect(exporter.sizes).to.deep.equal([]);
      await runtime.advance(2);
      expect(exporter.sizes).to.deep.equal([1]);
    });

    it('counts the age anew for each batch', async () => {
      const { processor, exporter, runtime } = makeBatching({ flushIntervalMillis: 1_000, batchSize: 2 });
      processor.process(makeUserEvent({ acceptedAt: runtime.monotonic() }));
      await runtime.advance(900);
      processor.process(makeUserEvent({ acceptedAt: runtime.monotonic() }));
      processor.process(makeUserEvent({ acceptedAt: runtime.monotonic() }));
      await runtime.advance(900);
      expect(exporter.causes).to.deep.equal(['size']);
      await runtime.advance(100);
      expect(exporter.causes).to.deep.equal(['size', 'age']);
    });

    it('waits out an interval that is longer than any timer', async () => {
      const interval = 10 * 2 ** 31;
      const { processor, exporter, runtime } = makeBatching({ flushIntervalMillis: interval });
      const setTimer = runtime.setTimer;
      Object.assign(runtime, {
        setTimer: (callback: () => void, millis: number) => setTimer(callback, Math.min(millis, 2 ** 31 - 1)),
      });
      processor.process(makeUserEvent({ acceptedAt: runtime.monotonic() }));
      await runtime.advance(interval - 5);
      expect(exporter.sizes).to.deep.equal([]);
      await runtime.advance(5);
      expect(exporter.sizes).to.deep.equal([1]);
    });

    it('sends what is queued when somebody flushes', async () => {
      const { processor, exporter } = makeBatching();
      processor.process(makeUserEvent());
      await processor.flush();
      expect(exporter.causes).to.deep.equal(['flush']);
    });
  });

  describe('rule 2: one context a batch', () => {
    const others: [string, Partial<SerializedEvent['context']>][] = [
      ['region', { region: 'EU' }],
      ['account', { accountId: 'other' }],
      ['project', { projectId: 'other' }],
      ['revision', { revision: '2' }],
      ['client name', { clientName: 'other' }],
      ['client version', { clientVersion: '2.0.0' }],
      ['anonymizeIP', { anonymizeIP: true }],
      ['botFiltering', { botFiltering: false }],
      ['envelope', { envelope: '{"enrich_decisions":false}' }],
    ];
    for (const [name, other] of others) {
      it(`flushes before an event of another ${name}`, async () => {
        const { processor, exporter } = makeBatching();
        const first = [makeUserEvent(), makeUserEvent()];
        const second = makeUserEvent({ context: makeContext(other) });
        for (const event of [...first, second]) processor.process(event);
        expect(exporter.causes).to.deep.equal(['revision']);
        await processor.flush();
        expect(exporter.batches.map(batch => batch.events)).to.deep.equal([first, [second]]);
      });
    }

    it('keeps events of equal contexts together, whichever object holds them', async () => {
      const { processor, exporter } = makeBatching();
      processor.process(makeUserEvent({ context: { ...makeContext() } }));
      processor.process(makeUserEvent({ context: { ...makeContext() } }));
      await processor.flush();
      expect(exporter.sizes).to.deep.equal([2]);
    });
  });

  it('counts as invalid what would spoil the batch for the others', async () => {
    const { processor, exporter } = makeBatching();
    const good = makeUserEvent();
    const spoilers = [
      null,
      'event',
      { ...good, json: '' },
      { ...good, json: 'null' },
      { ...good, json: '{}, {}]' },
      { ...good, json: undefined },
      { ...good, type: 'page_view' },
      { ...good, uuid: undefined },
      { ...good, byteLength: Number.NaN },
      { ...good, byteLength: 1 },
      { ...good, acceptedAt: undefined },
      { ...good, context: undefined },
      { ...good, context: makeContext({ envelope: '[]' }) },
    ];
    for (const spoiler of spoilers) expect(processor.process(spoiler as SerializedEvent)).to.equal(false);
    expect(processor.process(good)).to.equal(true);
    await processor.flush();
    expect(exporter.batches.map(batch => batch.events)).to.deep.equal([[good]]);
    expect(processor.ledger()).to.deep.include({ delivered: 1, dropped: { invalid: spoilers.length } });
  });

  describe('rule 3: maxPayloadBytes', () => {
    const bytesOf = (body: string) => Buffer.byteLength(body, 'utf8');

    it('is kept exactly, in UTF-8 bytes, and used up', async () => {
      const texts = fc.array(fc.string({ unit: 'binary', maxLength: 40 }), { minLength: 1, maxLength: 12 });
      await fc.assert(
        fc.asyncProperty(texts, fc.integer({ min: 0, max: 400 }), async (texts, slack) => {
          const events = texts.map(text =>
            makeUserEvent({ json: JSON.stringify({ visitor_id: text, attributes: [], snapshots: [] }) }),
          );
          const alone = makeDispatching();
          for (const event of events) alone.processor.process(event);
          await alone.processor.flush();
          const widest = Math.max(
            ...alone.dispatcher.sent.map(params => bytesOf(JSON.stringify({ ...params, visitors: [] }))),
          );
          const maxPayloadBytes = widest + Math.max(...events.map(event => event.byteLength)) + slack;

          const { processor, dispatcher } = makeDispatching({ maxPayloadBytes, batchSize: 1000 });
          const bodies: string[] = [];
          dispatcher.answer = (_attempt, logEvent) => {
            bodies.push(logEvent.body);
            return { statusCode: 204 };
          };
          for (const event of events) processor.process(event);
          await processor.flush();
          expect(dispatcher.visitors.map(visitor => visitor.visitor_id)).to.deep.equal(
            events.map(event => (JSON.parse(event.json) as { visitor_id: string }).visitor_id),
          );
          for (const [index, body] of bodies.entries()) {
            expect(bytesOf(body)).to.be.at.most(maxPayloadBytes);
            const next = dispatcher.sent[index + 1]?.visitors[0];
            // The next batch's first event would not have fitted.
            if (next) expect(bytesOf(body) + 1 + bytesOf(JSON.stringify(next))).to.be.above(maxPayloadBytes);
          }
        }),
        { numRuns: 100 },
      );
    });

    it('tells the exporter the exact size of the body', async () => {
      const center = new NotificationCenter();
      const sizes: [number, number][] = [];
      center.addNotificationListener(NotificationType.LOG_EVENT, (logEvent, info) => {
        sizes.push([info.byteLength, bytesOf(logEvent.body)]);
      });
      const { processor } = makeDispatching({ notificationCenter: center });
      processor.process(makeUserEvent({ json: '{"visitor_id":"ü€😀","attributes":[],"snapshots":[]}' }));
      processor.process(makeUserEvent());
      await processor.flush();
      expect(sizes).to.have.length(1);
      expect(sizes[0]?.[0]).to.equal(sizes[0]?.[1]);
    });

    it('refuses an event that is too large alone', () => {
      const { processor, logger } = makeDispatching({ maxPayloadBytes: 400 });
      expect(
        processor.process(makeUserEvent({ json: JSON.stringify({ visitor_id: 'x'.repeat(400) }) })),
      ).to.equal(false);
      expect(processor.ledger()).to.deep.include({ recorded: 1, pending: 0, dropped: { too_large: 1 } });
      expect(logger.at('warn')).to.have.length(1);
    });
  });

  describe('rule 4: options', () => {
    const unusable = [Number.NaN, Number.POSITIVE_INFINITY, 0, -5, true, '20', null, {}];
    for (const value of [...unusable, 2.5]) {
      it(`batchSize ${String(value)} falls back to 10 with an info line`, () => {
        const { processor, exporter, logger } = makeBatching({ batchSize: value as never });
        for (let n = 0; n < 10; n++) processor.process(makeUserEvent());
        expect(exporter.sizes).to.deep.equal([10]);
        expect(logger.at('info').filter(line => line.includes('batchSize'))).to.have.length(1);
      });
    }
    for (const value of unusable) {
      it(`flushIntervalMillis ${String(value)} falls back to 30000 with an info line`, async () => {
        const { processor, exporter, logger, runtime } = makeBatching({
          flushIntervalMillis: value as never,
        });
        processor.process(makeUserEvent({ acceptedAt: runtime.monotonic() }));
        await runtime.advance(29_998);
        expect(exporter.sizes).to.deep.equal([]);
        await runtime.advance(2);
        expect(exporter.sizes).to.deep.equal([1]);
        expect(logger.at('info').filter(line => line.includes('flushIntervalMillis'))).to.have.length(1);
      });
    }
    it('falls back for every numeric option, naming each, and says nothing of options that are not set', () => {
      const names = ['timeoutIntervalMillis', 'maxQueueSize', 'maxQueueBytes', 'maxPayloadBytes'] as const;
      for (const name of names) {
        const { logger } = makeBatching({ [name]: -1 });
        expect(logger.at('info')).to.have.length(1);
        expect(logger.at('info')[0]).to.include(name);
      }
      const { logger } = makeDispatching({
        requestTimeoutMillis: 'x' as never,
        retry: { maxDelayMillis: 0 },
      });
      expect(logger.at('info').join()).to.include('requestTimeoutMillis').and.include('retry.maxDelayMillis');
      expect(makeBatching().logger.lines).to.deep.equal([]);
    });

    const wrong: [string, Partial<BatchEventProcessorOptions>, RegExp][] = [
      ['neither a dispatcher nor an exporter', { exporter: undefined }, /eventDispatcher.*dispatchEvent/],
      ['a dispatcher and an exporter', { eventDispatcher: new RecordingDispatcher() }, /exclude each other/],
      ['an exporter without export()', { exporter: {} as never }, /exporter.*export/],
      ['a queue that is none', { eventQueue: [] as never }, /eventQueue.*enqueue/],
      ['a notification center that is none', { notificationCenter: {} as never }, /notificationCenter/],
      [
        'an endpoint that is no URL',
        { exporter: undefined, eventDispatcher: new RecordingDispatcher(), endpoint: 'logx' },
        /endpoint/,
      ],
    ];
    for (const [name, options, message] of wrong) {
      it(`throws a TypeError that says what to write: ${name}`, () => {
        expect(() => makeBatching(options)).to.throw(TypeError, message);
      });
    }

    it('throws a TypeError that says what to write: no options', () => {
      const Untyped = BatchEventProcessor as unknown as new () => unknown;
      expect(() => new Untyped()).to.throw(TypeError, /eventDispatcher.*dispatchEvent/);
    });
  });

  describe('rule 5: LOG_EVENT', () => {
    it('reaches each listener once, before the first dispatch, not again for a retry', async () => {
      const center = new NotificationCenter();
      const heard: [LogEvent, LogEventInfo, number][] = [];
      const { processor, dispatcher, runtime } = makeDispatching({
        notificationCenter: center,
        batchSize: 2,
      });
      center.addNotificationListener(NotificationType.LOG_EVENT, (logEvent, info) => {
        heard.push([logEvent, info, dispatcher.attempts]);
      });
      dispatcher.answer = attempt => ({ statusCode: attempt < 3 ? 503 : 204 });
      processor.process(makeUserEvent());
      processor.process(makeUserEvent());
      await runtime.advance(60_000);
      expect(dispatcher.attempts).to.equal(3);
      expect(heard).to.have.length(1);
      const [logEvent, info, attempts] = heard[0] ?? [];
      expect(attempts).to.equal(0);
      expect(info).to.deep.include({ cause: 'size', eventCount: 2 });
      expect(logEvent?.params.visitors).to.have.length(2);
    });

    it('a listener that throws or rejects harms nobody', async () => {
      const logger = new RecordingLogger();
      const center = new NotificationCenter({ logger });
      let heard = 0;
      center.addNotificationListener(NotificationType.LOG_EVENT, () => {
        throw new Error('secret');
      });
      center.addNotificationListener(NotificationType.LOG_EVENT, (async () => {
        throw new Error('secret');
      }) as () => void);
      center.addNotificationListener(NotificationType.LOG_EVENT, () => heard++);
      const { processor } = makeDispatching({ notificationCenter: center });
      processor.process(makeUserEvent());
      await processor.flush();
      await settle();
      expect(heard).to.equal(1);
      expect(processor.ledger().delivered).to.equal(1);
      expect(logger.at('error')).to.have.length(1);
      expect(JSON.stringify(logger.lines)).not.to.include('secret');
    });

    it('a notification center that throws harms nobody', async () => {
      const notificationCenter = {
        sendNotifications() {
          throw new Error('broken');
        },
      };
      const { processor } = makeDispatching({ notificationCenter });
      processor.process(makeUserEvent());
      await processor.flush();
      expect(processor.ledger().delivered).to.equal(1);
    });

    it('listeners can be removed, one, by type, and all', async () => {
      const center = new NotificationCenter();
      let heard = 0;
      const listen = () => center.addNotificationListener(NotificationType.LOG_EVENT, () => heard++);
      const { processor } = makeDispatching({ notificationCenter: center, batchSize: 1 });
      const id = listen();
      expect(center.removeNotificationListener(id)).to.equal(true);
      expect(center.removeNotificationListener(id)).to.equal(false);
      listen();
      center.clearNotificationListeners(NotificationType.EVENTS_DROPPED);
      processor.process(makeUserEvent());
      await settle();
      expect(heard).to.equal(1);
      center.clearNotificationListeners(NotificationType.LOG_EVENT);
      listen();
      center.clearAllNotificationListeners();
      processor.process(makeUserEvent());
      await processor.stop();
      expect(heard).to.equal(1);
    });

    it('what a listener takes out of params is not sent', async () => {
      const center = new NotificationCenter();
      center.addNotificationListener(NotificationType.LOG_EVENT, logEvent => {
        for (const visitor of logEvent.params.visitors) visitor.visitor_id = 'redacted';
      });
      const { processor, dispatcher } = makeDispatching({ notificationCenter: center });
      processor.process(makeUserEvent());
      await processor.flush();
      expect(dispatcher.visitors.map(visitor => visitor.visitor_id)).to.deep.equal(['redacted']);
    });

    it('a batch that a listener has made unserializable is dropped, not sent as it was', async () => {
      const center = new NotificationCenter();
      center.addNotificationListener(NotificationType.LOG_EVENT, logEvent => {
        Object.assign(logEvent.params, { bad: 1n });
      });
      const { processor, dispatcher, logger } = makeDispatching({ notificationCenter: center });
      processor.process(makeUserEvent());
      await processor.flush();
      expect(dispatcher.attempts).to.equal(0);
      expect(processor.ledger()).to.deep.include({ pending: 0, dropped: { invalid: 1 } });
      expect(logger.at('error')).to.have.length(1);
    });
  });

  describe('rule 6: flushing and stopping', () => {
    it('stop() refuses new events, flushes, and shuts the exporter down', async () => {
      const { processor, exporter } = makeBatching();
      processor.process(makeUserEvent());
      const stopped = processor.stop();
      expect(processor.process(makeUserEvent())).to.equal(false);
      await stopped;
      expect(exporter.causes).to.deep.equal(['shutdown']);
      expect(exporter.shutdowns).to.equal(1);
      expect(processor.ledger()).to.deep.include({
        recorded: 2,
        delivered: 1,
        dropped: { already_shutdown: 1 },
      });
      expect(processor.stop()).to.equal(stopped);
    });

    it('stop() waits timeoutIntervalMillis at most and says what was left', async () => {
      const { processor, exporter, logger, runtime } = makeBatching({ timeoutIntervalMillis: 2_000 });
      exporter.immediate = false;
      const uuids = ['a', 'b'];
      for (const uuid of uuids) processor.process(makeUserEvent({ uuid }));
      let stopped = false;
      const stopping = processor.stop().then(() => {
        stopped = true;
      });
      await runtime.advance(1_999);
      expect(stopped).to.equal(false);
      expect(runtime.referenced, 'the awaited promise keeps the process alive').to.equal(1);
      await runtime.advance(1);
      await stopping;
      expect(processor.ledger()).to.deep.include({ pending: 0, dropped: { shutdown_timeout: 2 } });
      expect(logger.at('error').join()).to.include('events undelivered: 2,');
      exporter.callbacks[0]?.({ code: 0 });
      expect(processor.ledger(), 'a late answer changes nothing').to.deep.include({ delivered: 0 });
    });

    it('flush() waits for what is in flight, and not for what comes later', async () => {
      const { processor, exporter } = makeBatching({ batchSize: 1 });
      exporter.immediate = false;
      processor.process(makeUserEvent());
      let flushed = false;
      const flushing = processor.flush().then(() => {
        flushed = true;
      });
      await settle();
      processor.process(makeUserEvent());
      expect(flushed).to.equal(false);
      exporter.callbacks[0]?.({ code: 0 });
      await flushing;
      expect(processor.ledger()).to.deep.include({ delivered: 1, pending: 1 });
    });

    it('flush() never rejects and leaves pending what it could not deliver in time', async () => {
      const { processor, exporter, runtime, logger } = makeBatching({ timeoutIntervalMillis: 700 });
      exporter.immediate = false;
      Object.assign(exporter, { forceFlush: () => Promise.reject(new Error('secret')) });
      processor.process(makeUserEvent());
      const flushing = processor.flush();
      await runtime.advance(700);
      await flushing;
      expect(processor.ledger()).to.deep.include({ pending: 1, dropped: {} });
      expect(logger.at('error')).to.have.length(1);
      expect(JSON.stringify(logger.lines)).not.to.include('secret');
      expect(runtime.armed).to.equal(0);
    });

    it('a thousand flushes at once wait together, within their limit, and leave nothing behind', async () => {
      const { processor, exporter, runtime } = makeBatching({ timeoutIntervalMillis: 700, batchSize: 1 });
      exporter.immediate = false;
      for (let n = 0; n < 9_000; n++) processor.process(makeUserEvent());
      let ended = 0;
      const flushes = Array.from({ length: 1_000 }, () => processor.flush().then(() => ended++));
      await runtime.advance(699);
      expect(ended).to.equal(0);
      await runtime.advance(1);
      await Promise.all(flushes);
      expect(runtime.armed).to.equal(0);
      const last = processor.flush();
      for (const callback of exporter.callbacks) callback({ code: 0 });
      await last;
      expect(processor.ledger()).to.deep.include({ delivered: 9_000, pending: 0 });
    });

    it('a flush that ended by its limit leaves no memory behind while its events wait', async () => {
      const { processor, exporter, runtime } = makeBatching({ timeoutIntervalMillis: 10, batchSize: 1 });
      exporter.immediate = false;
      for (let n = 0; n < 2_000; n++) processor.process(makeUserEvent());
      const flush = async (count: number) => {
        for (let n = 0; n < count; n++) {
          const flushing = processor.flush();
          await runtime.advance(10);
          await flushing;
        }
        globalThis.gc?.();
        return process.memoryUsage().heapUsed;
      };
      const before = await flush(50);
      // A set of all that is outstanding would be 100 kB a flush.
      expect(((await flush(300)) - before) / 300).to.be.below(4_000);
      for (const callback of exporter.callbacks) callback({ code: 0 });
    });

    it('startOnInit defaults to false, as in the reference: events wait for start()', () => {
      const exporter = new ManualExporter();
      const processor = new BatchEventProcessor({ exporter, batchSize: 2 });
      for (let n = 0; n < 5; n++) processor.process(makeUserEvent());
      expect(exporter.sizes).to.deep.equal([]);
      processor.start();
      expect(exporter.sizes).to.deep.equal([2, 2]);
      expect(processor.ledger().pending).to.equal(5);
    });

    it('events that waited for start() keep their age', async () => {
      const { processor, exporter, runtime } = makeBatching({
        startOnInit: false,
        flushIntervalMillis: 1_000,
      });
      processor.process(makeUserEvent({ acceptedAt: runtime.monotonic() }));
      await runtime.advance(800);
      processor.start();
      await runtime.advance(198);
      expect(exporter.sizes).to.deep.equal([]);
      await runtime.advance(2);
      expect(exporter.causes).to.deep.equal(['age']);
    });

    it('start() twice warns, and stop() flushes what was never started', async () => {
      const { processor, exporter, logger } = makeBatching();
      processor.start();
      expect(logger.at('warn')).to.have.length(1);
      const held = makeBatching({ startOnInit: false });
      held.processor.process(makeUserEvent());
      await held.processor.stop();
      expect(held.exporter.sizes).to.deep.equal([1]);
      expect(exporter.sizes).to.deep.equal([]);
    });
  });

  describe('eventQueue, maxQueueSize, maxQueueBytes', () => {
    class TinyQueue implements EventQueue {
      readonly events: SerializedEvent[] = [];
      get size() {
        return this.events.length;
      }
      enqueue(event: SerializedEvent) {
        return this.events.length < 2 && this.events.push(event) > 0;
      }
      dequeue() {
        return this.events.shift();
      }
    }

    it('uses the queue it is given, and counts what that refuses', async () => {
      const eventQueue = new TinyQueue();
      const { processor, exporter } = makeBatching({ startOnInit: false, eventQueue });
      const answers = [1, 2, 3].map(() => processor.process(makeUserEvent()));
      expect(answers).to.deep.equal([true, true, false]);
      expect(eventQueue.size).to.equal(2);
      processor.start();
      await processor.flush();
      expect(exporter.sizes).to.deep.equal([2]);
      expect(processor.ledger()).to.deep.include({ delivered: 2, pending: 0, dropped: { queue_full: 1 } });
    });

    it('counts what a queue brings along from an earlier life as recovered', async () => {
      const eventQueue = new TinyQueue();
      eventQueue.events.push(makeUserEvent());
      const { processor } = makeBatching({ eventQueue, startOnInit: false });
      expect(processor.ledger()).to.deep.include({ recorded: 0, recovered: 1, pending: 1 });
      processor.process(makeUserEvent());
      await processor.flush();
      expect(processor.ledger()).to.deep.include({ delivered: 2, pending: 0 });
    });

    it('survives a queue that throws', () => {
      const eventQueue: EventQueue = {
        size: 0,
        enqueue: () => {
          throw new Error('secret');
        },
        dequeue: () => undefined,
      };
      const { processor, logger } = makeBatching({ eventQueue });
      expect(processor.process(makeUserEvent())).to.equal(false);
      expect(processor.process(makeUserEvent())).to.equal(false);
      expect(processor.ledger()).to.deep.include({ pending: 0, dropped: { queue_full: 2 } });
      expect(logger.at('error')).to.have.length(1);
      expect(JSON.stringify(logger.lines)).not.to.include('secret');
    });

    it('maxQueueSize bounds everything in memory, in flight too, and keeps its last tenth for conversions', () => {
      const { processor, exporter, logger } = makeBatching({ maxQueueSize: 20, batchSize: 5 });
      exporter.immediate = false;
      const take = (type: SerializedEvent['type'], count: number) =>
        Array.from({ length: count }, () => processor.process(makeUserEvent({ type }))).filter(Boolean)
          .length;
      expect(take('impression', 30)).to.equal(18);
      expect(take('conversion', 30)).to.equal(2);
      expect(exporter.sizes).to.deep.equal([5, 5, 5, 5]);
      expect(processor.ledger()).to.deep.include({ recorded: 60, pending: 20, dropped: { queue_full: 40 } });
      expect(logger.at('warn'), 'one line an episode').to.have.length(1);
      exporter.callbacks[0]?.({ code: 0 });
      expect(take('conversion', 30)).to.equal(5);
    });

    it('says once when loss begins, with what to look at, and when it ends what it has cost', async () => {
      const QUEUE_FULL =
        'experiment events are dropped (queue_full): 1 so far; the endpoint is slow or away, or maxQueueSize or maxQueueBytes is too small';
      const { processor, exporter, logger, runtime } = makeBatching({ maxQueueSize: 1, batchSize: 1 });
      exporter.immediate = false;
      for (let n = 0; n < 4; n++) processor.process(makeUserEvent());
      await runtime.advance(50_000);
      processor.process(makeUserEvent());
      await runtime.advance(59_000);
      expect(logger.at('warn')).to.deep.equal([QUEUE_FULL]);
      await runtime.advance(1_000);
      expect(logger.at('warn').slice(1)).to.deep.equal([
        'experiment events are no longer dropped (queue_full): 4 were lost',
      ]);
      processor.process(makeUserEvent());
      expect(logger.at('warn').slice(2)).to.deep.equal([QUEUE_FULL]);
      exporter.callbacks[0]?.({ code: 0 });
      await processor.stop();
      expect(logger.at('warn').slice(3), 'at the latest when it stops').to.have.length(1);
      expect(runtime.armed).to.equal(0);
    });

    it('says again every hour that loss goes on, and how much it was since', async () => {
      const { processor, exporter, logger, runtime } = makeBatching({ maxPayloadBytes: 10 });
      exporter.immediate = false;
      for (let minute = 0; minute <= 150; minute++) {
        processor.process(makeUserEvent());
        await runtime.advance(59_999);
      }
      expect(logger.at('warn')).to.deep.equal([
        'experiment events are dropped (too_large): 1 so far; one alone exceeds maxPayloadBytes, or the size that the endpoint or a proxy accepts',
        'experiment events are still dropped (too_large): 61 more',
        'experiment events are still dropped (too_large): 61 more',
      ]);
    });

    it('maxQueueBytes bounds the bytes', () => {
      const event = makeUserEvent();
      const { processor } = makeBatching({ maxQueueBytes: event.byteLength * 3, startOnInit: false });
      const answers = [1, 2, 3, 4].map(() => processor.process(makeUserEvent({ json: event.json })));
      expect(answers).to.deep.equal([true, true, true, false]);
    });
  });

  describe('exporter', () => {
    it('a failed batch is counted by the reasons given, the rest as rejected', () => {
      const { processor, exporter } = makeBatching({ batchSize: 3 });
      exporter.immediate = false;
      for (let n = 0; n < 3; n++) processor.process(makeUserEvent());
      const [batch] = exporter.batches;
      exporter.callbacks[0]?.({
        code: 1,
        dropped: [{ reason: 'expired', events: batch?.events.slice(0, 1) ?? [] }],
      });
      exporter.callbacks[0]?.({ code: 0 });
      expect(processor.ledger()).to.deep.include({
        delivered: 0,
        pending: 0,
        dropped: { expired: 1, rejected: 2 },
      });
    });

    it('one that throws is logged, and its batch counted', () => {
      const { processor, logger } = makeBatching({
        batchSize: 1,
        exporter: {
          export() {
            throw new Error('secret');
          },
        },
      });
      processor.process(makeUserEvent());
      expect(processor.ledger()).to.deep.include({ pending: 0, dropped: { rejected: 1 } });
      expect(logger.at('error')).to.have.length(1);
      expect(JSON.stringify(logger.lines)).not.to.include('secret');
    });

    it('tells EVENTS_DROPPED listeners the reason, the count and the uuids', () => {
      const center = new NotificationCenter();
      const heard: unknown[] = [];
      center.addNotificationListener(NotificationType.EVENTS_DROPPED, dropped => heard.push(dropped));
      const { processor } = makeBatching({ notificationCenter: center, maxPayloadBytes: 10 });
      processor.process(makeUserEvent({ uuid: 'too-large' }));
      expect(heard).to.deep.equal([{ reason: 'too_large', count: 1, uuids: ['too-large'] }]);
    });
  });

  it('keeps the ledger identity, the order and the rules over random sequences', async () => {
    type Step =
      | { do: 'record'; revision: string; type: SerializedEvent['type'] }
      | { do: 'advance'; millis: number }
      | { do: 'flush' }
      | { do: 'settle'; index: number; code: 0 | 1 };
    const step: fc.Arbitrary<Step> = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({
          do: fc.constant('record' as const),
          revision: fc.constantFrom('1', '2'),
          type: fc.constantFrom('impression' as const, 'conversion' as const),
        }),
      },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('advance' as const), millis: fc.nat(700) }) },
      { weight: 1, arbitrary: fc.constant({ do: 'flush' as const }) },
      {
        weight: 2,
        arbitrary: fc.record({
          do: fc.constant('settle' as const),
          index: fc.nat(20),
          code: fc.constantFrom(0 as const, 1 as const),
        }),
      },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 60 }),
        fc.integer({ min: 1, max: 4 }),
        async (steps, batchSize) => {
          const { processor, exporter, runtime } = makeBatching({
            batchSize,
            flushIntervalMillis: 500,
            maxQueueSize: 12,
            timeoutIntervalMillis: 50,
          });
          exporter.immediate = false;
          const taken: SerializedEvent[] = [];
          const flushes: Promise<void>[] = [];
          for (const each of steps) {
            if (each.do === 'record') {
              const event = makeUserEvent({
                type: each.type,
                context: makeContext({ revision: each.revision }),
                acceptedAt: runtime.monotonic(),
              });
              if (processor.process(event)) taken.push(event);
            } else if (each.do === 'advance') await runtime.advance(each.millis);
            else if (each.do === 'flush') flushes.push(processor.flush());
            else exporter.callbacks[each.index]?.({ code: each.code });
            const ledger = processor.ledger();
            expect(sumOf(ledger)).to.equal(ledger.recorded);
            expect(ledger.pending).to.be.at.most(12);
          }
          const stopping = processor.stop();
          await runtime.advance(200);
          await Promise.all([stopping, ...flushes]);
          expect(exporter.batches.flatMap(batch => batch.events)).to.deep.equal(taken);
          for (const { events, context } of exporter.batches) {
            expect(events.length).to.be.within(1, batchSize);
            expect(new Set(events.map(event => event.context.revision))).to.deep.equal(
              new Set([context.revision]),
            );
          }
          const ledger = processor.ledger();
          expect(ledger.pending).to.equal(0);
          expect(sumOf(ledger)).to.equal(ledger.recorded);
          expect(runtime.armed).to.equal(0);
        },
      ),
      { numRuns: 200 },
    );
  });
});
