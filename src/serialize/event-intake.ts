// SPDX-License-Identifier: Apache-2.0

import type { DatafileIndex } from '../model/datafile-index.js';
import type { QueueBudget } from '../model/event-queue.js';
import type { CountedEvent, EventSettlement } from '../model/event-settlement.js';
import type { StoreTicket } from '../model/event-store.js';
import type { ExperimentEvent } from '../model/experiment-event.js';
import type { EventLedger } from '../model/ledger.js';
import type { Runtime } from '../model/runtime.js';
import type { SerializedEvent } from '../model/serialized-event.js';
import type { Afterwards } from '../util/afterwards.js';
import { acceptanceTime } from '../util/system-runtime.js';
import { attachEvent, type DetachedEvent, detachEvent } from './detach-event.js';
import type { EventResolver } from './event-resolver.js';

interface WaitingEvent extends DetachedEvent {
  readonly acceptedAt: number;
  readonly ticket?: StoreTicket | undefined;
  readonly settlement?: EventSettlement | undefined;
}

/** What the intake needs of the event store, if there is one. */
export interface UnresolvedTracker {
  trackUnresolved(event: () => ExperimentEvent, acceptedAt: number): StoreTicket | 'full' | 'none';
  /** Memory has no room: whether the event lives on disk; if not, it is counted. */
  spill(event: CountedEvent, kept: StoreTicket | 'full' | 'none'): boolean;
  /** @returns the event with the ticket of its record: the resolved form takes the place of the input */
  replace(event: SerializedEvent, ticket: StoreTicket | undefined): SerializedEvent;
  remove(items: readonly { readonly ticket?: StoreTicket | undefined }[]): void;
  /** @returns what the store has not */
  leaveInStore<T extends Pick<WaitingEvent, 'ticket' | 'settlement'>>(items: readonly T[]): T[];
}

export interface EventIntakeDependencies {
  readonly resolver: EventResolver;
  readonly budget: QueueBudget;
  readonly storeTracker: UnresolvedTracker;
  readonly ledger: EventLedger;
  readonly runtime: Runtime;
  /** The datafile in force. */
  readonly config: { readonly inForce: DatafileIndex | undefined };
  /** Where resolved events go; it counts those that it refuses. */
  readonly batcher: {
    /** Repairs what a stack that ended left half done. */
    readonly recovery: Afterwards;
    enqueue(event: SerializedEvent, uuid: string): boolean;
  };
}

/** Resolves events as they are recorded. Those recorded before the first datafile wait for it. */
export class EventIntake {
  readonly #deps: EventIntakeDependencies;
  #waiting: WaitingEvent[] = [];
  /** How many of them, the first ones, no longer wait. */
  #begun = 0;
  #isResolving = false;

  constructor(dependencies: EventIntakeDependencies) {
    const { config, batcher } = dependencies;
    this.#deps = dependencies;
    batcher.recovery.also(() => {
      if (config.inForce !== undefined) this.resolveWaiting(config.inForce);
    });
  }

  get waitingCount(): number {
    return this.#waiting.length - this.#begun;
  }

  /** @returns whether the event was taken; if not, it has been counted and logged */
  take(
    event: ExperimentEvent,
    datafile: DatafileIndex | undefined,
    settlement: EventSettlement | undefined,
  ): boolean {
    const { resolver, batcher, runtime } = this.#deps;
    const acceptedAt = acceptanceTime(runtime, event.timestamp);
    if (datafile === undefined) return this.#wait(event, acceptedAt, settlement);
    if (this.#waiting.length > 0) this.resolveWaiting(datafile);
    const resolved = resolver.resolve(event, datafile, acceptedAt, settlement);
    return resolved !== undefined && batcher.enqueue(resolved, event.uuid);
  }

  /**
   * The first datafile has come: waiting events go before all that is recorded from now on. Where the stack ends in between,
   * those that are left go on waiting until the next call, which the recovery makes.
   */
  resolveWaiting(datafile: DatafileIndex): void {
    if (this.#isResolving) return;
    this.#isResolving = true;
    try {
      while (this.#begun < this.#waiting.length) this.#resolveNext(datafile);
      this.#waiting = [];
      this.#begun = 0;
    } catch (error) {
      const { recovery } = this.#deps.batcher;
      recovery.isNeeded = true;
      recovery.request();
      throw error;
    } finally {
      this.#isResolving = false;
    }
  }

  #resolveNext(datafile: DatafileIndex): void {
    const { resolver, batcher, budget, storeTracker } = this.#deps;
    const item = this.#waiting[this.#begun] as WaitingEvent;
    budget.release(1, item.byteLength);
    // From here on it is counted as interrupted where the stack ends: it may have been counted already.
    this.#begun++;
    const resolved = resolver.resolve(attachEvent(item), datafile, item.acceptedAt, item.settlement);
    if (resolved === undefined) storeTracker.remove([item]);
    else batcher.enqueue(storeTracker.replace(resolved, item.ticket), item.uuid);
  }

  /** No datafile will come in this life: what the store has is for the next one. */
  dropWaiting(): void {
    const waiting = this.#waiting.slice(this.#begun);
    this.#waiting = [];
    this.#begun = 0;
    for (const { byteLength } of waiting) this.#deps.budget.release(1, byteLength);
    const lost = this.#deps.storeTracker.leaveInStore(waiting);
    if (lost.length > 0) this.#deps.ledger.dropped('no_datafile', lost);
  }

  #wait(event: ExperimentEvent, acceptedAt: number, settlement: EventSettlement | undefined): boolean {
    let detached: DetachedEvent;
    try {
      detached = detachEvent(event);
    } catch {
      const field = event.type === 'conversion' ? 'tags' : 'attributes';
      this.#deps.resolver.refuse(
        event,
        { type: 'unresolved', reason: 'invalid', field },
        undefined,
        settlement,
      );
      return false;
    }
    const kept = this.#deps.storeTracker.trackUnresolved(() => attachEvent(detached), acceptedAt);
    if (typeof kept === 'number') settlement?.stored?.();
    if (this.#deps.budget.take(event.type, detached.byteLength)) {
      const ticket = typeof kept === 'number' ? kept : undefined;
      this.#waiting.push({ ...detached, acceptedAt, ticket, settlement });
      return true;
    }
    return this.#deps.storeTracker.spill({ uuid: event.uuid, settlement }, kept);
  }
}
