// SPDX-License-Identifier: Apache-2.0
import { MemoryBudget } from '../batch/memory-budget.js';
import { StoreTracker } from '../batch/store-tracker.js';
import { Ledger } from '../metrics/ledger.js';
import { SelfObservability } from '../metrics/self-observability.js';
import type { EventStore } from '../model/event-store.js';
import type { LastImpressions } from '../model/installed-processor.js';
import type { PackageLogger } from '../model/logger.js';
import type { NotificationSender } from '../model/notification.js';
import type { Runtime } from '../model/runtime.js';
import { DropLog } from '../notification/drop-log.js';
import { EventNotices } from '../notification/event-notices.js';
import { guardNotifications } from '../notification/guard-notifications.js';
import { NotificationCenter } from '../notification/notification-center.js';
import { noImpressions } from '../util/event-stamps.js';
import { systemRuntime } from '../util/system-runtime.js';
import type { ResolvedBatchingOptions } from './processor-option-tables.js';
import type { BatchingOptions } from './processor-options.js';
import { resolveBatchingOptions } from './resolve-batching-options.js';

/** What all rooms from resolving to delivery count, tell and keep time with. */
export interface Foundation {
  readonly limits: ResolvedBatchingOptions;
  readonly budget: MemoryBudget;
  readonly storeTracker: StoreTracker;
  readonly ledger: Ledger;
  readonly metrics: SelfObservability;
  readonly notifications: NotificationSender;
  readonly dropLog: DropLog;
  readonly logger: PackageLogger;
  readonly runtime: Runtime;
  readonly lastImpressions: LastImpressions;
}

export interface FoundationOptions extends BatchingOptions {
  readonly logger: PackageLogger;
  readonly eventStore?: EventStore | undefined;
}

/** @throws TypeError options that no default can mend */
export function layFoundation(options: FoundationOptions): Foundation {
  const { logger } = options;
  const limits = resolveBatchingOptions(options, logger);
  const { runtime = systemRuntime } = limits;
  const center = options.notificationCenter ?? new NotificationCenter({ logger });
  const notifications = guardNotifications(center, logger);
  const dropLog = new DropLog(logger, runtime);
  const budget = new MemoryBudget(limits);
  const metrics = new SelfObservability({
    meterProvider: options.selfObsMeterProvider,
    capacity: limits.maxQueueSize,
    queueSize: () => budget.count,
    storedCount: () => storeTracker.storedCount,
    logger,
  });
  const ledger = new Ledger(new EventNotices(notifications, dropLog), metrics);
  const storeTracker: StoreTracker = new StoreTracker(options.eventStore, ledger, runtime, logger);
  const lastImpressions = noImpressions();
  return {
    limits,
    budget,
    storeTracker,
    ledger,
    metrics,
    notifications,
    dropLog,
    logger,
    runtime,
    lastImpressions,
  };
}
