// SPDX-License-Identifier: Apache-2.0

/** Work that was begun and has not ended. */
export interface OutstandingWork {
  /** Its index, for `Outstanding` alone; -1 before it begins and after it has ended. */
  place: number;
}

interface Waiter {
  readonly left: Set<OutstandingWork>;
  readonly resolve: () => void;
}

/**
 * Keeps track of work; costs a promise only where somebody waits. An array and not a Set: a Set that is written all the
 * time leaves old tables behind that keep a fifth of all batches in memory until the next full collection.
 */
export class Outstanding<T extends OutstandingWork> {
  readonly #works: T[] = [];
  readonly #waiters = new Set<Waiter>();

  get size(): number {
    return this.#works.length;
  }

  begin(work: T): void {
    work.place = this.#works.length;
    this.#works.push(work);
  }

  /** false: it had ended before. */
  end(work: T): boolean {
    const { place } = work;
    if (this.#works[place] !== work) return false;
    const last = this.#works.pop();
    if (last !== undefined && last !== work) {
      this.#works[place] = last;
      last.place = place;
    }
    work.place = -1;
    if (this.#waiters.size > 0) this.#tell(work);
    return true;
  }

  all(): T[] {
    return [...this.#works];
  }

  /** Resolves when all that is outstanding now has ended; what begins later does not delay it. */
  settled(): Promise<void> {
    if (this.#works.length === 0) return Promise.resolve();
    return new Promise(resolve => {
      this.#waiters.add({ left: new Set(this.#works), resolve });
    });
  }

  #tell(work: T): void {
    for (const waiter of this.#waiters) {
      waiter.left.delete(work);
      if (waiter.left.size === 0) {
        this.#waiters.delete(waiter);
        waiter.resolve();
      }
    }
  }
}
