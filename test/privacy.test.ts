// SPDX-License-Identifier: Apache-2.0
import { createHmac } from 'node:crypto';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { expect } from 'chai';
import fc from 'fast-check';
import {
  type ExperimentConversion,
  type ExperimentEvent,
  OptimizelySpanProcessor,
  type OptimizelySpanProcessorOptions,
  recordConversion,
  recordImpression,
  StaticProjectConfigManager,
} from 'opentelemetry-exporter-optimizely';
import { PrivacyFilter } from '../src/privacy/privacy-filter.js';
import { type ResolvedPrivacyOptions, resolvePrivacyOptions } from '../src/privacy/privacy-options.js';
import { noopLogger } from '../src/util/guarded-logger.js';
import { makeDatafile } from './support/datafile.js';
import { RecordingDispatcher, RecordingLogger } from './support/fakes.js';
import { ManualRuntime, settle } from './support/manual-runtime.js';

const IMPRESSION = {
  userId: 'mail@example.org',
  flagKey: 'checkout',
  ruleKey: 'checkout_test',
  variationKey: 'treatment',
  attributes: { plan: 'gold', country: 'SE' },
};
const CONVERSION = {
  userId: 'mail@example.org',
  eventKey: 'purchase',
  attributes: { plan: 'gold', country: 'SE' },
  tags: { revenue: 4200, value: 1.5, sku: 'a' },
};
const KEY = 'a key of sixteen or more';

/** A processor over a dispatcher that takes everything, shut down after each test. */
function useHarness() {
  const opened: { shutdown(): Promise<unknown> }[] = [];

  function makeHarness(options: Partial<OptimizelySpanProcessorOptions> = {}) {
    const dispatcher = new RecordingDispatcher();
    const logger = new RecordingLogger();
    const runtime = new ManualRuntime();
    const processor = new OptimizelySpanProcessor({
      datafile: makeDatafile(),
      eventDispatcher: dispatcher,
      logger,
      runtime,
      ...options,
    } as OptimizelySpanProcessorOptions);
    opened.push(processor);
    return { processor, dispatcher, logger, runtime };
  }

  afterEach(async () => {
    await Promise.all(opened.splice(0).map(one => one.shutdown()));
  });

  return makeHarness;
}

describe('what may leave', () => {
  const makeHarness = useHarness();

  describe('beforeSend', () => {
    it('sees each event as it was recorded and lets it go as it returns it', async () => {
      const seen: ExperimentEvent[] = [];
      const { processor, dispatcher } = makeHarness({
        beforeSend: event => {
          seen.push(event);
          return { ...event, userId: 'nobody', attributes: { plan: 'silver' } };
        },
      });
      const uuid = processor.recordConversion(CONVERSION);
      await processor.forceFlush();
      expect(seen).to.have.length(1);
      expect(seen[0]).to.deep.include({ type: 'conversion', uuid, ...CONVERSION, revenue: 4200, value: 1.5 });
      expect(dispatcher.visitors[0]?.visitor_id).to.equal('nobody');
      expect(dispatcher.visitors[0]?.attributes.map(({ value }) => value)).to.deep.equal(['silver']);
      expect(dispatcher.uuids).to.deep.equal([uuid]);
    });

    it('drops what it returns null for, counted and unsaid', async () => {
      const { processor, dispatcher, logger } = makeHarness({
        beforeSend: event => (event.type === 'impression' ? null : event),
      });
      expect(processor.recordImpression(IMPRESSION)).to.equal(undefined);
      expect(processor.recordConversion(CONVERSION)).to.be.a('string');
      await processor.forceFlush();
      expect(dispatcher.visitors).to.have.length(1);
      expect(processor.ledger()).to.deep.include({ recorded: 2, delivered: 1, dropped: { before_send: 1 } });
      expect(logger.at('error')).to.deep.equal([]);
      expect(logger.at('warn')).to.deep.equal([]);
    });

    const faults: [string, (event: ExperimentEvent) => unknown, string][] = [
      [
        'that throws',
        () => {
          throw new RangeError('mail@example.org');
        },
        'beforeSend threw RangeError',
      ],
      [
        'that returns a promise',
        async event => event,
        'beforeSend returned a promise; it must be synchronous',
      ],
      [
        'that returns a promise which rejects',
        () => Promise.reject(new Error('mail@example.org')),
        'beforeSend returned a promise; it must be synchronous',
      ],
      ['that returns nothing', () => undefined, 'beforeSend returned neither an event nor null'],
      [
        'that spoils the event',
        event => ({ ...event, userId: 7 }),
        'beforeSend returned an event whose userId must be a string',
      ],
      [
        'that returns a trap',
        () =>
          new Proxy(
            {},
            {
              get: () => {
                throw new Error('mail@example.org');
              },
              getPrototypeOf: () => {
                throw new Error('mail@example.org');
              },
            },
          ),
        'beforeSend threw Error',
      ],
    ];
    for (const [name, beforeSend, line] of faults) {
      it(`drops the events of one ${name}, and says so once, without user data`, async () => {
        const { processor, dispatcher, logger } = makeHarness({ beforeSend: beforeSend as never });
        for (let n = 0; n < 3; n++) expect(processor.recordConversion(CONVERSION)).to.equal(undefined);
        await processor.forceFlush();
        await settle();
        expect(dispatcher.sent).to.deep.equal([]);
        expect(processor.ledger().dropped).to.deep.equal({ before_send: 3 });
        expect(logger.at('error')).to.deep.equal([`events are dropped: ${line}`]);
        expect(JSON.stringify(logger.lines)).not.to.include('example.org');
      });
    }

    it('cannot change the objects of the application', () => {
      const { processor } = makeHarness({
        beforeSend: event => {
          delete (event.attributes as Record<string, unknown>).plan;
          delete ((event as ExperimentConversion).tags as Record<string, unknown>).sku;
          delete ((event as ExperimentConversion).tags as { order: { id?: string } }).order.id;
          return event;
        },
      });
      const given = { ...structuredClone(CONVERSION), tags: { ...CONVERSION.tags, order: { id: 'o' } } };
      const before = structuredClone(given);
      processor.recordConversion(given);
      expect(given).to.deep.equal(before);
    });

    it('may mend tags that cannot be serialized', async () => {
      const { processor, dispatcher } = makeHarness({
        beforeSend: event => ({
          ...event,
          tags: { revenue: Number((event as ExperimentConversion).tags?.revenue) },
        }),
      });
      processor.recordConversion({ ...CONVERSION, tags: { revenue: 4200n } });
      await processor.forceFlush();
      expect(dispatcher.visitors[0]?.snapshots[0]?.events[0]).to.deep.include({ revenue: 4200 });
    });

    it('sees events before they are held for a datafile, and raw span events', async () => {
      const manager = new StaticProjectConfigManager();
      const { processor, dispatcher } = makeHarness({
        datafile: undefined,
        projectConfigManager: manager,
        beforeSend: event => ({ ...event, userId: 'nobody' }),
      });
      processor.recordConversion(CONVERSION);
      const tracer = new BasicTracerProvider({ spanProcessors: [processor] }).getTracer('test');
      const span = tracer.startSpan('request');
      span.addEvent('optimizely.conversion', {
        'feature_flag.context.id': 'raw',
        'optimizely.event.key': 'purchase',
      });
      span.end();
      manager.setDatafile(makeDatafile());
      await processor.forceFlush();
      expect(dispatcher.visitors.map(visitor => visitor.visitor_id)).to.deep.equal(['nobody', 'nobody']);
    });
  });

  describe('allowedAttributes', () => {
    it('lets the keys listed go and no other, whatever the events and whatever beforeSend adds', async () => {
      const keys = ['plan', 'country', 'sku', 'revenue', 'value', '__proto__'];
      await fc.assert(
        fc.asyncProperty(fc.subarray(keys), async allowedAttributes => {
          const { processor, dispatcher } = makeHarness({
            allowedAttributes,
            beforeSend: event => ({ ...event, attributes: { ...event.attributes, country: 'NO' } }),
          });
          processor.recordConversion(CONVERSION);
          await processor.forceFlush();
          await processor.shutdown();
          const [visitor] = dispatcher.visitors;
          const sent = visitor?.attributes.map(({ key }) => key);
          expect(sent).to.deep.equal(['plan', 'country'].filter(key => allowedAttributes.includes(key)));
          const event = visitor?.snapshots[0]?.events[0];
          const tags = Object.keys(CONVERSION.tags).filter(key => allowedAttributes.includes(key));
          expect(Object.keys(event?.tags ?? {})).to.deep.equal(tags);
          // The measure itself.
          expect(event).to.deep.include({ revenue: 4200, value: 1.5 });
        }),
        { numRuns: 64 },
      );
    });

    it('counts an event whose attributes or tags cannot be read, and says so once', async () => {
      const unreadable = {
        get plan(): string {
          throw new Error('mail@example.org');
        },
      };
      for (const traceDetail of ['minimal', 'full'] as const) {
        const { processor, logger } = makeHarness({ allowedAttributes: ['plan'], traceDetail });
        for (const members of [{ attributes: unreadable }, { tags: unreadable }]) {
          expect(processor.recordConversion({ ...CONVERSION, ...members })).to.equal(undefined);
        }
        expect(processor.ledger()).to.deep.include({ recorded: 2, pending: 0, dropped: { invalid: 2 } });
        expect(logger.at('warn').filter(line => line.includes('refused'))).to.deep.equal([
          'an event is refused: its members cannot be read',
        ]);
        expect(JSON.stringify(logger.lines)).not.to.include('example.org');
      }
    });

    it('holds for the trace too, where it shows everything', async () => {
      const spans = new InMemorySpanExporter();
      const { processor } = makeHarness({ allowedAttributes: ['plan', 'sku'], traceDetail: 'full' });
      const provider = new BasicTracerProvider({
        spanProcessors: [processor, new SimpleSpanProcessor(spans)],
      });
      const span = provider.getTracer('test').startSpan('request');
      recordConversion(CONVERSION, span);
      span.end();
      expect(spans.getFinishedSpans()[0]?.events[0]?.attributes).to.deep.include({
        'optimizely.user.attributes': '{"plan":"gold"}',
        'optimizely.event.tags': '{"sku":"a"}',
      });
    });
  });

  describe('userIdHashKey', () => {
    const hashed = createHmac('sha256', KEY).update(CONVERSION.userId).digest('hex');

    it('sends the HMAC-SHA-256 of the user id, the same for impressions and conversions', async () => {
      const { processor, dispatcher } = makeHarness({ userIdHashKey: KEY });
      processor.recordImpression(IMPRESSION);
      processor.recordConversion(CONVERSION);
      await processor.forceFlush();
      expect(dispatcher.visitors.map(visitor => visitor.visitor_id)).to.deep.equal([hashed, hashed]);
      expect(JSON.stringify(dispatcher.sent)).not.to.include('example.org');
    });

    it('takes a key of 16 characters or bytes, the same in each form', async () => {
      const sent = new Set<string | undefined>();
      const text = 'sixteen letters!';
      for (const userIdHashKey of [text, ` ${text}\n`, Buffer.from(text), new TextEncoder().encode(text)]) {
        const { processor, dispatcher } = makeHarness({ userIdHashKey });
        processor.recordConversion(CONVERSION);
        await processor.forceFlush();
        sent.add(dispatcher.visitors[0]?.visitor_id);
      }
      expect([...sent]).to.deep.equal([createHmac('sha256', text).update(CONVERSION.userId).digest('hex')]);
    });

    it('stays the same where the application wipes the bytes of its key', async () => {
      const key = Buffer.from(KEY);
      const { processor, dispatcher } = makeHarness({ userIdHashKey: key });
      key.fill(0);
      processor.recordConversion(CONVERSION);
      await processor.forceFlush();
      expect(dispatcher.visitors[0]?.visitor_id).to.equal(hashed);
    });

    it('shows it in the trace as well', () => {
      const spans = new InMemorySpanExporter();
      const { processor } = makeHarness({ userIdHashKey: Buffer.from(KEY), traceDetail: 'full' });
      const provider = new BasicTracerProvider({
        spanProcessors: [processor, new SimpleSpanProcessor(spans)],
      });
      const span = provider.getTracer('test').startSpan('request');
      recordImpression(IMPRESSION, span);
      span.end();
      const [event] = spans.getFinishedSpans()[0]?.events ?? [];
      expect(event?.attributes?.['feature_flag.context.id']).to.equal(hashed);
    });

    it('is the same in the trace of several processors, of which one may have none', () => {
      const spans = new InMemorySpanExporter();
      const processors = [undefined, KEY, KEY].map(
        userIdHashKey => makeHarness({ userIdHashKey, traceDetail: 'full' }).processor,
      );
      const provider = new BasicTracerProvider({
        spanProcessors: [...processors, new SimpleSpanProcessor(spans)],
      });
      const span = provider.getTracer('test').startSpan('request');
      recordImpression(IMPRESSION, span);
      span.end();
      const [event] = spans.getFinishedSpans()[0]?.events ?? [];
      expect(event?.attributes?.['feature_flag.context.id']).to.equal(hashed);
    });
  });

  describe('dedupe', () => {
    it('lets one impression per visitor, rule and variation through a window, and counts the others', async () => {
      const { processor, dispatcher, runtime } = makeHarness({ dedupe: { windowMillis: 1_000 } });
      expect(processor.recordImpression(IMPRESSION)).to.be.a('string');
      expect(processor.recordImpression(IMPRESSION)).to.equal(undefined);
      expect(processor.recordImpression({ ...IMPRESSION, variationKey: 'control' })).to.be.a('string');
      expect(processor.recordImpression({ ...IMPRESSION, userId: 'another' })).to.be.a('string');
      await runtime.advance(999);
      expect(processor.recordImpression(IMPRESSION)).to.equal(undefined);
      await runtime.advance(1);
      expect(processor.recordImpression(IMPRESSION)).to.be.a('string');
      await processor.forceFlush();
      expect(dispatcher.visitors).to.have.length(4);
      expect(processor.ledger()).to.deep.include({ recorded: 6, delivered: 4, dropped: { deduplicated: 2 } });
    });

    it('lets every conversion through', async () => {
      const { processor } = makeHarness({ dedupe: true });
      for (let n = 0; n < 3; n++) processor.recordConversion(CONVERSION);
      await processor.forceFlush();
      expect(processor.ledger()).to.deep.include({ delivered: 3, dropped: {} });
    });

    it('forgets the least recently repeated past maxEntries', () => {
      const { processor } = makeHarness({ dedupe: { maxEntries: 2 } });
      const record = (userId: string) => processor.recordImpression({ ...IMPRESSION, userId }) !== undefined;
      expect([record('a'), record('b'), record('a'), record('c')]).to.deep.equal([true, true, false, true]);
      // b gave way to c, since a was repeated after it.
      expect([record('a'), record('b')]).to.deep.equal([false, true]);
    });

    it('forgets a 32nd of maxEntries at once, and no more', () => {
      const { processor } = makeHarness({ dedupe: { maxEntries: 64 } });
      const record = (n: number) => processor.recordImpression({ ...IMPRESSION, userId: `user-${n}` });
      for (let n = 0; n < 65; n++) record(n);
      for (let n = 2; n < 65; n++) expect(record(n), `user-${n}`).to.equal(undefined);
      expect([record(0), record(1)]).to.not.include(undefined);
    });

    it('does not count an impression that was refused', async () => {
      const { processor, runtime } = makeHarness({ dedupe: true, maxQueueSize: 1, startOnInit: false });
      processor.recordConversion(CONVERSION);
      expect(processor.recordImpression(IMPRESSION)).to.equal(undefined);
      processor.start();
      await runtime.advance(0);
      await processor.forceFlush();
      expect(processor.recordImpression(IMPRESSION)).to.be.a('string');
      expect(processor.ledger().dropped).to.deep.equal({ queue_full: 1 });
    });

    it('does not count an impression that the datafile does not know', () => {
      const { processor } = makeHarness({ dedupe: true });
      for (let n = 0; n < 2; n++) processor.recordImpression({ ...IMPRESSION, ruleKey: 'tset' });
      expect(processor.ledger().dropped).to.deep.equal({ unknown_key: 2 });
    });

    it('is not needed for an event that is refused after beforeSend', () => {
      const { processor } = makeHarness({ beforeSend: event => event, maxQueueSize: 1, startOnInit: false });
      expect(processor.recordConversion(CONVERSION)).to.be.a('string');
      expect(processor.recordImpression(IMPRESSION)).to.equal(undefined);
      expect(processor.ledger()).to.deep.include({ recorded: 2, pending: 1, dropped: { queue_full: 1 } });
      // The same of the class alone, since the processor bears what it throws.
      const options = resolvePrivacyOptions({ beforeSend: event => event }, noopLogger);
      const screen = new PrivacyFilter(options as ResolvedPrivacyOptions, {
        check: () => ({ type: 'unusable', unusable: 'event' }),
        logger: noopLogger,
        runtime: new ManualRuntime(),
      });
      expect(() =>
        screen.refused({ type: 'impression', ...IMPRESSION } as unknown as ExperimentEvent),
      ).not.to.throw();
    });

    it('is off unless asked for', async () => {
      for (const dedupe of [undefined, false]) {
        const { processor } = makeHarness({ dedupe });
        for (let n = 0; n < 3; n++) processor.recordImpression(IMPRESSION);
        await processor.forceFlush();
        expect(processor.ledger()).to.deep.include({ delivered: 3, dropped: {} });
      }
    });

    it('takes its defaults for members that are no numbers, and says so', () => {
      const { processor, logger } = makeHarness({ dedupe: { windowMillis: -1, maxEntries: 1.5 } });
      processor.recordImpression(IMPRESSION);
      expect(processor.recordImpression(IMPRESSION)).to.equal(undefined);
      expect(logger.at('info').filter(line => line.startsWith('dedupe.'))).to.have.length(2);
    });
  });

  describe('options of a wrong type', () => {
    const sixteen = Array.from({ length: 16 }, () => 7);
    const wrong: [string, unknown, string?][] = [
      ['beforeSend', true],
      ['allowedAttributes', 'plan'],
      ['allowedAttributes', [1]],
      ['userIdHashKey', 'short'],
      ['userIdHashKey', 12_345_678_901_234_567n],
      ['userIdHashKey', sixteen, 'list of 16 numbers'],
      ['userIdHashKey', { length: 16 }, 'object of length 16'],
      ['userIdHashKey', new Uint16Array(16), 'Uint16Array'],
      ['userIdHashKey', new ArrayBuffer(16), 'ArrayBuffer'],
      ['userIdHashKey', Object.defineProperty(() => 'key', 'length', { value: 16 }), 'function'],
      ['userIdHashKey', new Uint8Array(15), 'Uint8Array of 15 bytes'],
      [
        'userIdHashKey',
        { [Symbol.toStringTag]: 'Uint8Array', length: 16 },
        'object that calls itself Uint8Array',
      ],
      ['waitUntil', {}],
    ];
    for (const [name, value, kind] of wrong) {
      it(`refuses ${name} of type ${kind ?? (Array.isArray(value) ? 'list of numbers' : typeof value)}: a default would let out what was meant to stay`, () => {
        expect(() => makeHarness({ [name]: value })).to.throw(TypeError, name);
      });
    }
  });
});

describe('waitUntil', () => {
  const makeHarness = useHarness();

  it('is asked while an event is recorded, and its promise settles when the event has been delivered', async () => {
    const waited: Promise<unknown>[] = [];
    const { processor, dispatcher, runtime } = makeHarness({ waitUntil: promise => waited.push(promise) });
    processor.recordConversion(CONVERSION);
    processor.recordConversion(CONVERSION);
    expect(waited).to.have.length(1);
    expect(dispatcher.visitors).to.deep.equal([]);
    await runtime.advance(0);
    await waited[0];
    expect(dispatcher.visitors).to.have.length(2);
    processor.recordConversion(CONVERSION);
    expect(waited).to.have.length(2);
    await runtime.advance(0);
    await waited[1];
    expect(processor.ledger()).to.deep.include({ delivered: 3, pending: 0 });
  });

  it("is asked with the next event where the application's stack ended before it was", async () => {
    const waited: Promise<unknown>[] = [];
    const { processor, runtime, logger } = makeHarness({ waitUntil: promise => waited.push(promise) });
    const { setTimer } = runtime;
    Object.assign(runtime, {
      setTimer(callback: () => void, millis: number) {
        if (millis === 0) throw new RangeError('Maximum call stack size exceeded');
        return setTimer(callback, millis);
      },
    });
    processor.recordConversion(CONVERSION);
    Object.assign(runtime, { setTimer });
    expect(waited).to.deep.equal([]);
    processor.recordConversion(CONVERSION);
    expect(waited).to.have.length(1);
    await runtime.advance(0);
    await waited[0];
    expect(processor.ledger()).to.deep.include({ delivered: 2, pending: 0 });
    expect(logger.lines).to.deep.equal([]);
  });

  it("is asked with the next event where the application's stack ended within it", async () => {
    const waited: Promise<unknown>[] = [];
    let isAsked = false;
    const push = (promise: Promise<unknown>, frames: number): void => {
      isAsked = true;
      if (frames > 0) push(promise, frames - 1);
      else waited.push(promise);
    };
    const { processor, runtime } = makeHarness({ waitUntil: promise => push(promise, 500) });
    const descend = (): void => {
      try {
        descend();
      } catch (error) {
        // Ever further from the end, until there is room for it to be asked.
        processor.recordConversion(CONVERSION);
        if (!isAsked) throw error;
      }
    };
    descend();
    expect(isAsked).to.equal(true);
    expect(waited, 'the stack ended within it').to.deep.equal([]);
    processor.recordConversion(CONVERSION);
    expect(waited).to.have.length(1);
    await runtime.advance(0);
    await waited[0];
    expect(processor.ledger().pending).to.equal(0);
  });

  it('is not asked for what was refused', async () => {
    const waited: unknown[] = [];
    const { processor } = makeHarness({ waitUntil: promise => waited.push(promise) });
    processor.recordConversion({ userId: 'a', eventKey: 'unknown' });
    expect(waited).to.deep.equal([]);
  });

  const failing: Record<string, () => unknown> = {
    'that throws': () => {
      throw new Error('no context');
    },
    'whose promise rejects': async () => {
      throw new Error('no context');
    },
  };
  for (const [which, waitUntil] of Object.entries(failing)) {
    it(`${which} costs no event, and is told once`, async () => {
      const { processor, logger, runtime } = makeHarness({ waitUntil });
      for (let n = 0; n < 2; n++) {
        expect(processor.recordConversion(CONVERSION)).to.be.a('string');
        await runtime.advance(0);
      }
      expect(processor.ledger()).to.deep.include({ delivered: 2, pending: 0 });
      expect(logger.at('error')).to.deep.equal(['waitUntil failed: Error; events are flushed all the same']);
    });
  }

  it('batchSize 1 sends each event at once, without it', async () => {
    const { processor, dispatcher } = makeHarness({ batchSize: 1 });
    processor.recordConversion(CONVERSION);
    await settle();
    expect(dispatcher.sent).to.have.length(1);
    processor.recordConversion(CONVERSION);
    await settle();
    expect(dispatcher.sent.map(({ visitors }) => visitors.length)).to.deep.equal([1, 1]);
  });
});
