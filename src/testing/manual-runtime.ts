// SPDX-License-Identifier: Apache-2.0
import type { Runtime, RuntimeTimer } from '../model/runtime.js';

interface ManualTimer extends RuntimeTimer {
  readonly dueAt: number;
  readonly callback: () => void;
  keepsProcess: boolean;
}

/** The wall clock begins here: 2023-11-14T22:13:20Z. */
const STARTED_AT = 1_700_000_000_000;
/** Of another origin than the wall clock, so that code which mixes the two is found out. */
const MONOTONIC_AT_START = 5_000;

/**
 * A clock that stands still until a test moves it, with its timers, and random values that are always the same. Give it
 * as the option `runtime`.
 */
export class ManualRuntime implements Runtime {
  readonly #timers = new Set<ManualTimer>();
  #elapsed = 0;
  #uuids = 0;
  /** What `random()` returns. @default 0.5 */
  randomValue = 0.5;

  /** Wall clock, milliseconds since the epoch: 1_700_000_000_000 at first. */
  readonly now = (): number => STARTED_AT + this.#elapsed;
  /** Monotonic clock, milliseconds. */
  readonly monotonic = (): number => MONOTONIC_AT_START + this.#elapsed;
  /** @returns `randomValue` */
  readonly random = (): number => this.randomValue;
  /** @returns `00000000-0000-4000-8000-` and a counter */
  readonly uuid = (): string => `00000000-0000-4000-8000-${String(++this.#uuids).padStart(12, '0')}`;

  /** Calls back once the clock has been moved by `millis`. */
  readonly setTimer = (callback: () => void, millis: number): RuntimeTimer => {
    const timer: ManualTimer = {
      dueAt: this.#elapsed + Math.max(0, millis),
      callback,
      keepsProcess: false,
      clear: () => void this.#timers.delete(timer),
      ref: () => {
        timer.keepsProcess = true;
      },
    };
    this.#timers.add(timer);
    return timer;
  };

  /** Timers that are armed. */
  get armed(): number {
    return this.#timers.size;
  }

  /** Armed timers that would keep a process alive. */
  get referenced(): number {
    return [...this.#timers].filter(timer => timer.keepsProcess).length;
  }

  /**
   * Moves the clock. What falls due on the way is called in order, each timer's consequences before the next timer:
   * promises are settled, and I/O that is ready is done.
   *
   * @param millis how far, milliseconds
   */
  async advance(millis: number): Promise<void> {
    const until = this.#elapsed + millis;
    for (;;) {
      await settle();
      const next = [...this.#timers].sort((a, b) => a.dueAt - b.dueAt)[0];
      if (next === undefined || next.dueAt > until) break;
      this.#timers.delete(next);
      this.#elapsed = Math.max(this.#elapsed, next.dueAt);
      next.callback();
    }
    this.#elapsed = until;
    await settle();
  }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise(resolve => setImmediate(resolve));
}
