// SPDX-License-Identifier: Apache-2.0
import type { StoreTicket } from '../model/event-store.js';

/**
 * Records that the disk refused after `append` had given a ticket for them, or that were deleted from outside: their
 * events are in memory only.
 */
export class RefusedRecords {
  readonly #tickets = new Set<StoreTicket>();
  readonly #lost: (count: number) => void;

  /** @param lost told of events that memory has let go of */
  constructor(lost: (count: number) => void) {
    this.#lost = lost;
  }

  add(tickets: readonly StoreTicket[]): void {
    for (const ticket of tickets) this.#tickets.add(ticket);
  }

  /** Their events were delivered, or dropped. */
  removed(tickets: readonly StoreTicket[]): void {
    if (this.#tickets.size > 0) for (const ticket of tickets) this.#tickets.delete(ticket);
  }

  /** Their events are left to the store. */
  released(tickets: readonly StoreTicket[]): void {
    if (this.#tickets.size === 0) return;
    const count = tickets.filter(ticket => this.#tickets.delete(ticket)).length;
    // Once they count as stored.
    if (count > 0) queueMicrotask(() => this.#lost(count));
  }
}
