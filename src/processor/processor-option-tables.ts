// SPDX-License-Identifier: Apache-2.0
import type { MeterProvider } from '@opentelemetry/api';
import { DELIVERY_TABLE, DISPATCHER_EXAMPLE } from '../export/exporter-options.js';
import type { WaitUntil } from '../lifecycle/flush-under-wait-until.js';
import type { Datafile, ProjectConfigManager } from '../model/datafile-index.js';
import type { AnyEventDispatcher } from '../model/event-dispatcher.js';
import type { EventExporter } from '../model/event-exporter.js';
import type { EventQueue } from '../model/event-queue.js';
import type { EventStore } from '../model/event-store.js';
import type { EmitAs, TraceDetail } from '../model/installed-processor.js';
import type { NotificationSender } from '../model/notification.js';
import { PRIVACY_TABLE } from '../privacy/privacy-options.js';
import { LOGGER, RUNTIME } from '../util/options/common-option-rows.js';
import {
  bool,
  bytes,
  callback,
  choice,
  count,
  millis,
  type OptionTable,
  object,
  other,
  type ResolvedOptions,
  text,
} from '../util/options/option-table.js';
import { EVALUATION_EVENTS_TABLE } from './evaluation-events-options.js';
import type { BatchingOptions, ExportOptions, OptimizelySpanProcessorOptions } from './processor-options.js';

export const BATCHING_TABLE = {
  batchSize: count(10, 'events', 'OPTIMIZELY_BATCH_SIZE'),
  maxBatchSize: count(1_000, 'events', 'OPTIMIZELY_MAX_BATCH_SIZE'),
  maxOpenBatches: count(1, 'batches', 'OPTIMIZELY_MAX_OPEN_BATCHES'),
  flushIntervalMillis: millis(30_000, 'OPTIMIZELY_FLUSH_INTERVAL_MILLIS'),
  flushIntervalFrom: choice<'acceptance' | 'arrival'>('acceptance', ['acceptance', 'arrival']),
  timeoutIntervalMillis: millis(5_000, 'OPTIMIZELY_TIMEOUT_INTERVAL_MILLIS'),
  eventQueue: object<EventQueue>(['enqueue', 'dequeue'], '{ eventQueue: new MyEventQueue() }'),
  maxQueueSize: count(10_000, 'events', 'OPTIMIZELY_MAX_QUEUE_SIZE'),
  maxQueueBytes: bytes(67_108_864, 'OPTIMIZELY_MAX_QUEUE_BYTES'),
  maxPayloadBytes: bytes(3_500_000, 'OPTIMIZELY_MAX_PAYLOAD_BYTES'),
  notificationCenter: object<NotificationSender>(
    ['sendNotifications'],
    '{ notificationCenter: new NotificationCenter() }',
  ),
  selfObsMeterProvider: object<MeterProvider>(
    ['getMeter'],
    '{ selfObsMeterProvider: metrics.getMeterProvider() }',
  ),
  runtime: RUNTIME,
} satisfies OptionTable<BatchingOptions>;

export type ResolvedBatchingOptions = ResolvedOptions<typeof BATCHING_TABLE>;

/** Looked at by the exporter that is made where none is given. */
export const EXPORT_TABLE = {
  ...DELIVERY_TABLE,
  eventDispatcher: object<AnyEventDispatcher>(['dispatchEvent'], DISPATCHER_EXAMPLE),
  exporter: object<EventExporter>(
    ['export'],
    '{ exporter: new OptimizelyEventExporter({ eventDispatcher }) }',
  ),
} satisfies OptionTable<ExportOptions>;

export const SOURCES_TABLE = {
  datafile: other<Datafile>({ env: 'OPTIMIZELY_DATAFILE_PATH' }),
  sdkKey: text("{ sdkKey: '…' }", 'OPTIMIZELY_SDK_KEY'),
  projectConfigManager: object<ProjectConfigManager>(
    ['getConfig'],
    '{ projectConfigManager: new StaticProjectConfigManager() }',
  ),
};

/** What the span processor itself reads. */
export const SPAN_PROCESSOR_TABLE = {
  eventStore: object<EventStore>(
    ['open', 'append', 'remove', 'release', 'read', 'close'],
    "{ eventStore: new FileEventStore({ directory: '/var/lib/…' }) }",
  ),
  startOnInit: bool(true, 'OPTIMIZELY_START_ON_INIT'),
  install: bool(true),
  traceDetail: choice<TraceDetail>('minimal', ['minimal', 'full', 'none'], 'OPTIMIZELY_TRACE_DETAIL'),
  emitAs: choice<EmitAs>('span-event', ['span-event', 'log-record', 'both'], 'OPTIMIZELY_EMIT_AS'),
  waitUntil: callback<WaitUntil>('{ waitUntil: promise => context.waitUntil(promise) }'),
  flushOnBeforeExit: bool(false, 'OPTIMIZELY_FLUSH_ON_BEFORE_EXIT'),
};

export const SPAN_PROCESSOR = {
  name: 'OptimizelySpanProcessor',
  example: 'new OptimizelySpanProcessor({ datafile })',
  table: {
    ...SOURCES_TABLE,
    ...BATCHING_TABLE,
    ...EXPORT_TABLE,
    ...PRIVACY_TABLE,
    ...SPAN_PROCESSOR_TABLE,
    evaluationEvents: other({ members: EVALUATION_EVENTS_TABLE }),
    logger: LOGGER,
  } satisfies OptionTable<OptimizelySpanProcessorOptions>,
};
