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
  /** Tells whether an event was counted, whatever else has become of it. */
  readonly ledger: { readonly recordedCount: number };

  constructor(recovery: Afterwards, ledger: { readonly recordedCount: number }) {
    this.recovery = recovery;
    this.ledger = ledger;
  }

  /**
   * Reads them in their order. Each stays until it was read, since the stack may end here, too.
   *
   * @param failed hears why one can't be read, which is then given up. @default it stays, with those behind it
   */
  readAll(read: (unread: UnreadSpan) => void, failed?: (error: unknown) => void): void {
    try {
      for (let next = this.#oldest(); next !== undefined; next = this.#oldest()) {
        try {
          read(next);
        } catch (error) {
          if (failed === undefined) throw error;
          failed(error);
        }
        this.#inOrder.shift();
      }
    } catch {
      this.recovery.isNeeded = true;
    }
  }

  #oldest(): UnreadSpan | undefined {
    const added: UnreadSpan[] = [];
    for (let unread = this.latest; unread !== undefined; unread = unread.before) added.unshift(unread);
    if (added.length > 0) this.#inOrder = [...this.#inOrder, ...added];
    this.latest = undefined;
    return this.#inOrder[0];
  }
}
