// SPDX-License-Identifier: Apache-2.0
import { context, trace } from '@opentelemetry/api';
import { logs } from '@opentelemetry/api-logs';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  InMemoryLogRecordExporter,
  LoggerProvider,
  type LoggerProviderOptions,
  type LogRecordProcessor,
  SimpleLogRecordProcessor,
} from '@opentelemetry/sdk-logs';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type Sampler,
  SimpleSpanProcessor,
  type SpanLimits,
} from '@opentelemetry/sdk-trace-base';
import {
  OptimizelySpanProcessor,
  type OptimizelySpanProcessorOptions,
} from 'opentelemetry-exporter-optimizely';
import { OptimizelyLogRecordProcessor } from 'opentelemetry-exporter-optimizely/logs';
import {
  type LocalEventsEndpoint,
  startLocalEventsEndpoint,
} from 'opentelemetry-exporter-optimizely/testing';
import { makeDatafile } from '../support/datafile.js';
import { RecordingLogger } from '../support/fakes.js';
import { ManualRuntime } from '../support/manual-runtime.js';

export const IMPRESSION = {
  userId: 'visitor-1',
  flagKey: 'checkout',
  ruleKey: 'checkout_test',
  variationKey: 'treatment',
  attributes: { plan: 'gold' },
};
export const CONVERSION = { userId: 'visitor-1', eventKey: 'purchase', tags: { revenue: 4200, sku: 'a' } };

/** As code emits them that does not import this package. */
export const RAW_IMPRESSION = {
  eventName: 'optimizely.impression',
  attributes: {
    'feature_flag.context.id': 'visitor-1',
    'feature_flag.key': 'checkout',
    'feature_flag.result.variant': 'treatment',
    'optimizely.rule.key': 'checkout_test',
  },
};
export const RAW_CONVERSION = {
  eventName: 'optimizely.conversion',
  attributes: { 'feature_flag.context.id': 'visitor-1', 'optimizely.event.key': 'purchase' },
};

export interface HarnessOptions {
  /** One Optimizely processor with one endpoint each; all in one tracer provider. */
  processors?: Partial<OptimizelySpanProcessorOptions>[];
  sampler?: Sampler;
  spanLimits?: SpanLimits;
  before?: LogRecordProcessor[];
  after?: LogRecordProcessor[];
  logging?: Omit<LoggerProviderOptions, 'processors'>;
  /** Whether the logger provider is the global one. @default true */
  global?: boolean;
}

/** For the tests of a `describe`: an application with traces and logs, and Optimizely's Events API for each processor. */
export function useApplication() {
  const closing: (() => Promise<unknown>)[] = [];

  before(() => {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  });

  after(() => {
    context.disable();
  });

  afterEach(async () => {
    logs.disable();
    trace.disable();
    for (const close of closing.splice(0)) await close();
  });

  async function makeOurs(options: Partial<OptimizelySpanProcessorOptions> = {}) {
    const [runtime, logger] = [new ManualRuntime(), new RecordingLogger()];
    const datafile = makeDatafile();
    const endpoint: LocalEventsEndpoint = await startLocalEventsEndpoint({ datafile, now: runtime.now });
    const processor = new OptimizelySpanProcessor({
      datafile,
      endpoint: endpoint.url,
      logger,
      runtime,
      ...options,
    });
    const received = async () => {
      await processor.forceFlush();
      return endpoint.batches.flatMap(batch => batch.events);
    };
    closing.push(
      () => processor.shutdown(),
      () => endpoint.close(),
    );
    return { processor, endpoint, logger, runtime, received };
  }

  async function makeApplication({
    processors = [{}],
    sampler,
    spanLimits,
    before = [],
    after = [],
    logging,
    global = true,
  }: HarnessOptions = {}) {
    const ours = await Promise.all(processors.map(makeOurs));
    const [spans, records] = [new InMemorySpanExporter(), new InMemoryLogRecordExporter()];
    const tracerProvider = new BasicTracerProvider({
      spanProcessors: [...ours.map(({ processor }) => processor), new SimpleSpanProcessor(spans)],
      ...(sampler && { sampler }),
      ...(spanLimits && { spanLimits }),
    });
    const loggerProvider = new LoggerProvider({
      ...logging,
      processors: [
        ...before,
        ...ours.map(({ processor }) => new OptimizelyLogRecordProcessor(processor)),
        ...after,
        new SimpleLogRecordProcessor({ exporter: records }),
      ],
    });
    if (global) logs.setGlobalLoggerProvider(loggerProvider);
    closing.unshift(
      () => loggerProvider.shutdown(),
      () => tracerProvider.shutdown(),
    );
    const [first] = ours;
    if (first === undefined) throw new Error('at least one processor');
    const tracer = tracerProvider.getTracer('test');
    /** The span events of a span that was active while `act` ran. */
    const inSpan = (act: () => void) =>
      tracer.startActiveSpan('request', span => {
        act();
        span.end();
        return (span as unknown as { events: { name: string; attributes: object; time: [number, number] }[] })
          .events;
      });
    return {
      ...first,
      ours,
      tracer,
      inSpan,
      spans,
      tracerProvider,
      loggerProvider,
      log: loggerProvider.getLogger('somebody'),
      records: () => records.getFinishedLogRecords(),
    };
  }

  return { makeApplication, makeOurs };
}
