// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import type { Runtime } from '../model/runtime.js';

/**
 * Keys that are remembered; those that were seen longest ago are forgotten, and begin anew. More than one request may
 * have: one that is repeated must find all of its keys, or it would be repeated for ever.
 */
const MAX_KEYS = 100_000;
/** Of longer ones a digest is remembered. */
const LONGEST_KEY = 120;

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
   * @param given what tells it from others
   * @param lastCheckBeganAt of the datafile in force, monotonic clock; undefined if there was no look yet
   * @returns whether it is unknown for good
   */
  isFinal(given: string, lastCheckBeganAt: number | undefined): boolean {
    const key = given.length <= LONGEST_KEY ? given : digestOf(given);
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

function digestOf(key: string): string {
  return createHash('sha256').update(key).digest('base64');
}
