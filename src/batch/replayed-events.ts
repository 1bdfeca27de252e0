// SPDX-License-Identifier: Apache-2.0
import type { QueueBudget } from '../model/event-queue.js';
import type { StoredEvent, StoreTicket } from '../model/event-store.js';
import type { ExperimentEvent } from '../model/experiment-event.js';
import type { Runtime } from '../model/runtime.js';
import type { SerializedEvent } from '../model/serialized-event.js';
import { asStored } from '../util/event-text.js';
import type { OpenBatch } from './open-batch.js';
import { StoreReplay } from './store-replay.js';
import type { StoreTracker } from './store-tracker.js';

export interface ReplayedEventsDependencies {
  readonly batch: OpenBatch;
  readonly budget: QueueBudget;
  readonly storeTracker: StoreTracker;
  /** Takes back an event that was stored before there was a datafile. */
  readonly resolveStored: (event: ExperimentEvent, acceptedAt: number, ticket: StoreTicket) => void;
  readonly runtime: Runtime;
  readonly maxPageBytes: number;
  readonly isReady: () => boolean;
  readonly isStopping: () => boolean;
}

/** Events that come back from the store. A page of them is small: the memory bounds do not count for it. */
export class ReplayedEvents {
  readonly #deps: ReplayedEventsDependencies;
  readonly #replay: StoreReplay;

  constructor(dependencies: ReplayedEventsDependencies) {
    const { batch, storeTracker, runtime, maxPageBytes, isReady } = dependencies;
    this.#deps = dependencies;
    this.#replay = new StoreReplay({
      storeTracker,
      runtime,
      maxPageBytes,
      isReady,
      take: (event, ticket, acceptedAt) => this.#take(event, ticket, acceptedAt),
      close: () => batch.close('replay'),
    });
  }

  /** Something may be possible now that was not before. */
  nudge(): void {
    this.#replay.nudge();
  }

  /** Takes one page now. @returns how many events it had */
  takePage(): Promise<number> {
    return this.#replay.takePage();
  }

  closeIfFull(): void {
    this.#deps.batch.closeIfFull();
  }

  stop(): Promise<void> {
    return this.#replay.stop();
  }

  /** Takes an event that had no datafile when it was stored, and that has been resolved now. */
  readmit(event: SerializedEvent, superseded: StoreTicket): void {
    const { batch, budget, storeTracker } = this.#deps;
    budget.takeAnyway(1, event.byteLength);
    batch.add(asStored(event, storeTracker.keep(event, superseded)));
  }

  #take(stored: StoredEvent, ticket: StoreTicket, acceptedAt: number): void {
    const { batch, budget, storeTracker, isStopping, resolveStored } = this.#deps;
    if (isStopping()) storeTracker.leaveInStore([{ ticket }]);
    else if (stored.kind === 'unresolved') resolveStored(stored.event, acceptedAt, ticket);
    else {
      const { type, uuid, context, json } = stored;
      const byteLength = Buffer.byteLength(json);
      budget.takeAnyway(1, byteLength);
      batch.add({ type, uuid, context, json, byteLength, acceptedAt, ticket });
    }
  }
}
