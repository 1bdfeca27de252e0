// SPDX-License-Identifier: Apache-2.0
import type { Runtime } from '../model/runtime.js';

const FIRST_MILLIS = 250;
const LONGEST_MILLIS = 10_000;

/** The pauses between attempts at something that fails: each up to twice as long as the one before, at random. */
export class Pause {
  readonly #runtime: Runtime;
  #millis = FIRST_MILLIS;
  #end: () => void = () => {};

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /** Resolves when the pause is over. */
  begin(): Promise<void> {
    // A fleet that lost its server together does not come back together.
    const millis = this.#millis * (0.5 + this.#runtime.random() / 2);
    this.#millis = Math.min(2 * this.#millis, LONGEST_MILLIS);
    return new Promise(resolve => {
      const timer = this.#runtime.setTimer(resolve, millis);
      timer.ref();
      this.#end = () => {
        timer.clear();
        resolve();
      };
    });
  }

  /** Something has succeeded: the next pause is short again. */
  reset(): void {
    this.#millis = FIRST_MILLIS;
  }

  /** Ends the pause now. */
  end(): void {
    this.#end();
  }
}
