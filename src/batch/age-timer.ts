// SPDX-License-Identifier: Apache-2.0
import type { Runtime, RuntimeTimer } from '../model/runtime.js';

/** Fires when the oldest event has waited the flush interval. */
export class AgeTimer {
  readonly #runtime: Runtime;
  readonly #intervalMillis: number;
  readonly #onDue: () => void;
  #timer: RuntimeTimer | undefined;
  #oldest = Number.POSITIVE_INFINITY;

  constructor(runtime: Runtime, intervalMillis: number, onDue: () => void) {
    this.#runtime = runtime;
    this.#intervalMillis = intervalMillis;
    this.#onDue = onDue;
  }

  /** @param oldest when the oldest event was accepted, monotonic clock; infinite: there is none */
  follow(oldest: number): void {
    if (oldest === this.#oldest) return;
    this.#oldest = oldest;
    this.#timer?.clear();
    this.#timer = undefined;
    if (oldest !== Number.POSITIVE_INFINITY) this.#arm();
  }

  #arm(): void {
    const remaining = this.#oldest + this.#intervalMillis - this.#runtime.monotonic();
    this.#timer = this.#runtime.setTimer(() => {
      this.#timer = undefined;
      // A very long interval outlasts the longest timer, and timers may fire a little early.
      if (this.#runtime.monotonic() + 1 < this.#oldest + this.#intervalMillis) this.#arm();
      else this.#onDue();
    }, remaining);
  }
}
