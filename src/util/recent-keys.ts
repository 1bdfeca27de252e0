// SPDX-License-Identifier: Apache-2.0
import { keepNewest } from './keep-newest.js';

export interface RecentKeysOptions {
  /** How long a key counts from when it was first seen, milliseconds. */
  readonly windowMillis: number;
  /** Keys that are remembered; past it the least recently used are forgotten. */
  readonly maxEntries: number;
}

/** Tells what was seen before from what is new, within a window and a bound. */
export class RecentKeys {
  readonly #options: RecentKeysOptions;
  /** When each was first seen; the least recently used first. */
  readonly #seenAt = new Map<string, number>();

  constructor(options: RecentKeysOptions) {
    this.#options = options;
  }

  /**
   * @param now monotonic clock, milliseconds
   * @returns whether it is new, in which case its window begins
   */
  add(key: string, now: number): boolean {
    const before = this.#seenAt.get(key);
    const isNew = before === undefined || now - before >= this.#options.windowMillis;
    if (before !== undefined) this.#seenAt.delete(key);
    this.#seenAt.set(key, isNew ? now : before);
    keepNewest(this.#seenAt, this.#options.maxEntries);
    return isNew;
  }

  /** What was added did not count after all. */
  delete(key: string): void {
    this.#seenAt.delete(key);
  }
}
