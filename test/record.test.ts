// SPDX-License-Identifier: Apache-2.0
import { context, type Span, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BasicTracerProvider,
  InMemorySpanExporter,
  ParentBasedSampler,
  type Sampler,
  SamplingDecision,
  SimpleSpanProcessor,
  type SpanLimits,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-base';
import { expect } from 'chai';
import {
  type Impression,
  OptimizelySpanProcessor,
  type OptimizelySpanProcessorOptions,
  recordConversion,
  recordImpression,
} from 'opentelemetry-exporter-optimizely';
import { makeDatafile } from './support/datafile.js';
import { RecordingDispatcher, RecordingLogger } from './support/fakes.js';

const IMPRESSION: Impression = {
  userId: 'visitor-é-long-enough-to-be-cut',
  flagKey: 'checkout',
  ruleKey: 'checkout_test',
  variationKey: 'treatment',
  attributes: { plan: 'gold' },
};
const CONVERSION = {
  userId: 'visitor-é-long-enough-to-be-cut',
  eventKey: 'purchase',
  tags: { revenue: 4200, sku: 'a' },
};

const recordOnly: Sampler = {
  shouldSample: () => ({ decision: SamplingDecision.RECORD }),
  toString: () => 'record',
};

interface HarnessOptions {
  processors?: number;
  sampler?: Sampler;
  spanLimits?: SpanLimits;
  options?: Partial<OptimizelySpanProcessorOptions>;
}

function makeProcessor(options: Partial<OptimizelySpanProcessorOptions> = {}) {
  const dispatcher = new RecordingDispatcher();
  const logger = new RecordingLogger();
  const processor = new OptimizelySpanProcessor({
    datafile: makeDatafile(),
    eventDispatcher: dispatcher,
    logger,
    ...options,
  });
  return { processor, dispatcher, logger };
}

describe('recording', () => {
  const opened: { shutdown(): Promise<unknown> }[] = [];

  function makeHarness({ processors = 1, sampler, spanLimits, options }: HarnessOptions = {}) {
    const ours = Array.from({ length: processors }, () => makeProcessor(options));
    const spans = new InMemorySpanExporter();
    const provider = new BasicTracerProvider({
      spanProcessors: [...ours.map(({ processor }) => processor), new SimpleSpanProcessor(spans)],
      ...(sampler && { sampler }),
      ...(spanLimits && { spanLimits }),
    });
    opened.push(provider);
    const [first] = ours;
    if (first === undefined) throw new Error('at least one processor');
    return { ...first, ours, spans, provider, tracer: provider.getTracer('test') };
  }

  before(() => {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  });

  after(() => {
    context.disable();
  });

  afterEach(async () => {
    trace.disable();
    await Promise.all(opened.splice(0).map(each => each.shutdown()));
  });

  it('adds a span event and hands the event over at once, before the span ends', async () => {
    const { processor, dispatcher, tracer, spans } = makeHarness({ options: { batchSize: 1 } });
    const span = tracer.startSpan('request');
    const uuid = recordImpression(IMPRESSION, span);

    await processor.forceFlush();
    expect(dispatcher.uuids).to.deep.equal([uuid]);

    span.end();
    const [event] = spans.getFinishedSpans()[0]?.events ?? [];
    expect(event?.name).to.equal('optimizely.impression');
    expect(event?.attributes).to.deep.equal({
      'feature_flag.key': 'checkout',
      'feature_flag.provider.name': 'optimizely',
      'feature_flag.result.variant': 'treatment',
      'optimizely.rule.key': 'checkout_test',
      'optimizely.decision.enabled': true,
      'optimizely.event.uuid': uuid,
    });
    await processor.forceFlush();
    expect(dispatcher.uuids, 'nothing a second time at the end of the span').to.deep.equal([uuid]);
  });

  it('records on the active span where none is given', () => {
    const { tracer } = makeHarness();
    tracer.startActiveSpan('request', span => {
      recordConversion(CONVERSION);
      expect((span as Span & { events: unknown[] }).events).to.have.length(1);
      span.end();
    });
  });

  const samplers: Record<string, Sampler> = {
    'an AlwaysOff sampler': new AlwaysOffSampler(),
    'a ratio sampler that takes nothing': new TraceIdRatioBasedSampler(0),
    'a ratio sampler that takes all': new TraceIdRatioBasedSampler(1),
    'a parent-based sampler': new ParentBasedSampler({ root: new AlwaysOffSampler() }),
    'a record-only sampler': recordOnly,
    'an AlwaysOn sampler': new AlwaysOnSampler(),
  };
  for (const [name, sampler] of Object.entries(samplers)) {
    it(`delivers each event once to each of two processors under ${name}`, async () => {
      const { ours, tracer, provider } = makeHarness({ processors: 2, sampler });
      const span = tracer.startSpan('request');
      const uuids = [recordImpression(IMPRESSION, span), recordConversion(CONVERSION, span)];
      span.end();
      await provider.forceFlush();
      for (const { dispatcher } of ours) expect(dispatcher.uuids).to.deep.equal(uuids);
    });
  }

  it('has two processors of a project send what Optimizely counts once', async () => {
    const { ours, tracer, provider } = makeHarness({ processors: 2 });
    const span = tracer.startSpan('request');
    recordImpression(IMPRESSION, span);
    recordConversion(CONVERSION, span);
    const raw = { 'feature_flag.context.id': 'ada', 'optimizely.event.key': CONVERSION.eventKey };
    span.addEvent('optimizely.conversion', raw);
    span.end();
    recordConversion(CONVERSION);
    await provider.forceFlush();
    const [one, other] = ours.map(({ dispatcher }) =>
      dispatcher.visitors
        .flatMap(({ snapshots }) => snapshots.flatMap(({ events }) => events))
        .map(({ entity_id, uuid, timestamp }) => `${entity_id} ${uuid} ${timestamp}`),
    );
    expect(one).to.have.length(4);
    expect(other).to.deep.equal(one);
  });

  it('delivers whole events under span limits that drop events and cut strings', async () => {
    const spanLimits = { eventCountLimit: 2, attributePerEventCountLimit: 2, attributeValueLengthLimit: 3 };
    const { dispatcher, logger, tracer, provider } = makeHarness({
      spanLimits,
      options: { traceDetail: 'full' },
    });
    const span = tracer.startSpan('request');
    const uuids = Array.from({ length: 5 }, () => recordImpression(IMPRESSION, span));
    span.end();
    await provider.forceFlush();
    expect(dispatcher.uuids).to.deep.equal(uuids);
    expect(new Set(dispatcher.visitors.map(visitor => visitor.visitor_id))).to.deep.equal(
      new Set([IMPRESSION.userId]),
    );
    expect(logger.at('warn')).to.deep.equal([]);
  });

  it('delivers under an event limit of 0 and does not mark a foreign event in its place', async () => {
    const { dispatcher, tracer, provider } = makeHarness({ spanLimits: { eventCountLimit: 0 } });
    const span = tracer.startSpan('request');
    const uuid = recordConversion(CONVERSION, span);
    span.end();
    await provider.forceFlush();
    expect(dispatcher.uuids).to.deep.equal([uuid]);
  });

  it('delivers without an active span, on a span that never ends, and after a span has ended', async () => {
    const { dispatcher, tracer, provider } = makeHarness();
    const unending = tracer.startSpan('unending');
    const ended = tracer.startSpan('ended');
    ended.end();
    const uuids = [
      recordConversion(CONVERSION),
      recordConversion(CONVERSION, unending),
      recordConversion(CONVERSION, ended),
    ];
    await provider.forceFlush();
    expect(dispatcher.uuids).to.deep.equal(uuids);
  });

  it('gives an event to the processors of the provider that made the span, and to no other', async () => {
    const shop = makeHarness();
    const bank = makeHarness();
    const uuid = recordConversion(CONVERSION, shop.tracer.startSpan('request'));
    await Promise.all([shop.provider.forceFlush(), bank.provider.forceFlush()]);
    expect(shop.dispatcher.uuids).to.deep.equal([uuid]);
    expect(bank.dispatcher.uuids).to.deep.equal([]);
  });

  it('gives an event of a provider whose processor was shut down to no other, and counts it there', async () => {
    const shop = makeHarness();
    const bank = makeHarness();
    const open = shop.tracer.startSpan('still open');
    const stopped = shop.provider.shutdown();
    const late = shop.tracer.startSpan('late');
    for (const span of [open, late]) {
      expect(recordConversion(CONVERSION, span)).to.equal(undefined);
      span.end();
    }
    await Promise.all([stopped, bank.provider.forceFlush()]);
    expect(bank.processor.ledger().recorded).to.equal(0);
    expect(shop.processor.ledger()).to.deep.include({ recorded: 2, dropped: { already_shutdown: 2 } });
  });

  it('tells owners apart where two providers share one resource object', async () => {
    const resource = makeHarness().tracer.startSpan('x') as unknown as { resource: never };
    const [shop, bank] = [makeProcessor(), makeProcessor()].map(each => {
      const provider = new BasicTracerProvider({
        resource: resource.resource,
        spanProcessors: [each.processor],
      });
      opened.push(provider);
      return { ...each, tracer: provider.getTracer('test') };
    });
    if (!shop || !bank) throw new Error('unreachable');
    const early = shop.tracer.startSpan('before anybody else claims the resource');
    const ofBank = bank.tracer.startSpan('bank');
    const late = shop.tracer.startSpan('late');
    const uuids = [early, late].map(span => recordConversion(CONVERSION, span));
    const bankUuid = recordConversion(CONVERSION, ofBank);
    await Promise.all([shop.processor.forceFlush(), bank.processor.forceFlush()]);
    expect(shop.dispatcher.uuids).to.deep.equal(uuids);
    expect(bank.dispatcher.uuids).to.deep.equal([bankUuid]);
  });

  it('tells owners apart where providers of several processors share a resource, while processors come and go', async () => {
    const resource = makeHarness().tracer.startSpan('x') as unknown as { resource: never };
    const ofAll = makeProcessor();
    const open = (count: number) => {
      const processors = Array.from({ length: count }, () => makeProcessor());
      const provider = new BasicTracerProvider({
        resource: resource.resource,
        spanProcessors: [...processors, ofAll].map(({ processor }) => processor),
      });
      opened.push(provider);
      return { processors, tracer: provider.getTracer('test'), recorded: [] as unknown[] };
    };
    const providers = [open(3), open(2)];
    const recordedInAll: unknown[] = [];
    const recordInTurn = () => {
      for (const { tracer, recorded } of [...providers, ...providers]) {
        const uuid = recordConversion(CONVERSION, tracer.startSpan('request'));
        recorded.push(uuid);
        recordedInAll.push(uuid);
      }
    };
    recordInTurn();
    const [left] = providers[0]?.processors.splice(1, 1) ?? [];
    await left?.processor.shutdown();
    recordInTurn();
    providers.push(open(2));
    recordInTurn();
    for (const { processors, recorded } of providers) {
      for (const { processor, dispatcher } of processors) {
        await processor.forceFlush();
        expect(dispatcher.uuids).to.deep.equal(recorded);
      }
    }
    expect(left?.dispatcher.uuids).to.have.lengthOf(2);
    await ofAll.processor.forceFlush();
    expect(ofAll.dispatcher.uuids).to.deep.equal(recordedInAll);
  });

  it('serves several providers with one processor', async () => {
    const { processor, dispatcher } = makeProcessor();
    const tracers = [1, 2].map(() => {
      const provider = new BasicTracerProvider({ spanProcessors: [processor] });
      opened.push(provider);
      return provider.getTracer('test');
    });
    const uuids = [...tracers, ...tracers].map(tracer => {
      const span = tracer.startSpan('request');
      const uuid = recordConversion(CONVERSION, span);
      span.end();
      return uuid;
    });
    await processor.forceFlush();
    expect(dispatcher.uuids).to.deep.equal(uuids);
  });

  it('gives events of a foreign global provider to every installed processor', async () => {
    const ours = [makeProcessor(), makeProcessor()];
    opened.push(...ours.map(({ processor }) => processor));
    const foreign = new BasicTracerProvider();
    opened.push(foreign);
    trace.setGlobalTracerProvider(foreign);
    const uuid = trace.getTracer('theirs').startActiveSpan('request', span => {
      const recorded = recordConversion(CONVERSION);
      span.end();
      return recorded;
    });
    for (const { processor, dispatcher } of ours) {
      await processor.forceFlush();
      expect(dispatcher.uuids).to.deep.equal([uuid]);
    }
  });

  it('delivers once on a span that hides its stored events behind a wrapper', async () => {
    const { dispatcher, tracer, provider } = makeHarness({ options: { traceDetail: 'full' } });
    const inner = tracer.startSpan('request');
    const wrapper = {
      isRecording: () => true,
      addEvent: (...event: Parameters<Span['addEvent']>) => inner.addEvent(...event),
    } as unknown as Span;
    const uuid = recordConversion(CONVERSION, wrapper);
    inner.end();
    await provider.forceFlush();
    expect(dispatcher.uuids).to.deep.equal([uuid]);
  });

  it("keeps an event recorded through one processor from that processor's neighbors", async () => {
    const { ours, tracer, provider } = makeHarness({ processors: 2, options: { traceDetail: 'full' } });
    const [first, second] = ours;
    const span = tracer.startSpan('request');
    const uuids = [
      first?.processor.recordImpression(IMPRESSION, span),
      first?.processor.recordConversion(CONVERSION),
    ];
    span.end();
    await provider.forceFlush();
    expect(first?.dispatcher.uuids).to.deep.equal(uuids);
    expect(second?.dispatcher.uuids).to.deep.equal([]);
    expect(second?.processor.ledger().recorded).to.equal(0);
  });

  it('answers undefined where nobody took the event, and still adds the span event', () => {
    const spans = new InMemorySpanExporter();
    const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });
    opened.push(provider);
    const span = provider.getTracer('test').startSpan('request');
    expect(recordImpression(IMPRESSION, span)).to.equal(undefined);
    span.end();
    const [event] = spans.getFinishedSpans()[0]?.events ?? [];
    expect(event?.name).to.equal('optimizely.impression');
    expect(event?.attributes).not.to.have.property('feature_flag.context.id');
  });

  it('no longer takes events of helpers after shutdown, and counts those recorded through it', async () => {
    const { processor, logger } = makeProcessor();
    await processor.shutdown();
    expect(recordConversion(CONVERSION)).to.equal(undefined);
    expect(processor.recordConversion(CONVERSION)).to.equal(undefined);
    expect(processor.ledger()).to.deep.include({ recorded: 1, dropped: { already_shutdown: 1 } });
    expect(logger.at('warn')).to.have.length(1);
  });

  describe('traceDetail', () => {
    function spanEvents(...levels: OptimizelySpanProcessorOptions['traceDetail'][]) {
      const spans = new InMemorySpanExporter();
      const ours = levels.map(traceDetail => makeProcessor({ traceDetail }));
      const provider = new BasicTracerProvider({
        spanProcessors: [...ours.map(({ processor }) => processor), new SimpleSpanProcessor(spans)],
      });
      opened.push(provider);
      const span = provider.getTracer('test').startSpan('request');
      recordImpression(IMPRESSION, span);
      recordConversion(CONVERSION, span);
      span.end();
      return spans.getFinishedSpans()[0]?.events ?? [];
    }

    it('is minimal by default: no user id, user attributes or tags reach the trace', () => {
      const text = JSON.stringify(spanEvents(undefined));
      expect(text).to.include('checkout_test').and.include('purchase');
      expect(text).not.to.include('visitor-');
      expect(text).not.to.include('gold');
      expect(text).not.to.include('revenue');
    });

    it('full: puts everything into the trace, objects as JSON', () => {
      const [impression, conversion] = spanEvents('full');
      expect(impression?.attributes).to.include({
        'feature_flag.context.id': IMPRESSION.userId,
        'optimizely.user.attributes': '{"plan":"gold"}',
      });
      expect(conversion?.attributes).to.include({ 'optimizely.event.tags': '{"revenue":4200,"sku":"a"}' });
    });

    it('none: adds no span event', () => {
      expect(spanEvents('none')).to.deep.equal([]);
    });

    it('the strictest of several processors wins', () => {
      expect(JSON.stringify(spanEvents('full', 'minimal'))).not.to.include('visitor-');
      expect(spanEvents('full', 'none', 'minimal')).to.deep.equal([]);
    });
  });

  describe('harvest of raw span events', () => {
    const RAW_IMPRESSION = {
      'feature_flag.context.id': 'raw-visitor',
      'feature_flag.key': 'checkout',
      'feature_flag.result.variant': 'control',
      'optimizely.rule.key': 'checkout_test',
      'optimizely.user.attributes': '{"plan":"gold"}',
    };

    it('takes events that code without this package added, once for each processor', async () => {
      const { ours, tracer, provider } = makeHarness({ processors: 2 });
      const span = tracer.startSpan('request');
      span.addEvent('optimizely.impression', RAW_IMPRESSION, 1_700_000_000_123);
      span.addEvent('something.else', { 'feature_flag.context.id': 'raw-visitor' });
      span.addEvent('optimizely.conversion', {
        'feature_flag.context.id': 'raw-visitor',
        'optimizely.event.key': 'purchase',
        'optimizely.event.uuid': 'given-uuid',
        'optimizely.event.tags': '{"revenue":"12","nested":{"a":[1]}}',
      });
      span.end();
      await provider.forceFlush();
      for (const { dispatcher } of ours) {
        const [impression, conversion] = dispatcher.visitors;
        expect(dispatcher.visitors).to.have.length(2);
        expect(impression?.visitor_id).to.equal('raw-visitor');
        expect(impression?.attributes).to.deep.equal([
          { entity_id: '400', key: 'plan', type: 'custom', value: 'gold' },
        ]);
        expect(impression?.snapshots[0]?.events[0]?.timestamp).to.equal(1_700_000_000_123);
        expect(impression?.snapshots[0]?.events[0]?.uuid).to.match(/^[0-9a-f-]{36}$/);
        expect(impression?.snapshots[0]?.decisions?.[0]).to.deep.include({
          experiment_id: '200',
          variation_id: '2001',
        });
        expect(conversion?.snapshots[0]?.events[0]).to.deep.include({
          uuid: 'given-uuid',
          revenue: 12,
          tags: { revenue: '12', nested: { a: [1] } },
        });
      }
    });

    it('takes them from spans that are not sampled', async () => {
      const { dispatcher, tracer, provider } = makeHarness({ sampler: recordOnly });
      const span = tracer.startSpan('request');
      span.addEvent('optimizely.impression', RAW_IMPRESSION);
      span.end();
      await provider.forceFlush();
      expect(dispatcher.visitors).to.have.length(1);
    });

    it('takes them once where the processor sees the same span end twice', async () => {
      const { processor, dispatcher } = makeProcessor();
      const provider = new BasicTracerProvider({ spanProcessors: [processor, processor] });
      opened.push(provider);
      const span = provider.getTracer('test').startSpan('request');
      span.addEvent('optimizely.impression', RAW_IMPRESSION);
      span.end();
      await processor.forceFlush();
      expect(dispatcher.visitors).to.have.length(1);
    });

    it('warns once where a span limit may have cut a user id', async () => {
      const { logger, tracer } = makeHarness({ spanLimits: { attributeValueLengthLimit: 300 } });
      for (const name of ['first', 'second']) {
        const span = tracer.startSpan(name);
        span.addEvent('optimizely.impression', RAW_IMPRESSION);
        span.end();
      }
      expect(logger.at('warn').filter(line => line.includes('attributeValueLengthLimit'))).to.have.length(1);
    });

    it('refuses what it cannot read, naming the attribute and never its value', async () => {
      const { processor, logger, tracer } = makeHarness();
      const span = tracer.startSpan('request');
      span.addEvent('optimizely.impression', { 'feature_flag.key': 'checkout' });
      span.addEvent('optimizely.impression', { ...RAW_IMPRESSION, 'optimizely.user.attributes': '{"secret' });
      span.addEvent('optimizely.conversion', {
        'feature_flag.context.id': 'secret',
        'optimizely.event.key': 7,
      });
      span.addEvent('optimizely.conversion');
      span.end();
      expect(processor.ledger()).to.deep.include({ recorded: 4, dropped: { invalid: 4 } });
      const lines = logger.at('warn').join('\n');
      expect(lines).to.include('feature_flag.context.id');
      expect(lines).to.include('optimizely.user.attributes');
      expect(lines).to.include('optimizely.event.key');
      expect(lines).not.to.include('secret');
    });
  });

  describe('bad input', () => {
    const bad: [string, () => unknown][] = [
      ['userId', () => recordImpression({ ruleKey: 'banner' } as never)],
      ['userId', () => recordConversion({ userId: 7, eventKey: 'purchase' } as never)],
      ['ruleKey', () => recordImpression({ userId: 'secret' })],
      [
        'ruleType',
        () => recordImpression({ userId: 'secret', ruleKey: 'banner', ruleType: 'nonsense' as never }),
      ],
      ['enabled', () => recordImpression({ userId: 'secret', ruleKey: 'banner', enabled: 'yes' as never })],
      [
        'variationKey',
        () => recordImpression({ userId: 'secret', ruleKey: 'banner', variationKey: 4 as never }),
      ],
      [
        'attributes',
        () => recordImpression({ userId: 'secret', ruleKey: 'banner', attributes: ['secret'] as never }),
      ],
      ['timestamp', () => recordConversion({ ...CONVERSION, timestamp: 1_700_000_000 })],
      ['timestamp', () => recordConversion({ ...CONVERSION, timestamp: new Date(Number.NaN) })],
      ['eventKey', () => recordConversion({ userId: 'secret', eventKey: '' })],
      ['tags', () => recordConversion({ ...CONVERSION, tags: 'secret' as never })],
      ['tags', () => recordConversion({ ...CONVERSION, tags: { secret: 1n } })],
      ['the argument', () => recordConversion(undefined as never)],
      [
        'throws when read',
        () =>
          recordConversion({
            userId: 'secret',
            get eventKey(): string {
              throw new Error('secret');
            },
          }),
      ],
    ];
    for (const [index, [field, call]] of bad.entries()) {
      it(`refuses it, counts it and names the field once: ${field} (${index})`, async () => {
        const { processor, logger, dispatcher } = makeProcessor();
        opened.push(processor);
        expect([call(), call()]).to.deep.equal([undefined, undefined]);
        expect(processor.ledger()).to.deep.include({ recorded: 2, pending: 0, dropped: { invalid: 2 } });
        expect(logger.at('warn').filter(line => line.includes(field))).to.have.length(1);
        expect(JSON.stringify(logger.lines)).not.to.include('secret');
        await processor.forceFlush();
        expect(dispatcher.visitors).to.deep.equal([]);
      });
    }

    it('says what the field must be', () => {
      const { processor, logger } = makeProcessor();
      opened.push(processor);
      recordImpression({ ruleKey: 'banner' } as never);
      recordImpression({ userId: 'visitor' });
      recordImpression({ userId: 'visitor', ruleKey: 'banner', ruleType: 'ab' as never });
      recordConversion({ ...CONVERSION, timestamp: 1_700_000_000 });
      recordConversion({ ...CONVERSION, tags: '{}' as never });
      expect(logger.at('warn').filter(line => line.includes('refused'))).to.deep.equal([
        'impression refused: userId must be a string',
        'impression refused: ruleKey must be a string, given unless flagKey, experimentId or campaignId is',
        "impression refused: ruleType must be 'experiment', 'feature-test', 'rollout' or 'holdout'",
        'conversion refused: timestamp must be a Date or milliseconds since the epoch, 13 digits',
        'conversion refused: tags must be an object',
      ]);
    });

    it('never throws, whatever is passed', () => {
      const { processor } = makeProcessor();
      opened.push(processor);
      const hostile = new Proxy(
        {},
        {
          get() {
            throw new Proxy(new Error('trap'), {
              getPrototypeOf() {
                throw new Error('deeper');
              },
            });
          },
        },
      );
      for (const value of [hostile, null, 1, 'text', [], () => {}, Symbol('s')]) {
        expect(recordImpression(value as never)).to.equal(undefined);
        expect(processor.recordConversion(value as never, value as never)).to.equal(undefined);
      }
      const ledger = processor.ledger();
      expect(ledger.recorded).to.equal(14);
      expect(ledger.dropped).to.deep.equal({ invalid: 14 });
    });

    it('is not changed by what the caller does to his objects afterwards, nor are his objects', async () => {
      const { processor, dispatcher } = makeProcessor();
      opened.push(processor);
      const conversion = {
        ...CONVERSION,
        attributes: { plan: 'gold' },
        tags: { sku: 'a', gone: null, deep: { n: 1 } },
      };
      const before = structuredClone(conversion);
      recordConversion(conversion);
      expect(conversion).to.deep.equal(before);
      conversion.attributes.plan = 'changed';
      conversion.tags.sku = 'changed';
      conversion.tags.deep.n = 2;
      await processor.forceFlush();
      expect(dispatcher.visitors[0]?.attributes[0]?.value).to.equal('gold');
      expect(dispatcher.visitors[0]?.snapshots[0]?.events[0]?.tags).to.deep.equal({
        sku: 'a',
        deep: { n: 1 },
      });
    });
  });
});
