// SPDX-License-Identifier: Apache-2.0

import type { StoreTicket } from '../model/event-store.js';
import { sep } from '../util/builtins.js';
import type { RecordSpan } from './record-decoder.js';
import { MAX_RECORDS } from './record-layout.js';
import { RECORD_STATE, type RecordState, type Segment } from './segment.js';

/** Bytes of `maxBytes` that are kept free for the ack of each record. */
export const ACK_RESERVE_BYTES = 8;

export interface RecordAddress {
  readonly segment: Segment;
  readonly index: number;
}

/** All segments that have records, oldest first. */
export class SegmentBook {
  readonly #byId = new Map<number, Segment>();
  readonly #inOrder: Segment[] = [];
  /** What counts against `maxBytes`. */
  bytes = 0;
  available = 0;

  get segments(): readonly Segment[] {
    return this.#inOrder;
  }

  /** @param path of a directory of ours, those that it has adopted included */
  segmentsIn(path: string): Segment[] {
    return this.#inOrder.filter(segment => segment.path.startsWith(`${path}${sep}`));
  }

  add(segment: Segment): void {
    this.#byId.set(segment.id, segment);
    let at = this.#inOrder.length;
    while (at > 0 && isYounger(this.#inOrder[at - 1], segment)) at--;
    this.#inOrder.splice(at, 0, segment);
    this.bytes += segment.bytes + segment.count * ACK_RESERVE_BYTES;
    this.available += segment.available;
  }

  has(segment: Segment): boolean {
    return this.#byId.get(segment.id) === segment;
  }

  /**
   * Puts a record into its segment, whose event is in memory.
   *
   * @param span where it lies; `written()` says when it does
   */
  append(segment: Segment, span: RecordSpan): void {
    this.bytes += ACK_RESERVE_BYTES;
    segment.add(span, RECORD_STATE.held);
  }

  /** The segment's file has grown by its last records. */
  written(segment: Segment, bytes: number): void {
    segment.bytes += bytes;
    this.bytes += bytes;
  }

  /** Takes back records that could not be written. @returns the tickets of those that were not removed meanwhile */
  takeBack(segment: Segment, records: readonly { readonly index: number }[]): StoreTicket[] {
    const tickets: StoreTicket[] = [];
    for (const { index } of records) {
      if (segment.state(index) === RECORD_STATE.gone) continue;
      this.set(segment, index, RECORD_STATE.gone);
      tickets.push(segment.ticket(index));
    }
    return tickets;
  }

  delete(segment: Segment): void {
    if (!this.#byId.delete(segment.id)) return;
    this.#inOrder.splice(this.#inOrder.indexOf(segment), 1);
    this.bytes -= segment.bytes + segment.count * ACK_RESERVE_BYTES;
    this.available -= segment.available;
  }

  /** The segment that has this ticket's record. */
  segmentOf(ticket: number): Segment | undefined {
    return this.#byId.get(Math.floor(ticket / MAX_RECORDS));
  }

  set(segment: Segment, index: number, state: RecordState): void {
    const before = segment.available;
    segment.set(index, state);
    if (this.#byId.has(segment.id)) this.available += segment.available - before;
  }

  /**
   * Marks the oldest available records as being read: at least one, where there is one.
   *
   * @param but not of these segments
   */
  choose(maxEvents: number, maxBytes: number, but: ReadonlySet<Segment>): RecordAddress[] {
    const chosen: RecordAddress[] = [];
    let bytes = 0;
    for (const segment of this.#inOrder) {
      if (segment.available === 0 || but.has(segment)) continue;
      for (let index = segment.nextAvailable(); index !== undefined; index = segment.nextAvailable()) {
        bytes += segment.span(index).length;
        if (chosen.length > 0 && (chosen.length >= maxEvents || bytes > maxBytes)) return chosen;
        this.set(segment, index, RECORD_STATE.reading);
        chosen.push({ segment, index });
      }
    }
    return chosen;
  }
}

/** Our own stay in the order in which they were written, whatever the wall clock did meanwhile. */
function isYounger(before: Segment | undefined, added: Segment): boolean {
  if (before === undefined || !added.adopted) return false;
  return before.createdAt > added.createdAt || (before.createdAt === added.createdAt && !before.adopted);
}
