// SPDX-License-Identifier: Apache-2.0
import type { Runtime } from '../model/runtime.js';

const PERIOD_MILLIS = 125;

/** A body that is arriving. */
export interface ArrivingBody {
  add(byteLength: number): void;
  /** It is whole, or will never be. */
  end(): void;
}

/**
 * Bytes of all bodies that are arriving, which will soon be worked on. One that has stopped for a quarter of a second is
 * not among them: a slow sender must not keep others out.
 */
export class ArrivingBytes {
  readonly #runtime: Pick<Runtime, 'monotonic'>;
  /** Of the bodies of which something came in this period, and in the one before. */
  #now = 0;
  #before = 0;
  #period = 0;

  constructor(runtime: Pick<Runtime, 'monotonic'>) {
    this.#runtime = runtime;
  }

  get byteLength(): number {
    this.#move();
    return this.#now + this.#before;
  }

  begin(): ArrivingBody {
    let held = 0;
    let period = 0;
    const takeOut = () => {
      this.#move();
      if (period === this.#period) this.#now -= held;
      else if (period === this.#period - 1) this.#before -= held;
    };
    return {
      add: byteLength => {
        takeOut();
        held += byteLength;
        period = this.#period;
        this.#now += held;
      },
      end: () => {
        takeOut();
        held = 0;
      },
    };
  }

  #move(): void {
    const period = Math.floor(this.#runtime.monotonic() / PERIOD_MILLIS);
    if (period === this.#period) return;
    this.#before = period === this.#period + 1 ? this.#now : 0;
    this.#now = 0;
    this.#period = period;
  }
}
