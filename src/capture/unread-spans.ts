// SPDX-License-Identifier: Apache-2.0
import type { Afterwards } from '../util/afterwards.js';
import type { StoredSpanEvent } from '../util/hand-over-mark.js';

export interface HarvestedSpan {
  readonly events: readonly StoredSpanEvent[];
}

export interface UnreadSpan {
  readonly span: HarvestedSpan;
  /** One of its events, which is marked as offered and was not; undefined for all that are not marked. */
  readonly event: StoredSpanEvent | undefined;
  readonly before: UnreadSpan | undefined;
}

/**
 * Spans that ended where the stack had no room to read them: they are read once the present call is over. What
 * is needed to add one is a plain field, since whoever adds one can call nothing any more.
 */
export class UnreadSpans {
  latest: UnreadSpan | undefined;
  readonly recovery: Afterwards;
  #inOrder: UnreadSpan[] = [];
  /** How many of these, the first ones, are read or being read. */
  #begun = 0;
  /** Tells whether an event was counted, whatever else has become of it. */
  readonly ledger: { readonly recordedCount: number };

  constructor(recovery: Afterwards, ledger: { readonly recordedCount: number }) {
    this.recovery = recovery;
    this.ledger = ledger;
  }

  /**
   * Reads them in their order. What reading one calls may do the same: it reads those behind.
   *
   * @param failed hears why one can't be read, which is then given up. @default it is left for later, with those behind it
   */
  readAll(read: (unread: UnreadSpan) => void, failed?: (error: unknown) => void): void {
    try {
      for (let next = this.#next(); next !== undefined; next = this.#next()) {
        this.#begun++;
        try {
          read(next);
        } catch (error) {
          if (failed === undefined) {
            // The stack has ended here, too: without a call.
            this.latest = { span: next.span, event: next.event, before: this.latest };
            throw error;
          }
          failed(error);
        }
      }
    } catch {
      this.recovery.isNeeded = true;
    }
  }

  #next(): UnreadSpan | undefined {
    const added: UnreadSpan[] = [];
    for (let unread = this.latest; unread !== undefined; unread = unread.before) added.push(unread);
    const left = this.#inOrder.length - this.#begun;
    if (added.length > 0 || left === 0) {
      this.#inOrder = [...this.#inOrder.slice(this.#begun), ...added.reverse()];
      this.#begun = 0;
    }
    this.latest = undefined;
    return this.#inOrder[this.#begun];
  }
}
