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

/** Longer than the time in which a sender repeats a request, so that a key that stays wrong holds up few of them. */
const LASTING_MILLIS = 30_000;

/**
 * - `open`: no look at the datafile began after the key had first come
 * - `unknown`: such a look has not found it, or the time of grace is over
 * - `outdated`: such a look has not found it, but is half a minute old, and the event is newer
 */
export type UnknownKeyVerdict = 'open' | 'unknown' | 'outdated';

/**
 * Keys that the datafile does not have. It may be older than the key, so that an event is not refused for good before
 * the datafile has been looked at again.
 */
export class UnknownKeys {
  readonly #runtime: Pick<Runtime, 'monotonic' | 'now'>;
  readonly #graceMillis: number;
  readonly #firstSeen = new Map<string, number>();

  constructor(runtime: Pick<Runtime, 'monotonic' | 'now'>, graceMillis: number) {
    this.#runtime = runtime;
    this.#graceMillis = graceMillis;
  }

  /**
   * Notes that the key came.
   *
   * @param given what tells it from others
   * @param timestamp of its event, milliseconds since the epoch
   * @param lookedAt when the latest look at the datafile began that ended well, monotonic clock; undefined if none did
   */
  verdictOn(given: string, timestamp: number, lookedAt: number | undefined): UnknownKeyVerdict {
    const key = given.length <= LONGEST_KEY ? given : digestOf(given);
    const now = this.#runtime.monotonic();
    const firstSeen = this.#firstSeen.get(key);
    // Again to the end: the map keeps the order of setting.
    this.#firstSeen.delete(key);
    this.#firstSeen.set(key, firstSeen ?? now);
    this.#forgetOldest();
    if (firstSeen === undefined) return 'open';
    if (lookedAt === undefined || lookedAt < firstSeen) {
      return now - firstSeen >= this.#graceMillis ? 'unknown' : 'open';
    }
    const sinceLook = now - lookedAt;
    return sinceLook > LASTING_MILLIS && this.#isWithin(timestamp, sinceLook) ? 'outdated' : 'unknown';
  }

  /** A time that is yet to come says nothing: its event would be newer than each look. */
  #isWithin(timestamp: number, millis: number): boolean {
    const age = this.#runtime.now() - timestamp;
    return age >= 0 && age < millis;
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
