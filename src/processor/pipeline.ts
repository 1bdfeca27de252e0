// SPDX-License-Identifier: Apache-2.0
import { EventBatcher } from '../batch/event-batcher.js';
import { GuardedQueue } from '../batch/guarded-queue.js';
import { MemoryBudget } from '../batch/memory-budget.js';
import { MemoryEventQueue } from '../batch/memory-event-queue.js';
import { StoreTracker } from '../batch/store-tracker.js';
import { DELIVERY_TABLE } from '../export/exporter-options.js';
import { GuardedExporter } from '../export/guarded-exporter.js';
import { OptimizelyEventExporter } from '../export/optimizely-event-exporter.js';
import { Ledger } from '../metrics/ledger.js';
import { SelfObservability } from '../metrics/self-observability.js';
import type { DeliveryObserver } from '../model/delivery-observer.js';
import type { AnyEventDispatcher } from '../model/event-dispatcher.js';
import type { EventExporter } from '../model/event-exporter.js';
import type { QueueBudget } from '../model/event-queue.js';
import type { EventStore, StoreTicket } from '../model/event-store.js';
import type { ExperimentEvent } from '../model/experiment-event.js';
import type { LedgerSnapshot } from '../model/ledger.js';
import type { PackageLogger } from '../model/logger.js';
import { type NotificationSender, NotificationType } from '../model/notification.js';
import type { Runtime } from '../model/runtime.js';
import { DropLog } from '../notification/drop-log.js';
import { guardNotifications } from '../notification/guard-notifications.js';
import { NotificationCenter } from '../notification/notification-center.js';
import { Afterwards } from '../util/afterwards.js';
import { requireMethods } from '../util/options/resolve-options.js';
import { systemRuntime } from '../util/system-runtime.js';
import type { BatchingOptions, ExportOptions } from './processor-options.js';
import { resolveBatchingOptions } from './resolve-batching-options.js';

/** The rooms from batching to delivery, put together. */
export interface Pipeline {
  readonly batcher: EventBatcher;
  readonly budget: QueueBudget;
  readonly storeTracker: StoreTracker;
  readonly ledger: Ledger;
  readonly notifications: NotificationSender;
  /** Repairs what a call left half done because the stack ended. */
  readonly recovery: Afterwards;
  readonly runtime: Runtime;
  /** How long a flush or a shutdown may take, milliseconds. */
  readonly timeoutIntervalMillis: number;
  snapshot(): LedgerSnapshot;
  /** Sends what is queued, and does not wait for it. */
  sendQueued(): void;
  /** Events in memory that the event store has no copy of. */
  unsavedCount(): number;
  /** After the batcher has stopped: ends what watches it. */
  end(): void;
}

export interface PipelineOptions extends BatchingOptions, ExportOptions {
  readonly logger: PackageLogger;
  readonly eventStore?: EventStore | undefined;
  /** Takes back an event that was stored before there was a datafile. */
  readonly resolveStored?: (event: ExperimentEvent, acceptedAt: number, ticket: StoreTicket) => void;
  /** Whether a datafile is in force. */
  readonly canResolve?: () => boolean;
  /** Used where neither an exporter nor a dispatcher is given. */
  readonly defaultDispatcher?: (() => AnyEventDispatcher) | undefined;
}

/** @throws TypeError if an option has a wrong type and no usable default */
export function assemblePipeline(options: PipelineOptions): Pipeline {
  const { logger } = options;
  const limits = resolveBatchingOptions(options, logger);
  const { runtime = systemRuntime } = limits;
  const center = options.notificationCenter ?? new NotificationCenter({ logger });
  const notifications = guardNotifications(center, logger);
  const dropLog = new DropLog(logger, runtime);
  const budget = new MemoryBudget(limits);
  const metrics: SelfObservability = new SelfObservability({
    meterProvider: options.selfObsMeterProvider,
    capacity: limits.maxQueueSize,
    queueSize: () => budget.count,
    storedCount: () => storeTracker.storedCount,
    logger,
  });
  const ledger = new Ledger(dropped => {
    dropLog.dropped(dropped.reason, dropped.count);
    notifications.sendNotifications(NotificationType.EVENTS_DROPPED, dropped);
  }, metrics);
  const exporter = resolveExporter(options, {
    requestStarted: count => metrics.requestStarted(count),
    requestEnded: (count, seconds, errorType) => metrics.requestEnded(count, seconds, errorType),
  });
  const storeTracker = new StoreTracker(options.eventStore, ledger, runtime, logger);
  const recovery = new Afterwards(() => {
    batcher.recover();
    ledger.reconcile(budget.count, storeTracker.storedCount);
  });
  const { eventQueue } = options;
  const batcher: EventBatcher = new EventBatcher({
    limits,
    queue:
      eventQueue === undefined
        ? new MemoryEventQueue()
        : new GuardedQueue(eventQueue, budget, ledger, logger),
    exporter,
    budget,
    storeTracker,
    resolveStored: options.resolveStored ?? (() => {}),
    canResolve: options.canResolve ?? (() => true),
    ledger,
    notifications,
    logger,
    recovery,
    runtime,
  });
  const { timeoutIntervalMillis } = limits;
  return {
    batcher,
    budget,
    storeTracker,
    ledger,
    notifications,
    recovery,
    runtime,
    timeoutIntervalMillis,
    snapshot: () => {
      if (recovery.isNeeded) recovery.request();
      return ledger.snapshot(budget.count, storeTracker.storedCount);
    },
    sendQueued: () => batcher.sendQueued(),
    unsavedCount: () => Math.max(0, budget.count - storeTracker.copiedCount),
    end: () => {
      metrics.shutdown();
      dropLog.end();
    },
  };
}

const EXPORTER_OPTIONS = Object.keys(DELIVERY_TABLE) as (keyof typeof DELIVERY_TABLE)[];

function deliveryOptions(options: ExportOptions): Partial<ExportOptions> {
  return Object.fromEntries(EXPORTER_OPTIONS.map(name => [name, options[name]]));
}

function resolveExporter(options: PipelineOptions, observer: DeliveryObserver): EventExporter {
  const { exporter, eventDispatcher, defaultDispatcher, logger } = options;
  if (exporter === undefined) {
    const dispatcher = eventDispatcher ?? defaultDispatcher?.();
    return new OptimizelyEventExporter({
      ...deliveryOptions(options),
      observer,
      eventDispatcher: dispatcher as AnyEventDispatcher,
      logger,
      runtime: options.runtime,
    });
  }
  if (eventDispatcher !== undefined) {
    throw new TypeError(
      'exporter and eventDispatcher exclude each other: give the dispatcher to the exporter',
    );
  }
  requireMethods(
    'exporter',
    exporter,
    ['export'],
    '{ exporter: new OptimizelyEventExporter({ eventDispatcher }) }',
  );
  const ignored = EXPORTER_OPTIONS.filter(name => options[name] !== undefined);
  if (ignored.length > 0)
    logger.warn(`ignored, since an exporter is given: ${ignored.join(', ')}; pass them to the exporter`);
  return new GuardedExporter(exporter, logger);
}
