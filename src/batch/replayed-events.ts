// SPDX-License-Identifier: Apache-2.0
import type { QueueBudget } from '../model/event-queue.js';
import type { StoredEvent, StoreTicket } from '../model/event-store.js';
import type { ExperimentEvent } from '../model/experiment-event.js';
import type { EventLedger } from '../model/ledger.js';
import type { Runtime } from '../model/runtime.js';
import type { SerializedEvent } from '../model/serialized-event.js';
import type { BatchesInFlight } from './batches-in-flight.js';
import type { OpenBatches } from './open-batches.js';
import { StoreReplay } from './store-replay.js';
import type { Kept, StoreTracker } from './store-tracker.js';

/** How stored events that were recorded before there was a datafile are resolved. */
export interface StoredEventResolver {
  /** Whether stored events can be taken back: where not, they wait on disk. */
  readonly isReady: boolean;
  /** @returns undefined if it was refused, and counted */
  resolve(event: ExperimentEvent, acceptedAt: number): SerializedEvent | 'no datafile' | undefined;
}

export interface ReplayedEventsDependencies {
  readonly batches: OpenBatches;
  readonly budget: QueueBudget;
  readonly storeTracker: StoreTracker;
  readonly ledger: EventLedger;
  readonly resolver: StoredEventResolver;
  readonly runtime: Runtime;
  readonly maxPageBytes: number;
  /** Events in memory at half of which nothing more is taken from the store. */
  readonly maxQueueSize: number;
  /** Started, and not stopping. */
  readonly isRunning: () => boolean;
  /** Whether batches have to wait for their turn. */
  readonly isBusy: () => boolean;
  readonly inFlight: Pick<BatchesInFlight, 'replayedCount'>;
  readonly isStopping: () => boolean;
}

/** Events that come back from the store. A page of them is small: the memory bounds do not count for it. */
export class ReplayedEvents {
  readonly #deps: ReplayedEventsDependencies;
  readonly #replay: StoreReplay;
  readonly #unresolved: Kept[] = [];

  constructor(dependencies: ReplayedEventsDependencies) {
    const { batches, storeTracker, runtime, maxPageBytes } = dependencies;
    this.#deps = dependencies;
    this.#replay = new StoreReplay({
      storeTracker,
      runtime,
      maxPageBytes,
      isReady: () => this.isReady,
      take: (event, ticket, acceptedAt) => this.#take(event, ticket, acceptedAt),
      close: () => batches.close('replay'),
    });
  }

  /**
   * Whether events can be taken from the store now. While requests are busy, one page of them is on its way at a time:
   * live events do not wait behind all that the store has, and the store is emptied under any load.
   */
  get isReady(): boolean {
    const { budget, resolver, maxQueueSize, isRunning, isBusy, inFlight } = this.#deps;
    return (
      isRunning() &&
      budget.count * 2 < maxQueueSize &&
      resolver.isReady &&
      (inFlight.replayedCount === 0 || !isBusy())
    );
  }

  /** Something may be possible now that was not before. */
  nudge(): void {
    this.#replay.nudge();
  }

  /**
   * Takes page after page, and waits for each, until nothing more can be taken.
   *
   * @param settled waits for what is in flight
   */
  async drain(signal: AbortSignal, settled: () => Promise<void>): Promise<void> {
    const { storeTracker, inFlight } = this.#deps;
    while (!signal.aborted) {
      await settled();
      const canTake = !signal.aborted && storeTracker.storedCount > 0 && this.isReady;
      const taken = canTake ? await this.#replay.takePage() : 0;
      // One that was taken meanwhile is waited for, too.
      if (taken === 0 && inFlight.replayedCount === 0) return;
    }
  }

  closeIfFull(): void {
    this.#deps.batches.closeIfFull();
  }

  /** Events that no datafile is there for; they stay in the store. */
  get unresolvedCount(): number {
    return this.#unresolved.length;
  }

  async stop(): Promise<void> {
    await this.#replay.stop();
    this.#deps.storeTracker.leaveInStore(this.#unresolved);
  }

  #take(stored: StoredEvent, ticket: StoreTicket, acceptedAt: number): void {
    const { storeTracker, isStopping } = this.#deps;
    if (isStopping()) storeTracker.leaveInStore([{ ticket }]);
    else if (stored.kind === 'unresolved') this.#resolve(stored.event, ticket, acceptedAt);
    else {
      const { type, uuid, context, json } = stored;
      this.#add({
        type,
        uuid,
        context,
        json,
        byteLength: Buffer.byteLength(json),
        acceptedAt,
        ticket,
        settlement: undefined,
      });
    }
  }

  #resolve(event: ExperimentEvent, ticket: StoreTicket, acceptedAt: number): void {
    const { storeTracker, resolver } = this.#deps;
    const resolved = resolver.resolve(event, acceptedAt);
    if (resolved === 'no datafile') this.#unresolved.push({ ticket });
    else if (resolved === undefined) storeTracker.remove([{ ticket }]);
    else this.#add(storeTracker.replace(resolved, ticket));
  }

  #add(event: SerializedEvent): void {
    const { batches, budget, storeTracker, ledger } = this.#deps;
    if (!batches.fits(event)) {
      storeTracker.remove([event]);
      ledger.dropped('too_large', [event]);
      return;
    }
    budget.takeAnyway(1, event.byteLength);
    batches.add(event);
  }
}
