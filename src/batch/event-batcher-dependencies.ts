// SPDX-License-Identifier: Apache-2.0
import type { EventExporter } from '../model/event-exporter.js';
import type { BatcherQueue, QueueBudget } from '../model/event-queue.js';
import type { EventLedger } from '../model/ledger.js';
import type { Logger } from '../model/logger.js';
import type { NotificationSender } from '../model/notification.js';
import type { Runtime } from '../model/runtime.js';
import type { OpenBatchLimits } from './open-batch.js';
import type { StoredEventResolver } from './replayed-events.js';
import type { StoreTracker } from './store-tracker.js';

/** What batching needs of the rooms around it. */
export interface EventBatcherDependencies {
  readonly limits: OpenBatchLimits & {
    readonly maxOpenBatches: number;
    readonly flushIntervalMillis: number;
    readonly flushIntervalFrom: 'acceptance' | 'arrival';
    readonly timeoutIntervalMillis: number;
    readonly maxQueueSize: number;
    readonly maxQueueBytes: number;
  };
  readonly queue: BatcherQueue;
  readonly exporter: EventExporter;
  readonly budget: QueueBudget;
  readonly storeTracker: StoreTracker;
  readonly resolver: StoredEventResolver;
  readonly ledger: EventLedger;
  readonly notifications: NotificationSender;
  readonly logger: Logger;
  readonly runtime: Runtime;
}
