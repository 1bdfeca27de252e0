// SPDX-License-Identifier: Apache-2.0
import { Afterwards } from './afterwards.js';
import { isStackOverflow } from './guard.js';
import { type Leftover, Leftovers } from './leftovers.js';

interface LeftWork extends Leftover<LeftWork> {
  work?: () => unknown;
}

/** Does what a call of the application's asks for: at once or, where the stack ends, once more after that call. */
export class OnceMore {
  readonly #left: Leftovers<LeftWork>;
  readonly #failed: (error: unknown) => void;

  /** @param failed hears what work throws on a short stack */
  constructor(failed: (error: unknown) => void) {
    this.#failed = failed;
    const recovery = new Afterwards(() =>
      this.#left.doAll(({ work }) => {
        work?.();
        return true;
      }, failed),
    );
    this.#left = new Leftovers(recovery);
  }

  /**
   * Never throws.
   *
   * @param work is called twice where the stack ends within it
   * @returns undefined if it has failed, or is done later
   */
  do<T>(work: () => T): T | undefined {
    const { recovery } = this.#left;
    try {
      if (recovery.isNeeded) recovery.request();
      return work();
    } catch (error) {
      try {
        if (!isStackOverflow(error)) {
          this.#failed(error);
          return undefined;
        }
      } catch {
        // The stack has ended here, too.
      }
      const left: LeftWork = {};
      left.work = work;
      left.before = this.#left.latest;
      this.#left.latest = left;
      recovery.isNeeded = true;
    }
    try {
      recovery.request();
    } catch {
      // The next call requests it.
    }
    return undefined;
  }
}
