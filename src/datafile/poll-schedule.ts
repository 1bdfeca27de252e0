// SPDX-License-Identifier: Apache-2.0
import type { Runtime } from '../model/runtime.js';

const FIRST_RETRY_MILLIS = 1_000;
/** A fleet that started together spreads by this share of the interval, either way. */
const JITTER = 0.1;
/** A server that asks for more is asked again after this. */
const LONGEST_RETRY_AFTER_MILLIS = 60 * 60_000;

/** When to ask for the datafile again. */
export class PollSchedule {
  readonly #intervalMillis: number;
  readonly #random: Runtime['random'];
  #failures = 0;

  constructor(intervalMillis: number, random: Runtime['random']) {
    this.#intervalMillis = intervalMillis;
    this.#random = random;
  }

  /** Whether the last check ended badly. */
  get isFailing(): boolean {
    return this.#failures > 0;
  }

  afterSuccess(): number {
    this.#failures = 0;
    return this.#intervalMillis * (1 - JITTER + this.#random() * 2 * JITTER);
  }

  /** From a second, doubling up to the interval; half of it is jitter. */
  afterFailure(retryAfterMillis = 0): number {
    const ceiling = Math.min(this.#intervalMillis, FIRST_RETRY_MILLIS * 2 ** Math.min(this.#failures++, 20));
    const delay = ceiling * (0.5 + this.#random() * 0.5);
    return Math.max(delay, Math.min(retryAfterMillis, LONGEST_RETRY_AFTER_MILLIS));
  }
}
