// SPDX-License-Identifier: Apache-2.0
import type { RuntimeTimer } from '../model/runtime.js';

// Node turns a longer delay into 1 ms.
const LONGEST_DELAY_MILLIS = 2_147_483_647;

/** In a simulated browser (jsdom) timers are numbers, which have neither method. */
type Handle = Partial<Pick<NodeJS.Timeout, 'ref' | 'unref'>>;

/**
 * Timers of whichever clock is in force. Tests put a fake `setTimeout` in the place of the real one and take it away
 * again, with all that was armed with it: what is pending then goes over to the new one.
 */
export class SystemTimers {
  readonly #now: () => number;
  readonly #pending = new Set<SystemTimer>();
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
  readonly #pending: Set<SystemTimer>;
  #disarm: () => void = () => {};
  #handle: Handle | undefined;
  #isRef = false;

  constructor(callback: () => void, dueAt: number, pending: Set<SystemTimer>) {
    this.#callback = callback;
    this.#dueAt = dueAt;
    this.#pending = pending;
  }

  arm(millis: number): void {
    // The counterpart of this very `setTimeout`: the `clearTimeout` of another clock would leave the timer armed.
    const clear = clearTimeout;
    const handle: Handle | undefined = setTimeout(() => {
      this.#pending.delete(this);
      this.#callback();
    }, millis);
    this.#handle = handle;
    this.#disarm = () => clear(handle as NodeJS.Timeout);
    if (!this.#isRef) handle?.unref?.();
    this.#pending.add(this);
  }

  moveTo(now: number): void {
    this.#disarm();
    this.arm(Math.max(this.#dueAt - now, 0));
  }

  clear(): void {
    this.#pending.delete(this);
    this.#disarm();
  }

  ref(): void {
    this.#isRef = true;
    this.#handle?.ref?.();
  }
}
