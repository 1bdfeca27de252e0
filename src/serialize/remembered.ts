// SPDX-License-Identifier: Apache-2.0

/** More and longer keys are not remembered: those of tags, and those that begin with `$opt_`, could be anything. */
const MOST_KEYS = 10_000;
const LONGEST_KEY = 256;

/** What is made of keys, made once for each. What is undefined is made again. */
export class Remembered<T> {
  readonly #make: (key: string) => T;
  readonly #known = new Map<string, T>();

  constructor(make: (key: string) => T) {
    this.#make = make;
  }

  of(key: string): T {
    const before = this.#known.get(key);
    if (before !== undefined) return before;
    const made = this.#make(key);
    if (made !== undefined && this.#known.size < MOST_KEYS && key.length <= LONGEST_KEY) {
      this.#known.set(key, made);
    }
    return made;
  }

  has(key: string): boolean {
    return this.#known.has(key);
  }
}
