// SPDX-License-Identifier: Apache-2.0
import type { DropReason } from '../model/drop-reason.js';
import type { EventExportResult } from '../model/event-exporter.js';
import type { OutstandingWork } from '../model/outstanding.js';
import type { UserEvent } from '../model/user-event.js';

/**
 * Requests that one batch may cost on top of its first in the search for events that make the server refuse it. Enough
 * to isolate every event of a batch of 32, or three of a batch of 1000; what is refused after that is dropped in pieces.
 */
const MOST_EXTRA_REQUESTS = 64;

/** One batch on its way, perhaps in pieces. */
export class Consignment implements OutstandingWork {
  place = -1;
  readonly #done: (result: EventExportResult) => void;
  readonly #total: number;
  readonly #dropped: { reason: DropReason; events: readonly UserEvent[] }[] = [];
  #left: number;
  #extraRequests = 0;

  /** @param done called once, when every event has arrived or is lost */
  constructor(total: number, done: (result: EventExportResult) => void) {
    this.#total = total;
    this.#left = total;
    this.#done = done;
  }

  /**
   * Once for each piece.
   *
   * @param reason undefined: they have arrived
   */
  settle(events: readonly UserEvent[], reason?: DropReason): void {
    this.#left -= events.length;
    if (reason !== undefined) this.#dropped.push({ reason, events });
    if (this.#left > 0) return;
    const lost = this.#dropped.reduce((sum, { events }) => sum + events.length, 0);
    this.#done({ code: lost === this.#total ? 1 : 0, dropped: this.#dropped });
  }

  /** Whether a refused piece may be tried again as two; spends what that costs. */
  spendOnSplit(): boolean {
    if (this.#extraRequests + 2 > MOST_EXTRA_REQUESTS) return false;
    this.#extraRequests += 2;
    return true;
  }
}
