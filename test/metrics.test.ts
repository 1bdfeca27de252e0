// SPDX-License-Identifier: Apache-2.0
import { metrics as api, createNoopMeter, type Meter, type MeterProvider } from '@opentelemetry/api';
import { metrics as sdk } from '@opentelemetry/sdk-node';
import { expect } from 'chai';
import {
  OptimizelySpanProcessor,
  type OptimizelySpanProcessorOptions,
} from 'opentelemetry-exporter-optimizely';
import { SelfObservability, type SelfObservabilityOptions } from '../src/metrics/self-observability.js';
import { CLIENT_NAME, CLIENT_VERSION } from '../src/util/version.js';
import { makeDatafile } from './support/datafile.js';
import { RecordingDispatcher, RecordingLogger } from './support/fakes.js';
import { ManualRuntime } from './support/manual-runtime.js';

class CollectingReader extends sdk.MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

type Point = sdk.MetricData['dataPoints'][number];

/** A real provider, and what it would export now. */
function makeMetrics() {
  const reader = new CollectingReader();
  const meterProvider = new sdk.MeterProvider({ readers: [reader] });

  async function collect(): Promise<{
    scope: { name: string; version?: string };
    metrics: sdk.MetricData[];
  }> {
    const { resourceMetrics, errors } = await reader.collect();
    collectErrors.push(...errors);
    const [only, ...others] = resourceMetrics.scopeMetrics;
    if (others.length > 0) throw new Error('more than one scope');
    return { scope: only?.scope ?? { name: '' }, metrics: only?.metrics ?? [] };
  }

  const collectErrors: unknown[] = [];

  /** Metric name to `error.type` to value; '' where there is none. Of a histogram, its count. */
  async function figures(): Promise<Record<string, Record<string, number>>> {
    const named: Record<string, Record<string, number>> = {};
    for (const { descriptor, dataPoints } of (await collect()).metrics) {
      const values: Record<string, number> = {};
      for (const point of dataPoints as Point[]) {
        const key = String(point.attributes['error.type'] ?? '');
        if (key in values) throw new Error(`two points of ${descriptor.name} with error.type '${key}'`);
        values[key] = typeof point.value === 'number' ? point.value : point.value.count;
      }
      named[descriptor.name] = values;
    }
    return named;
  }

  async function points(name: string): Promise<Point[]> {
    const found = (await collect()).metrics.find(({ descriptor }) => descriptor.name === name);
    return [...((found?.dataPoints ?? []) as Point[])];
  }

  return { meterProvider, collect, figures, points, collectErrors };
}

function makeSelfObservability(overrides: Partial<SelfObservabilityOptions> = {}) {
  const measured = makeMetrics();
  const logger = new RecordingLogger();
  const state = { queued: 0, stored: 0 };
  const observability = new SelfObservability({
    meterProvider: measured.meterProvider,
    capacity: 10_000,
    queueSize: () => state.queued,
    storedCount: () => state.stored,
    logger,
    ...overrides,
  });
  return { observability, state, logger, ...measured };
}

/** A meter whose instruments throw from the call on that `fails` names. */
function makeBrokenProvider(fails: 'getMeter' | 'create' | 'add'): MeterProvider & { calls: number } {
  const broken = () => {
    provider.calls++;
    throw new RangeError('user-7 is in this message');
  };
  const noop = createNoopMeter();
  const meter = new Proxy(noop, {
    get(target, key: keyof Meter) {
      if (key === 'createCounter') return fails === 'create' ? broken : () => ({ add: broken });
      return target[key].bind(target);
    },
  });
  const provider = { calls: 0, getMeter: fails === 'getMeter' ? broken : () => meter };
  return provider;
}

describe('self-observability', () => {
  it('has every instrument in the shape of the semantic conventions, in our own scope', async () => {
    const { observability, collect } = makeSelfObservability();
    observability.recorded(1);
    observability.processed(1);
    observability.requestStarted(1);
    observability.requestEnded(1, 0.25);
    const { scope, metrics } = await collect();
    expect(scope).to.deep.include({ name: CLIENT_NAME, version: CLIENT_VERSION });
    const shapes = Object.fromEntries(
      metrics.map(metric => [
        metric.descriptor.name,
        {
          unit: metric.descriptor.unit,
          // What tells the instruments apart once they are exported.
          kind:
            metric.dataPointType === sdk.DataPointType.SUM
              ? metric.isMonotonic
                ? 'counter'
                : 'up-down counter'
              : sdk.DataPointType[metric.dataPointType],
          components: metric.dataPoints.map(point => point.attributes['otel.component.type']),
        },
      ]),
    );
    const processor = ['optimizely_span_processor'];
    const exporter = ['optimizely_event_exporter'];
    expect(shapes).to.deep.equal({
      'optimizely.processor.event.queue.size': {
        unit: '{event}',
        kind: 'up-down counter',
        components: processor,
      },
      'optimizely.processor.event.queue.capacity': {
        unit: '{event}',
        kind: 'up-down counter',
        components: processor,
      },
      'optimizely.processor.event.recorded': { unit: '{event}', kind: 'counter', components: processor },
      'optimizely.processor.event.processed': { unit: '{event}', kind: 'counter', components: processor },
      'optimizely.exporter.event.inflight': {
        unit: '{event}',
        kind: 'up-down counter',
        components: exporter,
      },
      'optimizely.exporter.event.exported': { unit: '{event}', kind: 'counter', components: exporter },
      'otel.sdk.exporter.operation.duration': { unit: 's', kind: 'HISTOGRAM', components: exporter },
      'optimizely.store.event.count': { unit: '{event}', kind: 'up-down counter', components: processor },
    });
    for (const { descriptor } of metrics) expect(descriptor.description).to.match(/^\p{Lu}.*\.$/u);
  });

  it('counts delivered events without and dropped ones with error.type', async () => {
    const { observability, figures } = makeSelfObservability();
    observability.recorded(10);
    observability.recorded(2);
    observability.processed(7);
    observability.processed(2, 'rejected');
    observability.processed(1, 'queue_full');
    observability.processed(1, 'queue_full');
    observability.processed(0, 'expired');
    expect(await figures()).to.deep.include({
      'optimizely.processor.event.recorded': { '': 12 },
      'optimizely.processor.event.processed': { '': 7, rejected: 2, queue_full: 2 },
    });
  });

  it('reads queue and store at each collection', async () => {
    const { state, figures } = makeSelfObservability();
    state.queued = 3;
    state.stored = 40;
    expect(await figures()).to.deep.equal({
      'optimizely.processor.event.queue.size': { '': 3 },
      'optimizely.processor.event.queue.capacity': { '': 10_000 },
      'optimizely.store.event.count': { '': 40 },
    });
    state.queued = 1;
    state.stored = 0;
    expect(await figures()).to.deep.include({
      'optimizely.processor.event.queue.size': { '': 1 },
      'optimizely.store.event.count': { '': 0 },
    });
  });

  it('counts every attempt of a request and times it, in seconds', async () => {
    const { observability, figures, points } = makeSelfObservability();
    observability.requestStarted(5);
    observability.requestStarted(3);
    expect(await figures()).to.deep.include({ 'optimizely.exporter.event.inflight': { '': 8 } });
    observability.requestEnded(5, 0.5, '503');
    observability.requestStarted(5);
    observability.requestEnded(5, 0.25);
    observability.requestEnded(3, 10, 'TimeoutError');
    expect(await figures()).to.deep.include({
      'optimizely.exporter.event.inflight': { '': 0 },
      'optimizely.exporter.event.exported': { '': 5, 503: 5, TimeoutError: 3 },
      'otel.sdk.exporter.operation.duration': { '': 1, 503: 1, TimeoutError: 1 },
    });
    const durations = await points('otel.sdk.exporter.operation.duration');
    const known = durations.map(({ attributes, value }) => [
      attributes['error.type'],
      attributes['http.response.status_code'],
      (value as sdk.Histogram).sum,
    ]);
    expect(known).to.have.deep.members([
      ['503', 503, 0.5],
      [undefined, undefined, 0.25],
      ['TimeoutError', undefined, 10],
    ]);
    for (const { value } of durations) {
      expect((value as sdk.Histogram).buckets.boundaries).to.include.members([0.005, 1, 10]);
    }
  });

  it('tells the instances of one process apart', async () => {
    const { observability: first, meterProvider, points } = makeSelfObservability();
    const second = makeSelfObservability({ meterProvider }).observability;
    first.recorded(1);
    second.recorded(2);
    first.requestStarted(1);
    const names = (await points('optimizely.processor.event.recorded')).map(
      point => point.attributes['otel.component.name'],
    );
    expect(new Set(names)).to.have.property('size', 2);
    for (const name of names) expect(name).to.match(/^optimizely_span_processor\/\d+$/);
    expect(await points('optimizely.processor.event.queue.size')).to.have.length(2);
    const [inflight] = await points('optimizely.exporter.event.inflight');
    expect(inflight?.attributes['otel.component.name']).to.match(/^optimizely_event_exporter\/\d+$/);
  });

  it('takes a name that is given', async () => {
    const { observability, points } = makeSelfObservability({ componentName: 'shop' });
    observability.recorded(1);
    const [recorded] = await points('optimizely.processor.event.recorded');
    expect(recorded?.attributes).to.deep.equal({
      'otel.component.type': 'optimizely_span_processor',
      'otel.component.name': 'shop',
    });
  });

  it('keeps the number of error types small, whatever a dispatcher throws', async () => {
    const { observability, figures } = makeSelfObservability();
    for (let n = 0; n < 1_000; n++) {
      observability.requestStarted(1);
      observability.requestEnded(1, 0.1, `Error${n}`);
    }
    const exported = (await figures())['optimizely.exporter.event.exported'] ?? {};
    expect(Object.keys(exported)).to.have.length.within(2, 51);
    expect(exported._OTHER).to.be.greaterThan(900);
    expect(Object.values(exported).reduce((sum, value) => sum + value, 0)).to.equal(1_000);
  });

  it('stops observing at shutdown, and still counts what is refused after it', async () => {
    let reads = 0;
    const read = () => ++reads;
    const { observability, figures } = makeSelfObservability({ queueSize: read, storedCount: read });
    observability.recorded(1);
    await figures();
    expect(reads).to.equal(2);
    observability.shutdown();
    observability.shutdown();
    observability.recorded(1);
    observability.processed(1, 'already_shutdown');
    expect(await figures()).to.deep.include({
      'optimizely.processor.event.recorded': { '': 2 },
      'optimizely.processor.event.processed': { already_shutdown: 1 },
    });
    expect(reads).to.equal(2);
  });

  it('does nothing without a meter provider', () => {
    const { observability, logger } = makeSelfObservability({ meterProvider: undefined });
    useAll(observability);
    expect(logger.lines).to.deep.equal([]);
  });

  for (const fails of ['getMeter', 'create', 'add'] as const) {
    it(`keeps a meter provider that throws in ${fails} from everybody, and says so once`, () => {
      const meterProvider = makeBrokenProvider(fails);
      const { observability, logger } = makeSelfObservability({ meterProvider });
      useAll(observability);
      useAll(observability);
      expect(meterProvider.calls).to.equal(1);
      expect(logger.lines).to.have.length(1);
      expect(logger.at('warn').join()).to.include('selfObsMeterProvider').and.include('RangeError');
      expect(logger.at('warn').join()).not.to.include('user-7');
    });
  }

  it('loses no other figure to a store that throws when it is asked', async () => {
    const { figures, collectErrors } = makeSelfObservability({
      queueSize: () => 3,
      storedCount: () => {
        throw new Error('no store');
      },
    });
    expect(await figures()).to.deep.equal({
      'optimizely.processor.event.queue.size': { '': 3 },
      'optimizely.processor.event.queue.capacity': { '': 10_000 },
    });
    expect(collectErrors).to.have.length(1);
  });
});

function useAll(observability: SelfObservability): void {
  observability.recorded(1);
  observability.processed(1);
  observability.processed(1, 'invalid');
  observability.requestStarted(1);
  observability.requestEnded(1, 0.1, '500');
  observability.shutdown();
}

describe('selfObsMeterProvider', () => {
  function makeProcessor(overrides: { selfObsMeterProvider?: MeterProvider } = {}) {
    const runtime = new ManualRuntime();
    const dispatcher = new RecordingDispatcher();
    const options: OptimizelySpanProcessorOptions & { selfObsMeterProvider?: MeterProvider } = {
      datafile: makeDatafile(),
      eventDispatcher: dispatcher,
      logger: new RecordingLogger(),
      runtime,
      batchSize: 2,
      ...overrides,
    };
    const processor = new OptimizelySpanProcessor(options);
    const impression = () =>
      processor.recordImpression({
        userId: 'visitor',
        flagKey: 'checkout',
        ruleKey: 'checkout_test',
        variationKey: 'treatment',
      });
    return { processor, dispatcher, runtime, impression };
  }

  it('says what the ledger says, through a 503, a 204, drops and a shutdown', async () => {
    const { meterProvider, figures, points } = makeMetrics();
    const { processor, dispatcher, runtime, impression } = makeProcessor({
      selfObsMeterProvider: meterProvider,
    });
    dispatcher.answer = async attempt => {
      await new Promise<void>(resolve => void runtime.setTimer(resolve, 20));
      return { statusCode: attempt === 1 ? 503 : 204 };
    };

    impression();
    impression();
    processor.recordConversion({ userId: 'visitor', eventKey: 'unheard of' });
    processor.recordConversion({ userId: 'visitor', eventKey: undefined as unknown as string });
    await runtime.advance(10);
    expect(await figures()).to.deep.equal({
      'optimizely.processor.event.queue.size': { '': 2 },
      'optimizely.processor.event.queue.capacity': { '': 10_000 },
      'optimizely.processor.event.recorded': { '': 4 },
      'optimizely.processor.event.processed': { unknown_key: 1, invalid: 1 },
      'optimizely.exporter.event.inflight': { '': 2 },
      'optimizely.store.event.count': { '': 0 },
    });

    await runtime.advance(5_000);
    expect(dispatcher.attempts).to.equal(2);
    const ledger = processor.ledger();
    expect(ledger).to.deep.include({ recorded: 4, delivered: 2, pending: 0, stored: 0 });
    expect(await figures()).to.deep.equal({
      'optimizely.processor.event.queue.size': { '': ledger.pending },
      'optimizely.processor.event.queue.capacity': { '': 10_000 },
      'optimizely.processor.event.recorded': { '': ledger.recorded },
      'optimizely.processor.event.processed': { '': ledger.delivered, ...ledger.dropped },
      'optimizely.exporter.event.inflight': { '': 0 },
      'optimizely.exporter.event.exported': { '': 2, 503: 2 },
      'otel.sdk.exporter.operation.duration': { '': 1, 503: 1 },
      'optimizely.store.event.count': { '': ledger.stored },
    });
    const durations = await points('otel.sdk.exporter.operation.duration');
    for (const { value } of durations) expect((value as sdk.Histogram).sum).to.be.closeTo(0.02, 0.001);
    const statuses = durations.map(point => point.attributes['http.response.status_code']);
    expect(statuses).to.have.members([undefined, 503]);

    await processor.shutdown();
    impression();
    expect(await figures()).to.deep.include({
      'optimizely.processor.event.recorded': { '': 5 },
      'optimizely.processor.event.processed': { '': 2, unknown_key: 1, invalid: 1, already_shutdown: 1 },
      'optimizely.exporter.event.inflight': { '': 0 },
      'optimizely.exporter.event.exported': { '': 2, 503: 2 },
    });
  });

  it('leaves nothing in flight when a shutdown ends a hanging request', async () => {
    const { meterProvider, figures } = makeMetrics();
    const { processor, dispatcher, runtime, impression } = makeProcessor({
      selfObsMeterProvider: meterProvider,
    });
    dispatcher.answer = () => new Promise(() => {});
    impression();
    impression();
    const stopped = processor.shutdown();
    await runtime.advance(60_000);
    await stopped;
    expect(await figures()).to.deep.include({
      'optimizely.exporter.event.inflight': { '': 0 },
      'optimizely.processor.event.processed': { shutdown_timeout: 2 },
    });
  });

  it('delivers with a meter provider that throws', async () => {
    for (const fails of ['getMeter', 'create', 'add'] as const) {
      const { processor, impression } = makeProcessor({ selfObsMeterProvider: makeBrokenProvider(fails) });
      impression();
      await processor.shutdown();
      expect(processor.ledger()).to.deep.include({ recorded: 1, delivered: 1, pending: 0 });
    }
  });

  it('creates nothing where it is not set, not even with a global meter provider', async () => {
    let meters = 0;
    const counting: MeterProvider = {
      getMeter(name) {
        if (name === CLIENT_NAME) meters++;
        return createNoopMeter();
      },
    };
    api.setGlobalMeterProvider(counting);
    try {
      const { processor, impression } = makeProcessor();
      impression();
      await processor.shutdown();
      expect(processor.ledger()).to.deep.include({ recorded: 1, delivered: 1 });
      expect(meters).to.equal(0);
    } finally {
      api.disable();
    }
  });
});
