// SPDX-License-Identifier: Apache-2.0

const SMALLEST = 16;

/** First in, first out, in a ring: the same cost at any length, and no new memory for what comes and goes. */
export class Fifo<T> {
  #ring: (T | undefined)[] = new Array(SMALLEST);
  #head = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(item: T): void {
    if (this.#size === this.#ring.length) this.#resize(this.#size * 2);
    // Lengths are powers of two.
    this.#ring[(this.#head + this.#size++) & (this.#ring.length - 1)] = item;
  }

  shift(): T | undefined {
    if (this.#size === 0) return undefined;
    // Before the item leaves: where the stack ends in here, it is still in line.
    if (this.#ring.length > SMALLEST && this.#size * 4 <= this.#ring.length) {
      this.#resize(this.#ring.length / 2);
    }
    const item = this.#ring[this.#head];
    this.#ring[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#ring.length - 1);
    this.#size--;
    return item;
  }

  #resize(length: number): void {
    const ring = new Array<T | undefined>(length);
    for (let index = 0; index < this.#size; index++) {
      ring[index] = this.#ring[(this.#head + index) & (this.#ring.length - 1)];
    }
    this.#ring = ring;
    this.#head = 0;
  }
}
