// SPDX-License-Identifier: Apache-2.0
import type { CountedEvent, EventSettlement } from '../model/event-settlement.js';
import type { EventStore, HeldText, StoredEvent, StoreTicket } from '../model/event-store.js';
import type { ExperimentEvent } from '../model/experiment-event.js';
import type { EventLedger } from '../model/ledger.js';
import type { Logger } from '../model/logger.js';
import type { Runtime } from '../model/runtime.js';
import type { SerializedEvent } from '../model/serialized-event.js';
import { settlementOf, ticketsOf } from '../util/counted-event.js';
import { errorLabel } from '../util/error-label.js';
import { asStored, heldText } from '../util/event-text.js';
import { kindOf, Seam } from '../util/guard.js';
import { acceptanceEpoch } from '../util/system-runtime.js';
import { isCount, isTicket, readRecord } from './store-answers.js';

/** Something that may have a copy in the store. */
export interface Kept {
  readonly ticket?: StoreTicket | undefined;
  readonly settlement?: EventSettlement | undefined;
}

/** `full`: the store takes no more; `none`: there is no store, or its disk refused. */
export type NotKept = 'full' | 'none';

const READ_ANSWERS = 'has to resolve to an array: what it has stays there';
const NO_RECORDS = 'resolves to records that are not: each counts as unreadable, and is removed';
const APPEND_ANSWERS = "has to return a number, 'full' or 'failed': events are in memory only";

/** What the event store, if there is one, has of the events in memory, and how many events only it has. */
export class StoreTracker {
  readonly #store: EventStore | undefined;
  readonly #seam: Seam;
  readonly #ledger: EventLedger;
  readonly #runtime: Runtime;
  readonly #logger: Logger;
  /** Whether an event is coming back: nothing says yet where it is. */
  isTaking = false;
  #storedCount = 0;
  #copiedCount = 0;
  #onAvailable: () => void = () => {};

  constructor(store: EventStore | undefined, ledger: EventLedger, runtime: Runtime, logger: Logger) {
    this.#logger = logger;
    this.#ledger = ledger;
    this.#runtime = runtime;
    this.#seam = new Seam('eventStore', logger);
    this.#store = this.#open(store, logger);
  }

  get hasStore(): boolean {
    return this.#store !== undefined;
  }

  /** @returns undefined if it cannot be opened */
  #open(store: EventStore | undefined, logger: Logger): EventStore | undefined {
    return this.#seam.call('open', undefined, () => {
      const opened: unknown = store?.open({
        logger,
        runtime: this.#runtime,
        adopted: count => {
          if (!isCount(count)) return;
          this.#ledger.recovered(count);
          this.#storedCount += count;
          this.#onAvailable();
        },
        lost: count => {
          if (isCount(count)) this.#lost(Math.min(count, this.#storedCount));
        },
      });
      this.#seam.watch('open', opened);
      return store;
    });
  }

  #lost(count: number): void {
    if (count === 0) return;
    this.#storedCount -= count;
    this.#ledger.dropped('unreadable', [], count);
  }

  /** Events on disk and not in memory. */
  get storedCount(): number {
    return this.#storedCount;
  }

  /** Events in memory that are on disk too. */
  get copiedCount(): number {
    return this.#copiedCount;
  }

  /** @param listener called when events have become available to `read()` */
  onAvailable(listener: () => void): void {
    this.#onAvailable = listener;
  }

  /** Writes the event before it is queued. @param uuid its own. @default found in its text */
  keep(event: SerializedEvent, uuid?: string): StoreTicket | NotKept {
    if (this.#store === undefined) return 'none';
    const { type, context, json } = event;
    const acceptedAt = acceptanceEpoch(this.#runtime, event.acceptedAt);
    const stored = { kind: 'resolved', type, uuid: uuid ?? event.uuid, context, json, acceptedAt } as const;
    return this.#append(stored, heldText(event));
  }

  /**
   * Writes the resolved form of an event in the place of its input, which stays where the disk refuses.
   *
   * @param ticket of the input, where that is stored
   */
  replace(event: SerializedEvent, ticket: StoreTicket | undefined): SerializedEvent {
    if (ticket === undefined) return event;
    const resolved = this.keep(event);
    if (typeof resolved !== 'number') return asStored(event, ticket);
    this.remove([{ ticket }]);
    return asStored(event, resolved);
  }

  /** @param acceptedAt monotonic clock, milliseconds */
  trackUnresolved(event: () => ExperimentEvent, acceptedAt: number): StoreTicket | NotKept {
    if (this.#store === undefined) return 'none';
    return this.#append({
      kind: 'unresolved',
      event: event(),
      acceptedAt: acceptanceEpoch(this.#runtime, acceptedAt),
    });
  }

  /**
   * Memory has no room: the event lives on disk only, or is refused and counted.
   *
   * @param kept what keeping it gave
   * @returns whether it lives
   */
  spill(event: CountedEvent, kept: StoreTicket | NotKept): boolean {
    if (typeof kept === 'number') this.leaveInStore([{ ticket: kept, settlement: event.settlement }]);
    else this.#ledger.dropped(kept === 'full' ? 'store_full' : 'queue_full', [event]);
    return typeof kept === 'number';
  }

  /** Delivered or dropped. */
  remove(items: readonly Kept[]): void {
    if (this.#store === undefined) return;
    const tickets = ticketsOf(items);
    if (tickets.length === 0) return;
    this.#copiedCount -= tickets.length;
    this.#removeTickets(tickets);
  }

  #removeTickets(tickets: readonly StoreTicket[]): void {
    this.#seam.call('remove', undefined, () => this.#store?.remove(tickets));
  }

  /**
   * Leaves to the store what it has.
   *
   * @param countRest called with what it has not, before the store hears of the others: it may look at the ledger
   * @returns what it has not
   */
  leaveInStore<T extends Kept>(items: readonly T[], countRest?: (rest: T[]) => void): T[] {
    const tickets = ticketsOf(items);
    const rest = items.filter(item => item.ticket === undefined);
    this.#storedCount += tickets.length;
    this.#copiedCount -= tickets.length;
    countRest?.(rest);
    if (tickets.length > 0) {
      this.#seam.call('release', undefined, () => this.#store?.release(tickets));
      for (const item of items) if (item.ticket !== undefined) settlementOf(item)?.settled('stored');
    }
    return rest;
  }

  /**
   * Takes the oldest of what only the store has into memory.
   *
   * @param take called for each event in the same turn in which it stops counting as stored
   */
  async read(
    limits: { maxEvents: number; maxBytes: number },
    take: (event: StoredEvent, ticket: StoreTicket, acceptedAt: number) => void,
  ): Promise<number> {
    let records: unknown;
    let hasRead = false;
    await this.#seam.settle('read', async () => {
      const given: unknown = await this.#store?.read(limits);
      records = Array.isArray(given) ? [...(given as unknown[])] : given;
      hasRead = true;
    });
    if (!Array.isArray(records)) {
      // A call that failed has been logged.
      if (hasRead) this.#seam.misused('read', `resolves to ${kindOf(records)}, and ${READ_ANSWERS}`);
      return 0;
    }
    for (const record of records) {
      const { ticket, event } = readRecord(record);
      if (ticket === undefined || event === undefined) {
        this.#seam.misused('read', NO_RECORDS);
        this.#lost(Math.min(1, this.#storedCount));
        // Else it would come back in every later life.
        if (ticket !== undefined) this.#removeTickets([ticket]);
        continue;
      }
      // A store that has more than it told of.
      if (this.#storedCount === 0) this.#ledger.recovered(1);
      else this.#storedCount--;
      this.#copiedCount++;
      this.isTaking = true;
      try {
        take(event, ticket, this.#toMonotonic(event.acceptedAt));
      } catch (error) {
        // A record that another program made: it would stop the replay in every later life.
        this.remove([{ ticket }]);
        this.#ledger.dropped('invalid', [event.kind === 'resolved' ? event : event.event]);
        this.#logger.warn(`a stored event can't be resolved and is dropped (${errorLabel(error)})`);
      } finally {
        this.isTaking = false;
      }
    }
    return records.length;
  }

  async close(): Promise<void> {
    await this.#seam.settle('close', () => this.#store?.close());
  }

  #append(event: StoredEvent, held?: HeldText): StoreTicket | NotKept {
    try {
      const answer: unknown = this.#store?.append(event, held);
      if (isTicket(answer)) {
        this.#copiedCount++;
        return answer;
      }
      this.#seam.watch('append', answer);
      if (answer === 'full') return 'full';
      if (answer !== 'failed')
        this.#seam.misused('append', `returns ${kindOf(answer)}, and ${APPEND_ANSWERS}`);
    } catch (error) {
      this.#seam.failed('append', error);
    }
    return 'none';
  }

  #toMonotonic(epoch: number): number {
    return this.#runtime.monotonic() - Math.max(0, this.#runtime.now() - epoch);
  }
}
