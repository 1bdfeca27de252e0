// SPDX-License-Identifier: Apache-2.0
import type { Runtime, RuntimeTimer } from 'opentelemetry-exporter-optimizely/testing';
import { ManualRuntime } from './manual-runtime.js';

interface Waiting {
  readonly callback: () => void;
  readonly dueAt: number;
  armed: RuntimeTimer;
}

/** A clock that a test moves, of a process that may stand still: suspended, say, or with a blocked event loop. */
export class StallingRuntime implements Runtime {
  readonly #manual = new ManualRuntime();
  readonly #waiting = new Set<Waiting>();
  #stalled = 0;

  readonly now = (): number => this.#manual.now() + this.#stalled;
  readonly monotonic = (): number => this.#manual.monotonic() + this.#stalled;
  readonly random = (): number => this.#manual.random();
  readonly uuid = (): string => this.#manual.uuid();

  readonly setTimer = (callback: () => void, millis: number): RuntimeTimer => {
    const dueAt = this.monotonic() + Math.max(0, millis);
    const waiting: Waiting = {
      callback,
      dueAt,
      armed: this.#manual.setTimer(() => this.#fire(waiting), millis),
    };
    this.#waiting.add(waiting);
    return {
      clear: () => {
        this.#waiting.delete(waiting);
        waiting.armed.clear();
      },
      ref: () => {},
    };
  };

  advance(millis: number): Promise<void> {
    return this.#manual.advance(millis);
  }

  /** Nothing happens for so long. Then all timers that were due fire, before anything else does. */
  async stall(millis: number): Promise<void> {
    await this.advance(0);
    this.#stalled += millis;
    const now = this.monotonic();
    for (const waiting of [...this.#waiting].sort((a, b) => a.dueAt - b.dueAt)) {
      if (!this.#waiting.has(waiting)) continue;
      waiting.armed.clear();
      if (waiting.dueAt <= now) this.#fire(waiting);
      else waiting.armed = this.#manual.setTimer(() => this.#fire(waiting), waiting.dueAt - now);
    }
    await this.advance(0);
  }

  #fire(waiting: Waiting): void {
    this.#waiting.delete(waiting);
    waiting.callback();
  }
}
