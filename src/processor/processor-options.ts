// SPDX-License-Identifier: Apache-2.0

import type { MeterProvider } from '@opentelemetry/api';
import type { RetryOptions } from '../export/exporter-options.js';
import type { WaitUntil } from '../lifecycle/flush-under-wait-until.js';
import type { Datafile, ProjectConfigManager } from '../model/datafile-index.js';
import type { AnyEventDispatcher } from '../model/event-dispatcher.js';
import type { EventExporter } from '../model/event-exporter.js';
import type { EventQueue } from '../model/event-queue.js';
import type { EventStore } from '../model/event-store.js';
import type { EmitAs, TraceDetail } from '../model/installed-processor.js';
import type { Logger } from '../model/logger.js';
import type { NotificationSender } from '../model/notification.js';
import type { Runtime } from '../model/runtime.js';
import type { PrivacyOptions } from '../privacy/privacy-options.js';
import type { EvaluationEventsOptions } from './evaluation-events-options.js';

/** Options of the batching rules, shared by `BatchEventProcessor` and `OptimizelySpanProcessor`. */
export interface BatchingOptions {
  /** Number of events at which a batch is sent. @default 10 */
  batchSize?: number | undefined;
  /**
   * While several requests are in flight, a batch grows: with two of four to a third of this many events, with three to
   * two thirds, with all to all of it. It is sent as soon as enough requests have finished. With a `batchSize` of 1 it grows only
   * while all requests are in flight. A value below `batchSize` counts as `batchSize`. @default 1_000
   */
  maxBatchSize?: number | undefined;
  /**
   * Batches that may be open at once, each of another context (account, project, datafile revision, SDK). With 1, an
   * event of another context closes the batch before it; with more, several revisions or SDKs that take turns do not
   * make small batches of each other's events. @default 1
   */
  maxOpenBatches?: number | undefined;
  /** Age of its oldest event at which a batch is sent, milliseconds of a monotonic clock. @default 30_000 */
  flushIntervalMillis?: number | undefined;
  /**
   * What the age of an event is counted from that `process()` is given and that was accepted earlier, elsewhere:
   * its `acceptedAt`, or its arrival here. Expiry counts from `acceptedAt` in any case. @default 'acceptance'
   */
  flushIntervalFrom?: 'acceptance' | 'arrival' | undefined;
  /** How long `forceFlush()` and `shutdown()` may take, milliseconds. @default 5_000 */
  timeoutIntervalMillis?: number | undefined;
  /** Where events wait until they join a batch. @default in memory */
  eventQueue?: EventQueue | undefined;
  /** Events in memory: waiting for a datafile, queued, in flight and being retried together. @default 10_000 */
  maxQueueSize?: number | undefined;
  /** The same limit in bytes of payload. @default 67_108_864 */
  maxQueueBytes?: number | undefined;
  /** Maximum UTF-8 bytes of a request body. Optimizely refuses more than 3.5 MB. @default 3_500_000 */
  maxPayloadBytes?: number | undefined;
  /** Receives `LOG_EVENT`, `EVENTS_DELIVERED`, `EVENTS_STREAMED`, `EVENTS_DROPPED` and `OPTIMIZELY_CONFIG_UPDATE`. @default a new NotificationCenter */
  notificationCenter?: NotificationSender | undefined;
  /** The meter provider for the package's own metrics. @default none */
  selfObsMeterProvider?: MeterProvider | undefined;
  /** Clock, timers and randomness, for tests. @default the system's */
  runtime?: Runtime | undefined;
}

/** Options of the exporter that is created if none is given. */
export interface ExportOptions {
  /**
   * Carries out the requests. It can't be combined with `exporter`.
   * @default an `UndiciEventDispatcher`; BatchEventProcessor has none
   */
  eventDispatcher?: AnyEventDispatcher | undefined;
  /** Takes whole batches over. @default OptimizelyEventExporter over `eventDispatcher` */
  exporter?: EventExporter | undefined;
  /** Where to send events. @default `OPTIMIZELY_EVENTS_ENDPOINT`, or the Events API of the datafile's region */
  endpoint?: string | undefined;
  /** Makes Optimizely refuse malformed events instead of accepting them silently; for development. @default false */
  strict?: boolean | undefined;
  /** Deadline of one request, milliseconds. @default 10_000 */
  requestTimeoutMillis?: number | undefined;
  /** Number of requests in flight at once. @default 4 */
  maxConcurrentRequests?: number | undefined;
  /** How failed requests are retried. */
  retry?: RetryOptions | undefined;
}

/** One of `datafile`, `sdkKey` and `projectConfigManager` is required. All other options have a default. */
export interface OptimizelySpanProcessorOptions extends BatchingOptions, ExportOptions, PrivacyOptions {
  /** A datafile that does not change: Optimizely's JSON, or the object it holds. One of the three sources. */
  datafile?: Datafile | undefined;
  /** Fetches the datafile from Optimizely's CDN and keeps it up to date. One of the three sources. */
  sdkKey?: string | undefined;
  /** Provides the datafile in force; stopped when the processor is shut down. One of the three sources. */
  projectConfigManager?: ProjectConfigManager | undefined;
  /** Keeps undelivered events on disk, so that they survive `kill -9`. A store serves one processor. @default none */
  eventStore?: EventStore | undefined;
  /** Whether to start at construction. If false, events are queued until `start()`. @default true */
  startOnInit?: boolean | undefined;
  /**
   * Whether `recordImpression`, `recordConversion` and events of the process's own spans reach the processor. If false, it
   * takes what its own methods are given, and nothing else: for a program that passes on events of other processes.
   * @default true
   */
  install?: boolean | undefined;
  /** What `recordImpression` and `recordConversion` put into the trace. @default 'minimal' */
  traceDetail?: TraceDetail | undefined;
  /**
   * What the helpers emit for the trace: span events, log records with an event name, or both. Log records need an
   * OptimizelyLogRecordProcessor, from the subpath `/logs`; if no logger takes them, span events are added instead.
   * Optimizely receives the same data. @default 'span-event'
   */
  emitAs?: EmitAs | undefined;
  /**
   * For serverless platforms: `context.waitUntil`, or the platform's function of that name. Called while an event is
   * recorded, with a promise that settles when it has been flushed. @default none
   */
  waitUntil?: WaitUntil | undefined;
  /**
   * Turns `feature_flag.evaluation` span events, as OpenFeature's OpenTelemetry hooks add them, and log records into
   * impressions, if the event names its rule or the datafile determines it. It can't be combined with `OptimizelyHook`.
   * @default false
   */
  evaluationEvents?: boolean | EvaluationEventsOptions | undefined;
  /** Flushes once when the process has nothing else to do. @default false */
  flushOnBeforeExit?: boolean | undefined;
  /** @default OpenTelemetry's `diag` */
  logger?: Logger | undefined;
}
