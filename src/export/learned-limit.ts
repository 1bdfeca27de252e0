// SPDX-License-Identifier: Apache-2.0

/** So many requests in a row must arrive before a larger one is tried. */
const CONFIDENCE = 20;
const GROWTH = 1.25;
/** Above what Optimizely takes there is nothing left to remember. */
const FORGOTTEN_BYTES = 3_500_000;

/**
 * The request size that something on the way has been seen to refuse (413): learned at once, forgotten slowly, since
 * proxies come and go.
 */
export class LearnedLimit {
  #bytes = Number.POSITIVE_INFINITY;
  #arrived = 0;

  /** Requests larger than this are split before they are sent. */
  get bytes(): number {
    return this.#bytes;
  }

  /** @param bytes the size to try next */
  shrink(bytes: number): void {
    this.#bytes = Math.min(this.#bytes, bytes);
    this.#arrived = 0;
  }

  arrived(): void {
    if (this.#bytes === Number.POSITIVE_INFINITY || ++this.#arrived < CONFIDENCE) return;
    this.#arrived = 0;
    this.#bytes *= GROWTH;
    if (this.#bytes > FORGOTTEN_BYTES) this.#bytes = Number.POSITIVE_INFINITY;
  }
}
