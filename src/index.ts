// SPDX-License-Identifier: Apache-2.0

/**
 * Impressions and conversions from OpenTelemetry to Optimizely: recording, batching, delivery, datafiles.
 *
 * @module opentelemetry-exporter-optimizely
 */

export type { BatchEventProcessorOptions } from './batch-event-processor.js';
export { BatchEventProcessor } from './batch-event-processor.js';
export type { EvaluationEventsOptions } from './evaluation-events-options.js';
export type { EventFactoryOptions } from './export/event-factory.js';
export { EventFactory } from './export/event-factory.js';
export type { OptimizelyEventExporterOptions, RetryOptions } from './export/exporter-options.js';
export { OptimizelyEventExporter } from './export/optimizely-event-exporter.js';
export { createOptimizelySpanProcessorFromEnv } from './from-env.js';
export type { UndiciEventDispatcherOptions } from './http/undici-event-dispatcher.js';
export { UndiciEventDispatcher } from './http/undici-event-dispatcher.js';
export type { WaitUntil } from './lifecycle/flush-under-wait-until.js';
export type { ShutdownOnSignalsOptions, ShutdownTarget } from './lifecycle/shutdown-on-signals.js';
export { shutdownOnSignals } from './lifecycle/shutdown-on-signals.js';
export type { DatafileCache } from './model/datafile-transport.js';
export type { DeliveryObserver } from './model/delivery-observer.js';
export type { DroppedEvents, DropReason } from './model/drop-reason.js';
export type { EventContext } from './model/event-context.js';
export type {
  AnyEventDispatcher,
  DispatchOptions,
  EventDispatcher,
  EventDispatcherResponse,
} from './model/event-dispatcher.js';
export type { EventBatch, EventExporter, EventExportResult, FlushCause } from './model/event-exporter.js';
export type { EventQueue } from './model/event-queue.js';
export type { EventStore, EventStoreHost, StoredEvent, StoreTicket } from './model/event-store.js';
export type {
  AttributeValue,
  ConversionEvent,
  EventTags,
  ExperimentEvent,
  ExperimentEventType,
  ImpressionEvent,
  RuleType,
  UserAttributes,
} from './model/experiment-event.js';
export type { DedupeOptions } from './model/impression-dedupe.js';
export type { InferredRule } from './model/inferred-rule.js';
export type { LedgerSnapshot, LedgerWarning } from './model/ledger.js';
export type {
  Decision,
  EventBatchParams,
  LogEvent,
  LogEventLike,
  Snapshot,
  SnapshotEvent,
  Visitor,
  VisitorAttribute,
} from './model/log-event.js';
export { bodyOf } from './model/log-event.js';
export type { Logger } from './model/logger.js';
export type { LogEventInfo, NotificationListeners, NotificationSender } from './model/notification.js';
export { NotificationType } from './model/notification.js';
export type { Datafile, ProjectConfig, ProjectConfigManager, Rule } from './model/project-config.js';
export type { EventSignal, SpanAttributes } from './model/registry.js';
export type { Runtime, RuntimeTimer } from './model/runtime.js';
export type { UserEvent } from './model/user-event.js';
export { NotificationCenter } from './notification/notification-center.js';
export { OptimizelySpanProcessor } from './optimizely-span-processor.js';
export type { PollingProjectConfigManagerOptions } from './polling-project-config-manager.js';
export { PollingProjectConfigManager } from './polling-project-config-manager.js';
export type { EndedSpan, StartedSpan } from './processed-span.js';
export type { BatchingOptions, ExportOptions, OptimizelySpanProcessorOptions } from './processor-options.js';
export type { Conversion, Impression } from './record/input.js';
export { recordConversion, recordImpression } from './record/record.js';
export type { StaticProjectConfigManagerOptions } from './resolve/static-project-config-manager.js';
export { StaticProjectConfigManager } from './resolve/static-project-config-manager.js';
export type { Unresolved } from './resolve/unresolved.js';
export { UserEventFactory } from './resolve/user-event-factory.js';
export type { BeforeSend } from './screen/before-send.js';
export type { ScreenOptions } from './screen/screen-options.js';
export { FileDatafileCache } from './store/file-datafile-cache.js';
export type { FileEventStoreOptions } from './store/file-event-store.js';
export { FileEventStore } from './store/file-event-store.js';
