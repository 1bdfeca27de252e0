// SPDX-License-Identifier: Apache-2.0
import type { InspectedBatch } from './inspected-batch.js';

export interface LogLimits {
  readonly maxEvents: number;
  /** Bytes of bodies. */
  readonly maxBytes: number;
}

/** A batch with the row of the list that it begins at. */
export interface PlacedBatch {
  readonly batch: InspectedBatch;
  readonly row: number;
}

/** Batches themselves count against the bound too: one without events costs memory all the same. */
const weightOf = ({ events }: InspectedBatch) => events.length + 1;

/** The most recent batches, within bounds; the oldest go first, and are counted. */
export class BatchLog {
  readonly #limits: LogLimits;
  readonly #onDrop: (batch: InspectedBatch) => void;
  #batches: InspectedBatch[] = [];
  /** Rows that were added up to each batch, itself included: one a batch and one an event. */
  #rowsUpTo: number[] = [];
  /** Those before it have been dropped, and are cut off from time to time. */
  #start = 0;
  #rowsDropped = 0;
  #bytes = 0;
  droppedEvents = 0;
  droppedBatches = 0;

  /** @param onDrop is told every batch that has to go */
  constructor(limits: LogLimits, onDrop: (batch: InspectedBatch) => void = () => {}) {
    this.#limits = limits;
    this.#onDrop = onDrop;
  }

  get eventCount(): number {
    return this.#rows - this.batchCount;
  }

  get batchCount(): number {
    return this.#batches.length - this.#start;
  }

  /** The latest batch stays, however large. */
  add(batch: InspectedBatch): void {
    this.#rowsUpTo.push((this.#rowsUpTo.at(-1) ?? 0) + weightOf(batch));
    this.#batches.push(batch);
    this.#bytes += batch.byteLength;
    const { maxEvents, maxBytes } = this.#limits;
    // A batch of its own for every event is the most that batches may weigh.
    while (this.batchCount > 1 && (this.#rows > maxEvents * 2 || this.#exceeds(maxEvents, maxBytes))) {
      this.#dropOldest();
    }
  }

  find(sequence: number): InspectedBatch | undefined {
    const first = this.#batches[this.#start]?.sequence ?? 0;
    const batch = this.#batches[this.#start + sequence - first];
    return sequence >= first && batch?.sequence === sequence ? batch : undefined;
  }

  *newestFirst(): Generator<InspectedBatch> {
    for (let at = this.#batches.length - 1; at >= this.#start; at--) {
      const batch = this.#batches[at];
      if (batch !== undefined) yield batch;
    }
  }

  *oldestFirst(): Generator<InspectedBatch> {
    for (let at = this.#start; at < this.#batches.length; at++) {
      const batch = this.#batches[at];
      if (batch !== undefined) yield batch;
    }
  }

  /** Batches and events up to the batch `until`, how many of these are events, and events after it. */
  rowsUpTo(until: number): { readonly total: number; readonly events: number; readonly newer: number } {
    const last = Math.max(this.#indexOf(until), this.#start - 1);
    const batches = last - this.#start + 1;
    const total = batches === 0 ? 0 : (this.#rowsUpTo[last] ?? 0) - this.#rowsDropped;
    return { total, events: total - batches, newer: this.eventCount - total + batches };
  }

  /** Batches up to `until` in the order that is asked for, from the one that holds the row `from` on. */
  *placed(until: number, from: number, sort: 'newest' | 'oldest'): Generator<PlacedBatch> {
    const last = this.#indexOf(until);
    const step = sort === 'newest' ? -1 : 1;
    const total = (this.#rowsUpTo[last] ?? 0) - this.#rowsDropped;
    // The row that is asked for, counted from the oldest.
    const wanted = sort === 'newest' ? total - 1 - from : from;
    for (let at = this.#holding(wanted, last); at >= this.#start && at <= last; at += step) {
      const batch = this.#batches[at];
      if (batch === undefined) return;
      const end = (this.#rowsUpTo[at] ?? 0) - this.#rowsDropped;
      yield { batch, row: sort === 'newest' ? total - end : end - weightOf(batch) };
    }
  }

  clear(): void {
    this.#batches = [];
    this.#rowsUpTo = [];
    this.#start = 0;
    this.#rowsDropped = 0;
    this.#bytes = 0;
    this.droppedEvents = 0;
    this.droppedBatches = 0;
  }

  get #rows(): number {
    return (this.#rowsUpTo.at(-1) ?? 0) - this.#rowsDropped;
  }

  /** Place of the batch in the arrays; that of the latest one before it, if it isn't there. */
  #indexOf(sequence: number): number {
    const first = this.#batches[this.#start]?.sequence ?? 0;
    return Math.min(this.#start + sequence - first, this.#batches.length - 1);
  }

  /** Index of the batch that holds a row, counted from the oldest; outside the log if none does. */
  #holding(row: number, last: number): number {
    if (row < 0) return this.#start - 1;
    let [low, high] = [this.#start, last + 1];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#rowsUpTo[middle] ?? 0) - this.#rowsDropped > row) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #exceeds(maxEvents: number, maxBytes: number): boolean {
    return this.eventCount > maxEvents || this.#bytes > maxBytes;
  }

  #dropOldest(): void {
    const oldest = this.#batches[this.#start];
    if (oldest === undefined) return;
    this.#start++;
    this.#rowsDropped += weightOf(oldest);
    this.#bytes -= oldest.byteLength;
    this.droppedEvents += oldest.events.length;
    this.droppedBatches++;
    this.#onDrop(oldest);
    if (this.#start * 2 > this.#batches.length) {
      this.#batches = this.#batches.slice(this.#start);
      this.#rowsUpTo = this.#rowsUpTo.slice(this.#start);
      this.#start = 0;
    }
  }
}
