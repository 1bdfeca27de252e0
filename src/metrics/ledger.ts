// SPDX-License-Identifier: Apache-2.0
import type { DroppedEvents, DropReason } from '../model/drop-reason.js';
import type { Drop, EventLedger, LedgerSnapshot, LedgerWarning } from '../model/ledger.js';

/** The same figures as metrics. */
export interface LedgerMetrics {
  recorded(count: number): void;
  /** @param reason undefined if the events were delivered */
  processed(count: number, reason?: DropReason): void;
}

/** Counts where every event went. What is pending is counted by those who hold it, not derived here. */
export class Ledger implements EventLedger {
  readonly #onDrop: (dropped: DroppedEvents) => void;
  readonly #metrics: LedgerMetrics;
  readonly #dropped: Partial<Record<DropReason, number>> = {};
  readonly #warnings: Partial<Record<LedgerWarning, number>> = {};
  #recorded = 0;
  #recovered = 0;
  #delivered = 0;

  constructor(onDrop: (dropped: DroppedEvents) => void, metrics: LedgerMetrics) {
    this.#onDrop = onDrop;
    this.#metrics = metrics;
  }

  recorded(count: number): void {
    this.#recorded += count;
    this.#metrics.recorded(count);
  }

  recovered(count: number): void {
    this.#recovered += count;
  }

  /** Listeners hear of drops when everything has been counted: what they ask the ledger adds up. */
  ended(delivered: number, dropped: readonly Drop[]): void {
    this.#delivered += delivered;
    this.#metrics.processed(delivered);
    for (const { reason, uuids } of dropped) this.#count(reason, uuids.length);
    for (const { reason, uuids } of dropped) this.#onDrop({ reason, count: uuids.length, uuids });
  }

  dropped(reason: DropReason, uuids: readonly string[], count = uuids.length): void {
    this.#count(reason, count);
    this.#onDrop({ reason, count, uuids });
  }

  /** Counts what was recorded and then got lost because the stack ended, once no call is under way. */
  reconcile(pending: number, stored: number): void {
    const dropped = Object.values(this.#dropped).reduce((sum, count) => sum + count, 0);
    const lost = this.#recorded + this.#recovered - this.#delivered - stored - pending - dropped;
    if (lost > 0) this.dropped('interrupted', [], lost);
  }

  #count(reason: DropReason, count: number): void {
    this.#dropped[reason] = (this.#dropped[reason] ?? 0) + count;
    this.#metrics.processed(count, reason);
  }

  warned(kind: LedgerWarning): void {
    this.#warnings[kind] = (this.#warnings[kind] ?? 0) + 1;
  }

  snapshot(pending: number, stored: number): LedgerSnapshot {
    return {
      recorded: this.#recorded,
      recovered: this.#recovered,
      delivered: this.#delivered,
      stored,
      pending,
      dropped: { ...this.#dropped },
      warnings: { ...this.#warnings },
    };
  }
}
