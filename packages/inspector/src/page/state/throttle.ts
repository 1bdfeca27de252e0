// SPDX-License-Identifier: Apache-2.0

/** Of the server's time, what a page takes by itself: a quarter. */
const REST_SHARE = 3;

/**
 * Asynchronous work that is done when it is asked for: never twice at once, and at most once in `millis`, or in four
 * times what it takes. What is asked for meanwhile is done once, afterwards.
 */
export class Throttled {
  readonly #millis: number;
  readonly #work: () => Promise<void>;
  #running = false;
  #again = false;
  #wake: () => void = () => {};
  #hurried = false;

  constructor(millis: number, work: () => Promise<void>) {
    this.#millis = millis;
    this.#work = work;
  }

  /** For what has come by itself. */
  ask(): void {
    this.#again = true;
    if (!this.#running) void this.#run();
  }

  /** For what the reader is waiting for: without a rest before it. */
  hurry(): void {
    this.#hurried = true;
    this.#wake();
    this.ask();
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#again) {
      this.#again = false;
      this.#hurried = false;
      const started = performance.now();
      // The server is away: the next message brings what was missed.
      await this.#work().catch(() => {});
      await this.#rest(Math.max(this.#millis, REST_SHARE * (performance.now() - started)));
    }
    this.#running = false;
  }

  async #rest(millis: number): Promise<void> {
    if (this.#hurried) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    await new Promise<void>(resolve => {
      timer = setTimeout(resolve, millis);
      this.#wake = resolve;
    });
    clearTimeout(timer);
  }
}
