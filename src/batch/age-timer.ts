// SPDX-License-Identifier: Apache-2.0
import type { Runtime, RuntimeTimer } from '../model/runtime.js';

/**
 * Fires when the oldest event has waited the flush interval. A batch that leaves earlier leaves its timer to the next
 * one: setting and clearing one for each batch of ten would cost as much as serializing an event.
 */
export class AgeTimer {
  readonly #runtime: Runtime;
  readonly #intervalMillis: number;
  readonly #onDue: () => void;
  #timer: RuntimeTimer | undefined;
  #oldest = Number.POSITIVE_INFINITY;
  #setFor = Number.POSITIVE_INFINITY;

  constructor(runtime: Runtime, intervalMillis: number, onDue: () => void) {
    this.#runtime = runtime;
    this.#intervalMillis = intervalMillis;
    this.#onDue = onDue;
  }

  /** @param oldest when the oldest event was accepted, monotonic clock; infinite if there is none */
  follow(oldest: number): void {
    this.#oldest = oldest;
    if (oldest < this.#setFor) this.#set();
  }

  /** A batch has left, and none may come for long: no timer is left behind, but for what has come meanwhile. */
  settle(oldest: number): void {
    this.#oldest = oldest;
    if (oldest === Number.POSITIVE_INFINITY) this.#disarm();
    else if (oldest < this.#setFor) this.#set();
  }

  #disarm(): void {
    this.#timer?.clear();
    this.#timer = undefined;
    this.#setFor = Number.POSITIVE_INFINITY;
  }

  #set(): void {
    const former = this.#timer;
    const remaining = this.#oldest + this.#intervalMillis - this.#runtime.monotonic();
    // Where the stack ends in here, nothing counts as set.
    this.#timer = this.#runtime.setTimer(() => this.#fired(), remaining);
    this.#setFor = this.#oldest;
    former?.clear();
  }

  #fired(): void {
    this.#disarm();
    if (this.#oldest === Number.POSITIVE_INFINITY) return;
    // Younger than the event that the timer was set for; or the interval outlasts the longest timer; or it was early.
    if (this.#runtime.monotonic() + 1 < this.#oldest + this.#intervalMillis) this.#set();
    else this.#onDue();
  }
}
