// SPDX-License-Identifier: Apache-2.0
import type { Runtime, RuntimeTimer } from 'opentelemetry-exporter-optimizely/testing';

interface ManualTimer extends RuntimeTimer {
  readonly dueAt: number;
  readonly callback: () => void;
  referenced: boolean;
}

/** A clock that stands still until the test moves it. */
export class ManualRuntime implements Runtime {
  readonly #timers = new Set<ManualTimer>();
  #elapsed = 0;
  #uuids = 0;
  /** What `random()` returns next. */
  randomValue = 0.5;

  readonly now = (): number => 1_700_000_000_000 + this.#elapsed;
  readonly monotonic = (): number => 5_000 + this.#elapsed;
  readonly random = (): number => this.randomValue;
  readonly uuid = (): string => `00000000-0000-4000-8000-${String(++this.#uuids).padStart(12, '0')}`;

  readonly setTimer = (callback: () => void, millis: number): RuntimeTimer => {
    const timer: ManualTimer = {
      dueAt: this.#elapsed + Math.max(0, millis),
      callback,
      referenced: false,
      clear: () => void this.#timers.delete(timer),
      ref: () => {
        timer.referenced = true;
      },
    };
    this.#timers.add(timer);
    return timer;
  };

  get armed(): number {
    return this.#timers.size;
  }

  get referenced(): number {
    return [...this.#timers].filter(timer => timer.referenced).length;
  }

  /** Moves the clock, running what falls due on the way, each timer's consequences before the next timer. */
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

/** Lets everything that is ready to run do so. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise(resolve => setImmediate(resolve));
}
