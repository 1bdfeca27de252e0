// SPDX-License-Identifier: Apache-2.0
import { inspect } from 'node:util';
import { type AttributeValue, trace } from '@opentelemetry/api';
import { logs } from '@opentelemetry/api-logs';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { registerInstrumentations } from '@opentelemetry/instrumentation';
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { NodeSDK } from '@opentelemetry/sdk-node';
import {
  BatchSpanProcessor,
  ConsoleSpanExporter,
  InMemorySpanExporter,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { expect } from 'chai';
import {
  BatchEventProcessor,
  OptimizelyEventExporter,
  OptimizelySpanProcessor,
  shutdownOnSignals,
  UndiciEventDispatcher,
} from 'opentelemetry-exporter-optimizely';
import { OptimizelyInstrumentation } from 'opentelemetry-exporter-optimizely/instrumentation';
import { OptimizelyLogRecordProcessor } from 'opentelemetry-exporter-optimizely/logs';
import { makeDatafile } from './support/datafile.js';
import { diagLogger } from './support/diag-logger.js';
import { RecordingDispatcher, RecordingLogger } from './support/fakes.js';

describe('a wrong place', () => {
  const heard = diagLogger();
  const ends: (() => unknown)[] = [];
  let logger: RecordingLogger;

  beforeEach(() => {
    logger = new RecordingLogger();
    process.env.OTEL_METRICS_EXPORTER = 'none';
    process.env.OTEL_LOGS_EXPORTER = 'none';
  });
  afterEach(async () => {
    trace.disable();
    logs.disable();
    delete process.env.OTEL_METRICS_EXPORTER;
    delete process.env.OTEL_LOGS_EXPORTER;
    await Promise.allSettled(ends.splice(0).map(end => end()));
  });

  const make = {
    OptimizelySpanProcessor: () => {
      const processor = new OptimizelySpanProcessor({
        datafile: makeDatafile(),
        eventDispatcher: new RecordingDispatcher(),
        logger,
      });
      ends.push(() => processor.shutdown());
      return processor;
    },
    BatchEventProcessor: () =>
      new BatchEventProcessor({ eventDispatcher: new RecordingDispatcher(), logger }),
    OptimizelyEventExporter: () =>
      new OptimizelyEventExporter({ eventDispatcher: new RecordingDispatcher(), logger }),
    UndiciEventDispatcher: () => new UndiciEventDispatcher({ logger }),
    OptimizelyInstrumentation: () => new OptimizelyInstrumentation({ enabled: false }),
    OptimizelyLogRecordProcessor: () => new OptimizelyLogRecordProcessor(make.OptimizelySpanProcessor()),
  };
  type Name = keyof typeof make;
  const names = Object.keys(make) as Name[];
  const others = (name: Name) => names.filter(one => one !== name);
  /** What the object's own logger or, where it takes none, `diag` was told. */
  const told = (name: Name) =>
    [...logger.at('error'), ...heard.at('error')].filter(line => line.startsWith(`${name} is not a`));

  for (const name of others('OptimizelyInstrumentation')) {
    it(`in instrumentations is a TypeError that says where it goes: ${name}`, () => {
      const misplaced = make[name]() as never;
      const sdk = new NodeSDK({ instrumentations: [misplaced], traceExporter: new InMemorySpanExporter() });
      const says = new RegExp(
        `^${name} is not an instrumentation: it .*(spanProcessors|logRecordProcessors)`,
      );
      expect(() => sdk.start()).to.throw(TypeError, says);
      expect(() => registerInstrumentations({ instrumentations: [misplaced] })).to.throw(TypeError, says);
    });

    it(`among metric readers is a TypeError that says where it goes: ${name}`, () => {
      const readers = [make[name]() as never];
      expect(() => new MeterProvider({ readers })).to.throw(
        TypeError,
        /is not a metric reader: it .*Processors/,
      );
    });
  }

  for (const name of others('OptimizelySpanProcessor')) {
    it(`among span processors harms no span, and is told once: ${name}`, async () => {
      const exporter = new InMemorySpanExporter();
      const misplaced = make[name]() as never;
      const provider = new TracerProvider({
        spanProcessors: [misplaced, new SimpleSpanProcessor({ exporter })],
      });
      for (const span of ['one', 'two']) provider.getTracer('app').startSpan(span).end();
      await provider.forceFlush();
      expect(exporter.getFinishedSpans()).to.have.length(2);
      expect(told(name)).to.have.length(1);
      expect(told(name)[0]).to.match(/is not a span processor: it .*Processor/);
      await provider.shutdown();
    });
  }

  for (const name of others('OptimizelyLogRecordProcessor')) {
    it(`among log record processors harms no logger, and is told once: ${name}`, async () => {
      const provider = new LoggerProvider({ processors: [make[name]() as never] });
      for (let n = 0; n < 2; n++) provider.getLogger('app').emit({ body: 'text' });
      expect(told(name)).to.have.length(1);
      expect(told(name)[0]).to.match(/is not a log record processor: it .*spanProcessors/);
      await provider.forceFlush();
      await provider.shutdown();
    });
  }

  for (const name of names) {
    const says = /^(TypeError: )?\w+ is not (an exporter|a span, log or metric exporter): it .*Processors/;

    it(`as traceExporter harms no span, and is told once: ${name}`, async () => {
      const sdk = new NodeSDK({ traceExporter: make[name]() as never });
      sdk.start();
      for (const span of ['one', 'two']) trace.getTracer('app').startSpan(span).end();
      await sdk.shutdown().catch(() => {});
      expect(told(name)).to.have.length(1);
      expect(told(name)[0]).to.match(says);
    });

    it(`has exports of spans and logs fail with what is wrong: ${name}`, async () => {
      const exporter = make[name]() as never;
      const batching = new BatchSpanProcessor({ exporter });
      const simple = new SimpleSpanProcessor({ exporter });
      const provider = new TracerProvider({ spanProcessors: [batching, simple] });
      provider.getTracer('app').startSpan('one').end();
      const failed = await batching.forceFlush().then(
        () => undefined,
        (error: unknown) => error,
      );
      expect(failed).to.be.instanceOf(TypeError);
      expect((failed as Error).message).to.match(says);
      const processors = [new BatchLogRecordProcessor({ exporter })];
      const logging = new LoggerProvider({ processors });
      logging.getLogger('app').emit({ body: 'text' });
      await logging.forceFlush();
      expect(told(name)).to.have.length(1);
    });

    it(`of a metric reader has its exports fail: ${name}`, async () => {
      const reader = new PeriodicExportingMetricReader({ exporter: make[name]() as never });
      const provider = new MeterProvider({ readers: [reader] });
      provider.getMeter('app').createCounter('orders').add(1);
      await provider.forceFlush().catch(() => {});
      expect(told(name)).to.have.length(1);
      await provider.shutdown().catch(() => {});
    });
  }

  it('is named by new OptimizelyEventExporter(), which has nothing to send with', () => {
    for (const options of [undefined, {}, { url: 'http://127.0.0.1:4318/v1/traces' }]) {
      const construct = () =>
        new NodeSDK({ traceExporter: new OptimizelyEventExporter(options as never) as never });
      expect(construct).to.throw(
        TypeError,
        /needs an eventDispatcher: .*; it goes into the option exporter of/,
      );
    }
  });

  it('is a TypeError where an option takes something else of this package', () => {
    const datafile = makeDatafile();
    const cases: [string, () => unknown][] = [
      [
        'exporter must have',
        () => new OptimizelySpanProcessor({ datafile, exporter: make.OptimizelySpanProcessor() as never }),
      ],
      [
        'exporter must have',
        () => new OptimizelySpanProcessor({ datafile, exporter: make.UndiciEventDispatcher() as never }),
      ],
      [
        'eventDispatcher must',
        () =>
          new OptimizelySpanProcessor({ datafile, eventDispatcher: make.OptimizelyEventExporter() as never }),
      ],
      ['something to shut down', () => shutdownOnSignals(make.UndiciEventDispatcher() as never)],
      ['something to shut down', () => shutdownOnSignals(make.BatchEventProcessor() as never)],
    ];
    for (const [says, construct] of cases) expect(construct, says).to.throw(TypeError, says);
  });

  it("is a TypeError for an exporter of OpenTelemetry's, as argument and as option", () => {
    const datafile = makeDatafile();
    for (const exporter of [new OTLPTraceExporter(), new ConsoleSpanExporter(), new InMemorySpanExporter()]) {
      expect(() => new OptimizelySpanProcessor(exporter as never)).to.throw(TypeError, 'not an exporter');
      expect(() => new OptimizelySpanProcessor({ datafile, exporter: exporter as never })).to.throw(
        TypeError,
        /exporter must take batches of experiment events, which \w+ does not: .* BatchSpanProcessor/,
      );
    }
    const batching = new BatchSpanProcessor({ exporter: new InMemorySpanExporter() });
    expect(() => new OptimizelySpanProcessor(batching as never)).to.throw(TypeError, 'not a span processor');
  });

  it('is nothing that a right place shows, nor a class of the application that has such methods', async () => {
    const processor = make.OptimizelySpanProcessor();
    expect(Object.keys(processor)).to.deep.equal([]);
    expect(inspect(processor, { depth: 5 })).not.to.include('setTracerProvider');
    class Both extends OptimizelySpanProcessor {
      readonly emitted: AttributeValue[] = [];
      onEmit({ body }: { body: AttributeValue }): void {
        this.emitted.push(body);
      }
      getConfig = () => ({ enabled: true });
    }
    const both = new Both({ datafile: makeDatafile(), eventDispatcher: new RecordingDispatcher(), logger });
    both.onEmit({ body: 'text' });
    expect([both.emitted, both.getConfig()]).to.deep.equal([['text'], { enabled: true }]);
    expect(logger.at('error')).to.deep.equal([]);
    await both.shutdown();
  });
});
