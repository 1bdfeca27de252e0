// SPDX-License-Identifier: Apache-2.0

const SETTLED = Promise.resolve();

/**
 * Runs work once the present call is over, on a short stack. As a promise's reaction and not by a timer, since setting a
 * timer takes more of the stack than may be left.
 */
export class Afterwards {
  /** For callers at the end of the stack, where `request()` fails: the next call requests it. */
  isNeeded = false;
  readonly #run: () => void;
  readonly #works: (() => void)[];
  #isRequested = false;

  constructor(work: () => void) {
    this.#works = [work];
    this.#run = () => {
      this.isNeeded = false;
      this.#isRequested = false;
      for (const work of this.#works) {
        try {
          work();
        } catch {
          // What it has left undone is done with the next call; as a rejection it would end the process.
        }
      }
    };
  }

  /** Runs this too, after what it runs already. */
  also(work: () => void): void {
    this.#works.push(work);
  }

  request(): void {
    this.isNeeded = true;
    if (this.#isRequested) return;
    void SETTLED.then(this.#run);
    this.#isRequested = true;
  }
}
