// SPDX-License-Identifier: Apache-2.0
import type { RuntimeTimer } from '../model/runtime.js';

// Node turns a longer delay into 1 ms.
const LONGEST_DELAY_MILLIS = 2_147_483_647;

/** In a simulated browser (jsdom) timers are numbers, which have neither method. */
type Handle = Partial<Pick<NodeJS.Timeout, 'ref' | 'unref'>>;

/** Whether timers have the methods that Node's have. */
export function areTimersObjects(): boolean {
  const timer: Handle | undefined = setTimeout(() => {}, 0);
  clearTimeout(timer as NodeJS.Timeout);
  return typeof timer?.unref === 'function';
}

let lastImmediate: unknown;
let isLastFake = false;

/**
 * Whether `setImmediate` waits for a fake clock to be moved. Those of Sinon, Jest and Vitest name their clock; Node's own has
 * no other mark than its name.
 */
export function areImmediatesFake(): boolean {
  if (setImmediate !== lastImmediate) {
    lastImmediate = setImmediate;
    isLastFake = 'clock' in setImmediate || setImmediate.name === 'bound #setImmediate';
  }
  return isLastFake;
}

/**
 * Timers of whichever clock is in force. Tests put a fake `setTimeout` in the place of the real one and take it away
 * again, with all that was armed with it: what is pending then goes over to the new one. In an array and not a Set: there
 * is a timer for each request, and a Set that is written all the time keeps what they refer to, batches of events, in
 * memory until the next full collection.
 */
export class SystemTimers {
  readonly #now: () => number;
  readonly #pending: SystemTimer[] = [];
  #inForce: typeof setTimeout | undefined;

  /** @param now monotonic clock in milliseconds, which stays monotonic where another clock is put in place */
  constructor(now: () => number) {
    this.#now = now;
  }

  set(callback: () => void, millis: number): RuntimeTimer {
    this.follow();
    const delay = Math.min(Math.max(millis, 0), LONGEST_DELAY_MILLIS);
    const timer = new SystemTimer(callback, this.#now() + delay, this.#pending);
    timer.arm(delay);
    return timer;
  }

  /** Looks whether another clock was put in place. Cheap: one comparison where none was. */
  follow(): void {
    if (this.#inForce === setTimeout) return;
    this.#inForce = setTimeout;
    for (const timer of [...this.#pending]) timer.moveTo(this.#now());
  }
}

class SystemTimer implements RuntimeTimer {
  readonly #callback: () => void;
  readonly #dueAt: number;
  readonly #pending: SystemTimer[];
  /** Its index among those that are pending; -1: it is not. */
  #place = -1;
  #clearTimeout: typeof clearTimeout | undefined;
  #handle: Handle | undefined;
  #isRef = false;

  constructor(callback: () => void, dueAt: number, pending: SystemTimer[]) {
    this.#callback = callback;
    this.#dueAt = dueAt;
    this.#pending = pending;
  }

  arm(millis: number): void {
    // The counterpart of this very `setTimeout`: the `clearTimeout` of another clock would leave the timer armed.
    this.#clearTimeout = clearTimeout;
    this.#handle = setTimeout(() => {
      this.#forget();
      this.#callback();
    }, millis);
    if (!this.#isRef) this.#handle?.unref?.();
    if (this.#place < 0) this.#place = this.#pending.push(this) - 1;
  }

  moveTo(now: number): void {
    this.#disarm();
    this.arm(Math.max(this.#dueAt - now, 0));
  }

  clear(): void {
    this.#forget();
    this.#disarm();
  }

  ref(): void {
    this.#isRef = true;
    this.#handle?.ref?.();
  }

  #disarm(): void {
    this.#clearTimeout?.(this.#handle as NodeJS.Timeout);
  }

  #forget(): void {
    const last = this.#pending.at(-1);
    if (this.#place < 0 || last === undefined) return;
    this.#pending[this.#place] = last;
    last.#place = this.#place;
    this.#pending.pop();
    this.#place = -1;
  }
}
