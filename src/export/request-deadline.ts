// SPDX-License-Identifier: Apache-2.0
import type { Runtime, RuntimeTimer } from '../model/runtime.js';
import { stalledMillis } from '../util/deadline.js';
import type { Outstanding } from '../util/outstanding.js';
import type { Attempt } from './attempt.js';

/** A clock that jumps each time would otherwise keep a request that is not answered for ever. */
const MOST_WAITS = 5;

/**
 * Ends requests that are not answered in time. One timer for all that are in flight, and none while there is none: setting
 * and clearing one for each request would cost as much as serializing an event.
 */
export class RequestDeadline {
  readonly #runtime: Runtime;
  readonly #timeoutMillis: number;
  readonly #inFlight: Outstanding<Attempt>;
  #timer: RuntimeTimer | undefined;
  /** How often in a row the timer was late, and requests got that time again. */
  #waits = 0;

  constructor(runtime: Runtime, timeoutMillis: number, inFlight: Outstanding<Attempt>) {
    this.#runtime = runtime;
    this.#timeoutMillis = timeoutMillis;
    this.#inFlight = inFlight;
  }

  /** A request is in flight. */
  begun(): void {
    if (this.#timer === undefined) this.#set(this.#timeoutMillis);
  }

  /** A request is in flight no more. */
  ended(): void {
    if (this.#inFlight.size > 0) return;
    this.#timer?.clear();
    this.#timer = undefined;
    this.#waits = 0;
  }

  #set(millis: number): void {
    const dueAt = this.#runtime.monotonic() + millis;
    this.#timer = this.#runtime.setTimer(() => this.#fired(dueAt), millis);
  }

  #fired(dueAt: number): void {
    this.#timer = undefined;
    const stalled = stalledMillis(this.#runtime, dueAt, this.#timeoutMillis);
    this.#waits = stalled > 0 && this.#waits < MOST_WAITS ? this.#waits + 1 : 0;
    if (this.#waits > 0) {
      this.#set(stalled);
      return;
    }
    const now = this.#runtime.monotonic();
    const due: Attempt[] = [];
    let next = Number.POSITIVE_INFINITY;
    for (const attempt of this.#inFlight.all()) {
      const remaining = attempt.startedAt + this.#timeoutMillis - now;
      // Node's timers may be early by a part of a millisecond.
      if (remaining < 1) due.push(attempt);
      else next = Math.min(next, remaining);
    }
    // First: what ends makes room for requests that begin.
    if (next !== Number.POSITIVE_INFINITY) this.#set(next);
    for (const attempt of due) {
      attempt.abort(new DOMException(`no answer within ${this.#timeoutMillis} ms`, 'TimeoutError'));
    }
  }
}
