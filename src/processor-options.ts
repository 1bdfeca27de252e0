// SPDX-License-Identifier: Apache-2.0

import type { MeterProvider } from '@opentelemetry/api';
import type { EvaluationEventsOptions } from './evaluation-events-options.js';
import type { RetryOptions } from './export/optimizely-event-exporter.js';
import type { WaitUntil } from './lifecycle/flush-under-wait-until.js';
import type { AnyEventDispatcher } from './model/event-dispatcher.js';
import type { EventExporter } from './model/event-exporter.js';
import type { EventQueue } from './model/event-queue.js';
import type { EventStore } from './model/event-store.js';
import { guardLogger, type Logger, type PackageLogger } from './model/logger.js';
import type { NotificationSender } from './model/notification.js';
import type { Datafile, ProjectConfigManager } from './model/project-config.js';
import type { EventSignal, SpanAttributes } from './model/registry.js';
import { positiveOr, requireMethods } from './model/resolve-options.js';
import type { Runtime } from './model/runtime.js';
import type { ScreenOptions } from './screen/screen-options.js';

/** Options of the batching rules, shared by `BatchEventProcessor` and `OptimizelySpanProcessor`. */
export interface BatchingOptions {
  /** Events at which a batch goes out. @default 10 */
  batchSize?: number | undefined;
  /**
   * While all requests are out, a batch goes on growing up to this many events, and goes out as soon as a request is
   * free. A value below `batchSize` counts as `batchSize`. @default 1_000
   */
  maxBatchSize?: number | undefined;
  /** Age of the oldest queued event at which its batch goes out, milliseconds of a monotonic clock. @default 30_000 */
  flushIntervalMillis?: number | undefined;
  /** How long `forceFlush()` and `shutdown()` may take, milliseconds. @default 5_000 */
  timeoutIntervalMillis?: number | undefined;
  /** Where events wait until they join a batch. @default in memory */
  eventQueue?: EventQueue | undefined;
  /** Events in memory: held, queued, in flight and being retried together. @default 10_000 */
  maxQueueSize?: number | undefined;
  /** The same in bytes of payload. @default 67_108_864 */
  maxQueueBytes?: number | undefined;
  /** UTF-8 bytes of a request's body; Optimizely refuses more than 3.5 MB. @default 3_500_000 */
  maxPayloadBytes?: number | undefined;
  /** Gets `LOG_EVENT`, `EVENTS_DROPPED` and `OPTIMIZELY_CONFIG_UPDATE`. @default a new NotificationCenter */
  notificationCenter?: NotificationSender | undefined;
  /** The package's own metrics go here. @default none */
  selfObsMeterProvider?: MeterProvider | undefined;
  /** Clock, timers and randomness, for tests. @default the system's */
  runtime?: Runtime | undefined;
}

/** Options of the exporter that is made where none is given. */
export interface ExportOptions {
  /**
   * Carries out the requests. Not together with `exporter`.
   * @default an `UndiciEventDispatcher`; BatchEventProcessor has none
   */
  eventDispatcher?: AnyEventDispatcher | undefined;
  /** Takes whole batches over. @default OptimizelyEventExporter over `eventDispatcher` */
  exporter?: EventExporter | undefined;
  /** Where to send events. @default the Events API of the datafile's region */
  endpoint?: string | undefined;
  /** Have Optimizely refuse malformed events instead of accepting them silently: for development. @default false */
  strict?: boolean | undefined;
  /** Deadline of one request, milliseconds. @default 10_000 */
  requestTimeoutMillis?: number | undefined;
  /** Requests in flight at once. @default 4 */
  maxConcurrentRequests?: number | undefined;
  /** How failed requests are tried again. */
  retry?: RetryOptions | undefined;
}

/** One of `datafile`, `sdkKey` and `projectConfigManager` is required, all else has a default. */
export interface OptimizelySpanProcessorOptions extends BatchingOptions, ExportOptions, ScreenOptions {
  /** A datafile that does not change: Optimizely's JSON, or the object it holds. One of the three sources. */
  datafile?: Datafile | undefined;
  /** Fetches the datafile from Optimizely's CDN and keeps it up to date. One of the three sources. */
  sdkKey?: string | undefined;
  /** Says which datafile is in force; stopped when the processor is shut down. One of the three sources. */
  projectConfigManager?: ProjectConfigManager | undefined;
  /** Keeps what is not yet delivered on disk: survives `kill -9`. Serves this processor alone. @default none */
  eventStore?: EventStore | undefined;
  /** false: events are held until `start()`. @default true */
  startOnInit?: boolean | undefined;
  /** What `recordImpression` and `recordConversion` put into the trace. @default 'minimal' */
  spanAttributes?: SpanAttributes | undefined;
  /**
   * What the helpers emit for the trace: span events, log records with an event name, or both. Log records need an
   * OptimizelyLogRecordProcessor, of the subpath `/logs`; where no logger takes them, span events are added instead.
   * What Optimizely gets is the same. @default 'span'
   */
  signal?: EventSignal | undefined;
  /**
   * For serverless platforms: `context.waitUntil`, or the platform's own function of that name. Called while an event is
   * recorded, with a promise that settles when it has been flushed. @default none
   */
  waitUntil?: WaitUntil | undefined;
  /**
   * Make impressions of `feature_flag.evaluation` span events, as OpenFeature's OpenTelemetry hooks add them, and log
   * records, where the event names its rule or the datafile tells it. Not together with `OptimizelyHook`. @default false
   */
  evaluationEvents?: boolean | EvaluationEventsOptions | undefined;
  /** Flush once when the process has nothing else to do. @default false */
  flushOnBeforeExit?: boolean | undefined;
  /** @default OpenTelemetry's `diag` */
  logger?: Logger | undefined;
}

export interface ResolvedBatchingOptions {
  readonly batchSize: number;
  readonly maxBatchSize: number;
  readonly flushIntervalMillis: number;
  readonly timeoutIntervalMillis: number;
  readonly maxQueueSize: number;
  readonly maxQueueBytes: number;
  readonly maxPayloadBytes: number;
}

/** @throws TypeError a queue or notification centre that is none */
export function resolveBatchingOptions(options: BatchingOptions, logger: Logger): ResolvedBatchingOptions {
  if (options.eventQueue !== undefined) {
    requireMethods(
      'eventQueue',
      options.eventQueue,
      ['enqueue', 'dequeue'],
      '{ eventQueue: new MyEventQueue() }',
    );
  }
  if (options.notificationCenter !== undefined) {
    const example = '{ notificationCenter: new NotificationCenter() }';
    requireMethods('notificationCenter', options.notificationCenter, ['sendNotifications'], example);
  }
  if (options.selfObsMeterProvider !== undefined) {
    const example = '{ selfObsMeterProvider: metrics.getMeterProvider() }';
    requireMethods('selfObsMeterProvider', options.selfObsMeterProvider, ['getMeter'], example);
  }
  const whole = { integer: true };
  const batchSize = positiveOr(10, 'batchSize', options.batchSize, logger, whole);
  const maxQueueSize = positiveOr(10_000, 'maxQueueSize', options.maxQueueSize, logger, whole);
  if (batchSize > maxQueueSize - Math.floor(maxQueueSize / 10)) {
    logger.warn(
      `batchSize ${batchSize} is never reached with maxQueueSize ${maxQueueSize}, of which a tenth is kept for ` +
        'conversions: batches go out when that is reached; lower batchSize or raise maxQueueSize',
    );
  }
  return {
    batchSize,
    maxBatchSize: Math.max(batchSize, positiveOr(1_000, 'maxBatchSize', options.maxBatchSize, logger, whole)),
    flushIntervalMillis: positiveOr(30_000, 'flushIntervalMillis', options.flushIntervalMillis, logger),
    timeoutIntervalMillis: positiveOr(5_000, 'timeoutIntervalMillis', options.timeoutIntervalMillis, logger),
    maxQueueSize,
    maxQueueBytes: positiveOr(67_108_864, 'maxQueueBytes', options.maxQueueBytes, logger),
    maxPayloadBytes: positiveOr(3_500_000, 'maxPayloadBytes', options.maxPayloadBytes, logger),
  };
}

/** @throws TypeError it has not the methods */
export function resolveLogger(logger: Logger | undefined): PackageLogger {
  if (logger !== undefined) {
    requireMethods('logger', logger, ['error', 'warn', 'info', 'debug'], '{ logger: console }');
  }
  return guardLogger(logger);
}

export function requireEventStore(eventStore: EventStore | undefined): void {
  if (eventStore === undefined) return;
  const methods = ['open', 'append', 'remove', 'release', 'read', 'close'];
  requireMethods(
    'eventStore',
    eventStore,
    methods,
    "{ eventStore: new FileEventStore({ directory: '/var/lib/…' }) }",
  );
}

export function requireWaitUntil(waitUntil: unknown): void {
  if (waitUntil !== undefined && typeof waitUntil !== 'function') {
    throw new TypeError('waitUntil must be a function: { waitUntil: promise => context.waitUntil(promise) }');
  }
}

export const SPAN_ATTRIBUTES: readonly SpanAttributes[] = ['minimal', 'full', 'none'];
export const SIGNALS: readonly EventSignal[] = ['span', 'log', 'both'];

export function resolveSpanAttributes(value: unknown, logger: Logger): SpanAttributes {
  if (value === undefined || SPAN_ATTRIBUTES.includes(value as SpanAttributes)) {
    return (value as SpanAttributes | undefined) ?? 'minimal';
  }
  logger.info("spanAttributes must be 'minimal', 'full' or 'none'; the default 'minimal' is used instead");
  return 'minimal';
}

export function resolveSignal(value: unknown, logger: Logger): EventSignal {
  if (value === undefined || SIGNALS.includes(value as EventSignal)) {
    return (value as EventSignal | undefined) ?? 'span';
  }
  logger.info("signal must be 'span', 'log' or 'both'; the default 'span' is used instead");
  return 'span';
}
