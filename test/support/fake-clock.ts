// SPDX-License-Identifier: Apache-2.0
import type { RuntimeTimer } from 'opentelemetry-exporter-optimizely/testing';
import { ManualRuntime } from './manual-runtime.js';

/** A timer as fake timers hand it out; a native `clearTimeout` does nothing with it. */
class FakeTimer {
  readonly timer: RuntimeTimer;

  constructor(timer: RuntimeTimer) {
    this.timer = timer;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }
}

const FAKED = ['setTimeout', 'clearTimeout', 'performance', 'crypto', 'Date', 'queueMicrotask'] as const;

/**
 * Puts a clock that stands still in the place of the globals, as the fake timers of Jest, Vitest and Sinon do. What it
 * stood in for comes back at the end of the block that holds it with `using`; its own timers then never fire.
 */
export class FakeClock {
  readonly #clock = new ManualRuntime();
  readonly #real = new Map<string, PropertyDescriptor | undefined>();
  #isOver = false;

  constructor() {
    for (const name of FAKED) this.#real.set(name, Object.getOwnPropertyDescriptor(globalThis, name));
    const now = this.#call(() => this.#clock.now());
    this.#put('setTimeout', (callback: () => void, millis = 0) =>
      this.#call(() => new FakeTimer(this.#clock.setTimer(callback, millis)))(),
    );
    this.#put('clearTimeout', (timer: unknown) => {
      if (timer instanceof FakeTimer) timer.timer.clear();
      else if (timer !== undefined)
        throw new Error('clearTimeout of a fake clock got a timer of another one');
    });
    this.#put('performance', { now: this.#call(() => this.#clock.monotonic() - 5_000) });
    this.#put('crypto', { randomUUID: this.#call(() => this.#clock.uuid()) });
    this.#put(
      'Date',
      class extends Date {
        static override now = now;
      },
    );
    // As a faked one does: it runs its callbacks only when the clock is moved.
    this.#put('queueMicrotask', (callback: () => void) => void this.#clock.setTimer(callback, 0));
  }

  advance(millis: number): Promise<void> {
    return this.#clock.advance(millis);
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    for (const [name, descriptor] of this.#real) {
      if (descriptor === undefined) Reflect.deleteProperty(globalThis, name);
      else Object.defineProperty(globalThis, name, descriptor);
    }
  }

  #put(name: string, value: unknown): void {
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }

  /** Asked after its end, somebody has kept a reference to it. */
  #call<T>(answer: () => T): () => T {
    return () => {
      if (this.#isOver) throw new Error('a fake clock was asked after it had been taken away');
      return answer();
    };
  }
}
