// SPDX-License-Identifier: Apache-2.0
import type { RecordSpan } from './record-decoder.js';
import { MAX_RECORDS } from './record-layout.js';

/** Numbers, since every record passes through them; `reading`: available still, and on its way into memory. */
export const RECORD_STATE = { gone: 0, held: 1, available: 2, reading: 3 } as const;
export type RecordState = (typeof RECORD_STATE)[keyof typeof RECORD_STATE];

const { gone: GONE, held: HELD, available: AVAILABLE } = RECORD_STATE;

/** Of a ticket: the number of its record in its segment. */
export function recordNumber(ticket: number): number {
  return ticket % MAX_RECORDS;
}

/** What is remembered of a segment: for each record where it lies and what became of it, nine bytes. */
export class Segment {
  /** Where it stands in this process; tickets are made of it. */
  readonly id: number;
  readonly path: string;
  readonly createdAt: number;
  readonly adopted: boolean;
  /** Of the file; where we write it, up to the end of the last record, behind which there may be zeros. */
  bytes: number;
  /** Of an adopted one: where its last record ends. */
  end = 0;
  /** Of the file, where we write it. */
  inode = 0;
  /** Records not removed. */
  left = 0;
  /** Number of available records. */
  available = 0;
  /** One more than the highest record number. */
  count = 0;
  /** There may be a file of acks. */
  hasAcks: boolean;
  #states = new Uint8Array(64);
  #places = new Uint32Array(128);
  #firstAvailable = 0;

  constructor(id: number, path: string, createdAt: number, bytes: number, adopted: boolean) {
    this.id = id;
    this.path = path;
    this.createdAt = createdAt;
    this.bytes = bytes;
    this.adopted = adopted;
    this.hasAcks = adopted;
  }

  get ackPath(): string {
    return this.path.replace(/\.seg$/, '.ack');
  }

  ticket(index: number): number {
    return this.id * MAX_RECORDS + index;
  }

  /** Of the records whose events are in memory. */
  ticketsHeld(): number[] {
    const tickets: number[] = [];
    for (let index = 0; index < this.count; index++)
      if (this.#states[index] === HELD) tickets.push(this.ticket(index));
    return tickets;
  }

  has(index: number): boolean {
    return index < this.count && this.#places[index * 2 + 1] !== 0;
  }

  add({ index, offset, length }: RecordSpan, state: RecordState): void {
    if (index >= this.#states.length) this.#grow(index);
    this.place(index, offset, length);
    if (index >= this.count) this.count = index + 1;
    this.#states[index] = GONE;
    if (state === GONE) return;
    this.left++;
    this.set(index, state);
  }

  /** Where the record lies that was added before it was written. */
  place(index: number, offset: number, length: number): void {
    this.#places[index * 2] = offset;
    this.#places[index * 2 + 1] = length;
  }

  state(index: number): RecordState {
    return (this.#states[index] ?? GONE) as RecordState;
  }

  /** Moves a record that is not gone. */
  set(index: number, state: RecordState): void {
    if (this.state(index) >= AVAILABLE) this.available--;
    if (state === GONE) this.left--;
    if (state >= AVAILABLE) this.available++;
    if (state === AVAILABLE && index < this.#firstAvailable) this.#firstAvailable = index;
    this.#states[index] = state;
  }

  span(index: number): RecordSpan {
    return { index, offset: this.#places[index * 2] ?? 0, length: this.#places[index * 2 + 1] ?? 0 };
  }

  /** The first record that is available and not being read. */
  nextAvailable(): number | undefined {
    const at = this.#states.subarray(0, this.count).indexOf(AVAILABLE, this.#firstAvailable);
    this.#firstAvailable = at === -1 ? this.count : at;
    return at === -1 ? undefined : at;
  }

  #grow(index: number): void {
    const size = Math.min(MAX_RECORDS, Math.max(this.#states.length * 2, index + 1));
    const states = new Uint8Array(size);
    states.set(this.#states);
    this.#states = states;
    const places = new Uint32Array(size * 2);
    places.set(this.#places);
    this.#places = places;
  }
}
