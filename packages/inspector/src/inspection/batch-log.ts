// SPDX-License-Identifier: Apache-2.0
import type { InspectedBatch } from './inspected-batch.js';

export interface LogLimits {
  readonly maxEvents: number;
  /** Bytes of bodies. */
  readonly maxBytes: number;
}

/** Batches themselves count against the bound too: one without events costs memory all the same. */
const weightOf = ({ events }: InspectedBatch) => events.length + 1;

/** The most recent batches, within bounds; the oldest go first, and are counted. */
export class BatchLog {
  readonly #limits: LogLimits;
  #batches: InspectedBatch[] = [];
  /** Those before it have been dropped, and are cut off from time to time. */
  #start = 0;
  #weight = 0;
  #bytes = 0;
  #events = 0;
  droppedEvents = 0;
  droppedBatches = 0;

  constructor(limits: LogLimits) {
    this.#limits = limits;
  }

  get eventCount(): number {
    return this.#events;
  }

  get batchCount(): number {
    return this.#batches.length - this.#start;
  }

  /** The latest batch stays, however large. */
  add(batch: InspectedBatch): void {
    this.#batches.push(batch);
    this.#weight += weightOf(batch);
    this.#bytes += batch.byteLength;
    this.#events += batch.events.length;
    const { maxEvents, maxBytes } = this.#limits;
    // A batch of its own for every event is the most that batches may weigh.
    while (this.batchCount > 1 && (this.#weight > maxEvents * 2 || this.#exceeds(maxEvents, maxBytes))) {
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

  clear(): void {
    this.#batches = [];
    this.#start = 0;
    this.#weight = 0;
    this.#bytes = 0;
    this.#events = 0;
    this.droppedEvents = 0;
    this.droppedBatches = 0;
  }

  #exceeds(maxEvents: number, maxBytes: number): boolean {
    return this.#events > maxEvents || this.#bytes > maxBytes;
  }

  #dropOldest(): void {
    const [oldest] = this.#batches.slice(this.#start, this.#start + 1);
    if (oldest === undefined) return;
    this.#start++;
    this.#weight -= weightOf(oldest);
    this.#bytes -= oldest.byteLength;
    this.#events -= oldest.events.length;
    this.droppedEvents += oldest.events.length;
    this.droppedBatches++;
    if (this.#start * 2 > this.#batches.length) {
      this.#batches = this.#batches.slice(this.#start);
      this.#start = 0;
    }
  }
}
