// SPDX-License-Identifier: Apache-2.0
import type { Verdict } from './verdict.js';

/** Events of one generation; two are remembered. */
const MAX_EVENTS = 5_000;
/** Their texts: one character is a byte or two. */
const MAX_CHARACTERS = 8_388_608;

/**
 * What became of the latest 5,000 to 10,000 events, for senders whose answer was lost: they get it at once, and no second
 * request is made of it. An event that was forgotten is sent again, and counted once by Optimizely.
 */
export class RecentVerdicts {
  /** Whole generations are forgotten: one event at a time would cost a fifth of what an event costs in all. */
  #older: ReadonlyMap<string, Verdict> = new Map();
  #newer = new Map<string, Verdict>();
  #characters = 0;

  get(key: string): Verdict | undefined {
    return this.#newer.get(key) ?? this.#older.get(key);
  }

  add(key: string, verdict: Verdict): void {
    if (this.#newer.size >= MAX_EVENTS || this.#characters >= MAX_CHARACTERS) {
      this.#older = this.#newer;
      this.#newer = new Map();
      this.#characters = 0;
    }
    this.#newer.set(key, verdict);
    this.#characters += key.length;
  }
}
