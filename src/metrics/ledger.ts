// SPDX-License-Identifier: Apache-2.0
import type { DropReason } from '../model/drop-reason.js';
import type { CountedEvent, EventOutcome } from '../model/event-settlement.js';
import type { Drop, EventLedger, LedgerSnapshot, LedgerWarning } from '../model/ledger.js';
import { settlementOf } from '../util/counted-event.js';

/** The same figures as metrics. */
export interface LedgerMetrics {
  recorded(count: number): void;
  /** @param reason undefined if the events were delivered */
  processed(count: number, reason?: DropReason): void;
  streamed(count: number): void;
}

/** Hears of what has been counted: what it asks the ledger adds up. */
export interface LedgerListener {
  delivered(events: readonly CountedEvent[]): void;
  streamed(events: readonly CountedEvent[]): void;
  /** @param count may be more than the events that are named */
  dropped(reason: DropReason, events: readonly CountedEvent[], count: number): void;
}

/** Counts where every event went, and tells those who wait for one. What is pending is counted by those who hold it, not derived here. */
export class Ledger implements EventLedger {
  /** A field, which can be read and counted up where the stack has ended; `reconcile()` makes up for the rest. */
  recordedCount = 0;
  readonly #listener: LedgerListener;
  readonly #metrics: LedgerMetrics;
  readonly #dropped: Partial<Record<DropReason, number>> = {};
  readonly #warnings: Partial<Record<LedgerWarning, number>> = {};
  /** Of `recordedCount`, what the metrics say. */
  #measuredCount = 0;
  #recovered = 0;
  #delivered = 0;
  #streamed = 0;

  constructor(listener: LedgerListener, metrics: LedgerMetrics) {
    this.#listener = listener;
    this.#metrics = metrics;
  }

  recorded(count: number): void {
    this.recordedCount += count;
    this.#metrics.recorded(count);
    this.#measuredCount += count;
  }

  recovered(count: number): void {
    this.#recovered += count;
  }

  ended(
    delivered: readonly CountedEvent[],
    dropped: readonly Drop[],
    streamed: readonly CountedEvent[] = [],
  ): void {
    this.#delivered += delivered.length;
    this.#metrics.processed(delivered.length);
    this.#streamed += streamed.length;
    this.#metrics.streamed(streamed.length);
    for (const { reason, events } of dropped) this.#count(reason, events.length);
    if (delivered.length > 0) this.#listener.delivered(delivered);
    if (streamed.length > 0) this.#listener.streamed(streamed);
    for (const { reason, events } of dropped) this.#listener.dropped(reason, events, events.length);
    settle(delivered, 'delivered');
    settle(streamed, 'streamed');
    for (const { reason, events } of dropped) settle(events, reason);
  }

  dropped(reason: DropReason, events: readonly CountedEvent[], count = events.length): void {
    this.#count(reason, count);
    this.#listener.dropped(reason, events, count);
    settle(events, reason);
  }

  /** Counts what was recorded and then got lost because the stack ended, once no call is under way. */
  reconcile(pending: number, stored: number): void {
    const unmeasured = this.recordedCount - this.#measuredCount;
    this.#measuredCount += unmeasured;
    if (unmeasured > 0) this.#metrics.recorded(unmeasured);
    const lost = this.#unaccounted(pending, stored);
    if (lost > 0) this.dropped('interrupted', [], lost);
  }

  #unaccounted(pending: number, stored: number): number {
    const dropped = Object.values(this.#dropped).reduce((sum, count) => sum + count, 0);
    const gone = this.#delivered + this.#streamed + dropped;
    return this.recordedCount + this.#recovered - gone - stored - pending;
  }

  #count(reason: DropReason, count: number): void {
    this.#dropped[reason] = (this.#dropped[reason] ?? 0) + count;
    this.#metrics.processed(count, reason);
  }

  warned(kind: LedgerWarning): void {
    this.#warnings[kind] = (this.#warnings[kind] ?? 0) + 1;
  }

  /**
   * @param isTaking whether it is asked from within a call that takes an event, or before what the end of a stack has cost
   * is counted: that is pending too
   */
  snapshot(pending: number, stored: number, isTaking = false): LedgerSnapshot {
    const taking = isTaking ? Math.max(0, this.#unaccounted(pending, stored)) : 0;
    return {
      recorded: this.recordedCount,
      recovered: this.#recovered,
      delivered: this.#delivered,
      streamed: this.#streamed,
      stored,
      pending: pending + taking,
      dropped: { ...this.#dropped },
      warnings: { ...this.#warnings },
    };
  }
}

function settle(events: readonly CountedEvent[], outcome: EventOutcome): void {
  for (const event of events) settlementOf(event)?.settled(outcome);
}
