// SPDX-License-Identifier: Apache-2.0

/**
 * Impressions and conversions from OpenTelemetry to Optimizely: recording, batching, delivery, datafiles.
 *
 * @module opentelemetry-exporter-optimizely
 */

export { FileDatafileCache } from './datafile/file-datafile-cache.js';
export type { PollingProjectConfigManagerOptions } from './datafile/polling-project-config-manager.js';
export { PollingProjectConfigManager } from './datafile/polling-project-config-manager.js';
export type { StaticProjectConfigManagerOptions } from './datafile/static-project-config-manager.js';
export { StaticProjectConfigManager } from './datafile/static-project-config-manager.js';
export type { EventFactoryOptions } from './export/event-factory.js';
export { EventFactory } from './export/event-factory.js';
export type { OptimizelyEventExporterOptions } from './export/exporter-options.js';
export { OptimizelyEventExporter } from './export/optimizely-event-exporter.js';
export type { UndiciEventDispatcherOptions } from './http/undici-event-dispatcher.js';
export { UndiciEventDispatcher } from './http/undici-event-dispatcher.js';
export type { ShutdownOnSignalsOptions } from './lifecycle/shutdown-on-signals.js';
export { shutdownOnSignals } from './lifecycle/shutdown-on-signals.js';
export type { Datafile, DatafileIndex, ProjectConfigManager } from './model/datafile-index.js';
export type { DatafileCache } from './model/datafile-transport.js';
export type { DroppedEvents, DropReason } from './model/drop-reason.js';
export type {
  AnyEventDispatcher,
  EventDispatcher,
  EventDispatcherResponse,
} from './model/event-dispatcher.js';
export type { EventExporter, EventExportResult, ExportBatch } from './model/event-exporter.js';
export type { EventQueue } from './model/event-queue.js';
export type { EventStore } from './model/event-store.js';
export type {
  EventTags,
  ExperimentConversion,
  ExperimentEvent,
  ExperimentImpression,
  UserAttributes,
} from './model/experiment-event.js';
export type { EmitAs, TraceDetail } from './model/installed-processor.js';
export type { LedgerSnapshot } from './model/ledger.js';
export type { EventBatchParams, LogEvent, LogEventLike } from './model/log-event.js';
export type { Logger } from './model/logger.js';
export type { LogEventInfo } from './model/notification.js';
export { NotificationType } from './model/notification.js';
export type { SerializedEvent } from './model/serialized-event.js';
export { NotificationCenter } from './notification/notification-center.js';
export type { BeforeSend } from './privacy/before-send.js';
export type { BatchEventProcessorOptions } from './processor/batch-event-processor.js';
export { BatchEventProcessor } from './processor/batch-event-processor.js';
export type { EvaluationEventsOptions } from './processor/evaluation-events-options.js';
export { createOptimizelySpanProcessorFromEnv } from './processor/from-env.js';
export { OptimizelySpanProcessor } from './processor/optimizely-span-processor.js';
export type { OptimizelySpanProcessorOptions } from './processor/processor-options.js';
export type { Conversion, Impression, OptimizelyDecision } from './record/input.js';
export { recordConversion, recordImpression } from './record/record.js';
export type { Unresolved } from './serialize/unresolved.js';
export { UserEventFactory } from './serialize/user-event-factory.js';
export type { FileEventStoreOptions } from './store/file-event-store.js';
export { FileEventStore } from './store/file-event-store.js';
export { bodyOf } from './util/log-event-body.js';
