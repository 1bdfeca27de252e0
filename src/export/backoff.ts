// SPDX-License-Identifier: Apache-2.0
import type { Runtime } from '../model/runtime.js';

export interface BackoffOptions {
  readonly initialDelayMillis: number;
  readonly maxDelayMillis: number;
}

/** The longest delay between two attempts while a flush or a shutdown is waiting. */
const HURRIED_DELAY_MILLIS = 250;

/** How long a destination rests after failures: exponential, with full jitter, above the floor that it asked for. */
export class Backoff {
  readonly #options: BackoffOptions;
  readonly #runtime: Runtime;
  #failures = 0;
  #restUntil = 0;
  #floorUntil = 0;
  #hurries = 0;
  #step = 0;

  constructor(options: BackoffOptions, runtime: Runtime) {
    this.#options = options;
    this.#runtime = runtime;
  }

  /** Milliseconds until the next attempt may be made. */
  remaining(): number {
    // Nearly always so, and cheaper than a look at the clock.
    if (this.#restUntil === 0 && this.#floorUntil === 0) return 0;
    return Math.max(0, Math.max(this.#restUntil, this.#floorUntil) - this.#runtime.monotonic());
  }

  /** Which step of the backoff an attempt that begins now belongs to. */
  get step(): number {
    return this.#step;
  }

  /**
   * @param step of the attempt: several that began before the first of them failed are one failure
   * @param slow straight to the longest delay, and at least half of it
   */
  failed(step: number, { floorMillis, slow }: { floorMillis: number; slow: boolean }): void {
    const now = this.#runtime.monotonic();
    this.#floorUntil = Math.max(this.#floorUntil, now + floorMillis);
    if (step !== this.#step) return;
    this.#step++;
    const { initialDelayMillis, maxDelayMillis } = this.#options;
    const ceiling = slow
      ? maxDelayMillis
      : Math.min(maxDelayMillis, initialDelayMillis * 2 ** this.#failures);
    this.#failures++;
    const longest = this.#hurries > 0 ? Math.min(ceiling, HURRIED_DELAY_MILLIS) : ceiling;
    const share = slow ? 0.5 + this.#runtime.random() / 2 : this.#runtime.random();
    this.#restUntil = now + share * longest;
  }

  /** What the server asked for is still kept: it may have asked on another connection. */
  succeeded(): void {
    this.#failures = 0;
    this.#restUntil = 0;
  }

  /** Until `relax()`: rests are short, and the present one is over. What the server asked for is still kept. */
  hurry(): void {
    this.#hurries++;
    this.#restUntil = 0;
  }

  relax(): void {
    this.#hurries--;
  }

  get isHurried(): boolean {
    return this.#hurries > 0;
  }

  /** @returns milliseconds that one request waits for itself after so many failures of its own */
  delayAfter(failures: number): number {
    const { initialDelayMillis, maxDelayMillis } = this.#options;
    return (0.5 + this.#runtime.random() / 2) * Math.min(maxDelayMillis, initialDelayMillis * 2 ** failures);
  }
}
