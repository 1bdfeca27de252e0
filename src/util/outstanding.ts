// SPDX-License-Identifier: Apache-2.0

/** Work that was begun and has not ended. */
export interface OutstandingWork {
  /** Its index, for `Outstanding` alone; -1 before it begins and after it has ended. */
  place: number;
  /** For `Outstanding` alone. */
  generation?: Generation | undefined;
}

/** All work that was begun between two calls of `settled()`. */
interface Generation {
  unfinished: number;
  readonly waiters: Set<() => void>;
}

/**
 * Keeps track of work. Waiting for it costs the same however much there is, and nothing once it has ended. An array and
 * not a Set: a Set that is written all the time leaves old tables behind that keep a fifth of all batches in memory
 * until the next full collection.
 */
export class Outstanding<T extends OutstandingWork> {
  readonly #works: T[] = [];
  /** Oldest first; the last one is open. */
  readonly #generations: Generation[] = [{ unfinished: 0, waiters: new Set() }];

  get size(): number {
    return this.#works.length;
  }

  begin(work: T): void {
    const generation = this.#generations[this.#generations.length - 1];
    // Nothing that can throw follows: either the work is among the others or nothing has changed.
    const place = this.#works.push(work) - 1;
    work.place = place;
    work.generation = generation;
    if (generation !== undefined) generation.unfinished++;
  }

  /** @returns false if it had ended before */
  end(work: T): boolean {
    const { place, generation } = work;
    if (this.#works[place] !== work) return false;
    const last = this.#works.pop();
    if (last !== undefined && last !== work) {
      this.#works[place] = last;
      last.place = place;
    }
    work.place = -1;
    if (generation !== undefined && --generation.unfinished === 0) this.#tell();
    return true;
  }

  all(): T[] {
    return [...this.#works];
  }

  /**
   * Resolves when all that is outstanding now has ended; what begins later does not delay it.
   *
   * @param signal resolves it when it aborts
   */
  settled(signal?: AbortSignal): Promise<void> {
    if (this.#works.length === 0 || signal?.aborted) return Promise.resolve();
    const { waiters } = this.#closeGeneration();
    return new Promise(resolve => {
      const end = () => {
        waiters.delete(end);
        signal?.removeEventListener('abort', end);
        resolve();
      };
      waiters.add(end);
      signal?.addEventListener('abort', end);
    });
  }

  /** @returns the newest one that has work, closed: what begins from now on belongs to the next */
  #closeGeneration(): Generation {
    const open = this.#generations[this.#generations.length - 1] as Generation;
    if (open.unfinished === 0) return (this.#generations[this.#generations.length - 2] ?? open) as Generation;
    this.#generations.push({ unfinished: 0, waiters: new Set() });
    return open;
  }

  /** A generation is over once those before it are. */
  #tell(): void {
    while (this.#generations.length > 1 && this.#generations[0]?.unfinished === 0) {
      const { waiters } = this.#generations.shift() as Generation;
      for (const end of [...waiters]) end();
    }
  }
}
