// SPDX-License-Identifier: Apache-2.0
import type { DropReason } from './drop-reason.js';
import type { CountedEvent } from './event-settlement.js';

/**
 * Where every event is. At all times
 * `recorded + recovered = delivered + streamed + stored + pending + (sum of dropped)`.
 */
export interface LedgerSnapshot {
  /** Events given to this processor, including refused ones. */
  readonly recorded: number;
  /** Events taken over from an earlier process. */
  readonly recovered: number;
  /** Answered 2xx. */
  readonly delivered: number;
  /** In a stream, which has acknowledged them: the process that delivers from it counts what becomes of them. */
  readonly streamed: number;
  /** On disk and not in memory. */
  readonly stored: number;
  /** Waiting for a datafile, queued, in flight or being retried. */
  readonly pending: number;
  /** Refused or lost, by reason. */
  readonly dropped: Readonly<Partial<Record<DropReason, number>>>;
  /** Counts of events that were sent or ignored although something is wrong, by kind. Not part of the sum. */
  readonly warnings: Readonly<Partial<Record<LedgerWarning, number>>>;
}

/**
 * `unknown_variation`: the datafile has no such variation key, so the impression went out with a null variation id.
 * `ambiguous_evaluation`: a flag evaluation that may be an experiment's or another rule's, and was ignored.
 */
export type LedgerWarning = 'unknown_variation' | 'ambiguous_evaluation';

export interface Drop {
  readonly reason: DropReason;
  readonly events: readonly CountedEvent[];
}

/** What the rooms tell the ledger, which tells those who wait for it. */
export interface EventLedger {
  recorded(count: number): void;
  recovered(count: number): void;
  /** What became of one batch: some were delivered, others dropped or, where batches go to a stream, are there. */
  ended(
    delivered: readonly CountedEvent[],
    dropped: readonly Drop[],
    streamed?: readonly CountedEvent[],
  ): void;
  /** @param count where there are more than can be named. @default their number */
  dropped(reason: DropReason, events: readonly CountedEvent[], count?: number): void;
  warned(kind: LedgerWarning): void;
  /** Counts what was recorded and got lost because the stack ended, once no call is under way. */
  reconcile(pending: number, stored: number): void;
}
