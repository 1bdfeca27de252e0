// SPDX-License-Identifier: Apache-2.0

import type { Runtime, RuntimeTimer } from '../model/runtime.js';
import { Fifo } from '../util/fifo.js';
import type { Chunk } from './chunk.js';

/** Requests that the search for events at fault may add to a destination. */
const PER_SECOND = 200;
const BURST = 400;
/** Faster while a flush or a shutdown waits, which would otherwise give good events up with the others. */
const HURRIED_FACTOR = 10;

/**
 * Chunks that are searched for the events at fault. Bounded in rate, and never in what it saves: an event is given up
 * only where it is refused alone.
 */
export class SearchQueue {
  readonly #runtime: Runtime;
  readonly #onReady: () => void;
  readonly #chunks = new Fifo<Chunk>();
  readonly #resting = new Map<Chunk, RuntimeTimer>();
  #tokens = BURST;
  #filledAt: number;

  /** @param onReady called when a chunk has rested */
  constructor(runtime: Runtime, onReady: () => void) {
    this.#runtime = runtime;
    this.#onReady = onReady;
    this.#filledAt = runtime.monotonic();
  }

  /** Chunks that can be tried now, but for the rate. */
  get size(): number {
    return this.#chunks.size;
  }

  push(chunk: Chunk): void {
    this.#chunks.push(chunk);
  }

  /** A chunk that fails alone waits for itself. */
  rest(chunk: Chunk, millis: number): void {
    const timer = this.#runtime.setTimer(() => {
      this.#resting.delete(chunk);
      this.#chunks.push(chunk);
      this.#onReady();
    }, millis);
    this.#resting.set(chunk, timer);
  }

  /** Ends all rests. */
  wake(): void {
    for (const [chunk, timer] of this.#resting) {
      timer.clear();
      this.#chunks.push(chunk);
    }
    this.#resting.clear();
  }

  /** @returns milliseconds until the rate allows for another request */
  wait(isHurried: boolean): number {
    const perMilli = (PER_SECOND / 1000) * (isHurried ? HURRIED_FACTOR : 1);
    const now = this.#runtime.monotonic();
    this.#tokens = Math.min(BURST, this.#tokens + (now - this.#filledAt) * perMilli);
    this.#filledAt = now;
    return this.#tokens >= 1 ? 0 : Math.ceil((1 - this.#tokens) / perMilli);
  }

  /** @returns the oldest chunk, which costs one request of the rate */
  shift(): Chunk | undefined {
    const chunk = this.#chunks.shift();
    if (chunk !== undefined) this.#tokens--;
    return chunk;
  }

  /** @returns everything, for good */
  drain(): Chunk[] {
    this.wake();
    const chunks: Chunk[] = [];
    for (let chunk = this.#chunks.shift(); chunk !== undefined; chunk = this.#chunks.shift())
      chunks.push(chunk);
    return chunks;
  }
}
