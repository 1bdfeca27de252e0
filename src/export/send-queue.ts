// SPDX-License-Identifier: Apache-2.0

import type { Runtime } from '../model/runtime.js';
import { Fifo } from '../util/fifo.js';
import type { Chunk } from './chunk.js';
import { SearchQueue } from './search-queue.js';

/** One request in so many may be one of the search although others wait. */
const SEARCH_SHARE = 4;

/** Chunks that wait for a request: live traffic, and behind it the search for events at fault. */
export class SendQueue {
  readonly #live = new Fifo<Chunk>();
  readonly #search: SearchQueue;
  #taken = 0;

  /** @param onReady called when a chunk that waited for itself can be sent */
  constructor(runtime: Runtime, onReady: () => void) {
    this.#search = new SearchQueue(runtime, onReady);
  }

  /** Chunks of live traffic. */
  get liveSize(): number {
    return this.#live.size;
  }

  get isEmpty(): boolean {
    return this.#live.size + this.#search.size === 0;
  }

  push(chunk: Chunk): void {
    if (chunk.isSuspect) this.#search.push(chunk);
    else this.#live.push(chunk);
  }

  /** In two, each of which is sent like any other. */
  pushHalves(chunk: Chunk): void {
    for (const half of chunk.halves(false)) this.#live.push(half);
  }

  /** In two, on the way to the events at fault. */
  searchThrough(chunk: Chunk): void {
    for (const half of chunk.halves(true)) this.#search.push(half);
  }

  /** A chunk that fails alone waits for itself. */
  rest(chunk: Chunk, millis: number): void {
    this.#search.rest(chunk, millis);
  }

  /** Ends all rests. */
  wake(): void {
    this.#search.wake();
  }

  /** @returns the next chunk, or milliseconds until there is one */
  next(isHurried: boolean): Chunk | number | undefined {
    const isSearchDue = this.#live.size === 0 || ++this.#taken % SEARCH_SHARE === 0;
    if (this.#search.size === 0 || !isSearchDue) return this.#live.shift();
    const wait = this.#search.wait(isHurried);
    if (wait === 0) return this.#search.shift();
    return this.#live.shift() ?? wait;
  }

  /** @returns everything, for good */
  drain(): Chunk[] {
    const chunks = this.#search.drain();
    for (let chunk = this.#live.shift(); chunk !== undefined; chunk = this.#live.shift()) chunks.push(chunk);
    return chunks;
  }
}
