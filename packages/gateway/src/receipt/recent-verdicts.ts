// SPDX-License-Identifier: Apache-2.0
import type { Verdict } from './verdict.js';

/** Events that are remembered after the exporter has settled them. */
const MAX_EVENTS = 10_000;
/** Their texts: one character is a byte or two. */
const MAX_CHARACTERS = 16_777_216;

/**
 * What became of the latest events, for senders whose answer was lost: they get it at once, and no second request is
 * made of it. An event that was forgotten is sent again, and counted once by Optimizely.
 */
export class RecentVerdicts {
  readonly #verdicts = new Map<string, Verdict>();
  #characters = 0;

  get(key: string): Verdict | undefined {
    return this.#verdicts.get(key);
  }

  add(key: string, verdict: Verdict): void {
    if (!this.#verdicts.has(key)) this.#characters += key.length;
    this.#verdicts.set(key, verdict);
    while (this.#verdicts.size > MAX_EVENTS || this.#characters > MAX_CHARACTERS) this.#forgetOldest();
  }

  #forgetOldest(): void {
    for (const key of this.#verdicts.keys()) {
      this.#verdicts.delete(key);
      this.#characters -= key.length;
      return;
    }
  }
}
