// SPDX-License-Identifier: Apache-2.0
import type { Runtime } from '../model/runtime.js';

/** Keys that are remembered; those that were seen longest ago are forgotten, and begin anew. */
const MAX_KEYS = 1_000;

/**
 * Keys that the datafile does not have. It may be older than the key: an event is refused for good only once a look at
 * the datafile that began after the key had first come has not found it, or the time of grace is over.
 */
export class UnknownKeys {
  readonly #runtime: Pick<Runtime, 'monotonic'>;
  readonly #graceMillis: number;
  readonly #firstSeen = new Map<string, number>();

  constructor(runtime: Pick<Runtime, 'monotonic'>, graceMillis: number) {
    this.#runtime = runtime;
    this.#graceMillis = graceMillis;
  }

  /**
   * Notes that the key came.
   *
   * @param lastCheckBeganAt of the datafile in force, monotonic clock; undefined if there was no look yet
   * @returns whether it is unknown for good
   */
  isFinal(key: string, lastCheckBeganAt: number | undefined): boolean {
    const now = this.#runtime.monotonic();
    const firstSeen = this.#firstSeen.get(key);
    // Again to the end: the map keeps the order of setting.
    this.#firstSeen.delete(key);
    this.#firstSeen.set(key, firstSeen ?? now);
    this.#forgetOldest();
    if (firstSeen === undefined) return false;
    return (
      (lastCheckBeganAt !== undefined && lastCheckBeganAt >= firstSeen) ||
      now - firstSeen >= this.#graceMillis
    );
  }

  #forgetOldest(): void {
    if (this.#firstSeen.size <= MAX_KEYS) return;
    for (const key of this.#firstSeen.keys()) {
      this.#firstSeen.delete(key);
      return;
    }
  }
}
