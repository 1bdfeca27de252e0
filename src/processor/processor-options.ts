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
export interface OptimizelySpanProcessorOptions extends BatchingOptions, ExportOptions, PrivacyOptions {
  /** A datafile that does not change: Optimizely's JSON, or the object it holds. One of the three sources. */
  datafile?: Datafile | undefined;
  /** Fetches the datafile from Optimizely's CDN and keeps it up to date. One of the three sources. */
  sdkKey?: string | undefined;
  /** Says which datafile is in force; stopped when the processor is shut down. One of the three sources. */
  projectConfigManager?: ProjectConfigManager | undefined;
  /** Keeps undelivered events on disk, so that they survive `kill -9`. A store serves one processor. @default none */
  eventStore?: EventStore | undefined;
  /** Whether to start at construction. If false, events are queued until `start()`. @default true */
  startOnInit?: boolean | undefined;
  /** What `recordImpression` and `recordConversion` put into the trace. @default 'minimal' */
  traceDetail?: TraceDetail | undefined;
  /**
   * What the helpers emit for the trace: span events, log records with an event name, or both. Log records need an
   * OptimizelyLogRecordProcessor, of the subpath `/logs`; where no logger takes them, span events are added instead.
   * What Optimizely gets is the same. @default 'span-event'
   */
  emitAs?: EmitAs | undefined;
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
