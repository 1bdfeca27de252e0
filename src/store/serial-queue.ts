// SPDX-License-Identifier: Apache-2.0

/** Runs tasks one after the other. */
export class SerialQueue {
  #tail: Promise<void> = Promise.resolve();

  /** @returns a promise that settles when the task has; a task that rejects does not hold up the next */
  run(task: () => Promise<void> | void): Promise<void> {
    this.#tail = this.#tail.then(task).catch(() => {});
    return this.#tail;
  }

  /** Resolves when nothing is left, also of what was added while waiting. */
  async idle(): Promise<void> {
    for (let seen: Promise<void> | undefined; seen !== this.#tail; ) {
      seen = this.#tail;
      await seen;
    }
  }
}
