// SPDX-License-Identifier: Apache-2.0
import type { DropReason } from '../model/drop-reason.js';
import type { EventExportResult } from '../model/event-exporter.js';
import type { UserEvent } from '../model/user-event.js';

/**
 * Requests that one batch may cost on top of its first in the search for events that make the server refuse it. Enough
 * to isolate every event of a batch of 32, or three of a batch of 1000; what is refused after that is dropped in pieces.
 */
const MOST_EXTRA_REQUESTS = 64;

/** One batch on its way, perhaps in pieces. */
export class Consignment {
  readonly #done: (result: EventExportResult) => void;
  readonly #open: Set<UserEvent>;
  readonly #total: number;
  readonly #dropped: { reason: DropReason; events: readonly UserEvent[] }[] = [];
  #extraRequests = 0;

  /** @param done called once, when every event has arrived or is lost */
  constructor(events: readonly UserEvent[], done: (result: EventExportResult) => void) {
    this.#open = new Set(events);
    this.#total = events.length;
    this.#done = done;
  }

  /** @param reason undefined: they have arrived */
  settle(events: readonly UserEvent[], reason?: DropReason): void {
    if (this.#open.size === 0) return;
    for (const event of events) this.#open.delete(event);
    if (reason !== undefined) this.#dropped.push({ reason, events });
    if (this.#open.size > 0) return;
    const lost = this.#dropped.reduce((sum, { events }) => sum + events.length, 0);
    this.#done({ code: lost === this.#total ? 1 : 0, dropped: this.#dropped });
  }

  /** Gives up what is still on its way. */
  abandon(reason: DropReason): void {
    this.settle([...this.#open], reason);
  }

  /** Whether a refused piece may be tried again as two; spends what that costs. */
  spendOnSplit(): boolean {
    if (this.#extraRequests + 2 > MOST_EXTRA_REQUESTS) return false;
    this.#extraRequests += 2;
    return true;
  }
}
