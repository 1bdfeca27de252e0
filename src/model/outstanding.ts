// SPDX-License-Identifier: Apache-2.0

interface Waiter<T> {
  readonly left: Set<T>;
  readonly resolve: () => void;
}

/** Work that was begun and has not ended. Costs a promise only where somebody waits. */
export class Outstanding<T> {
  readonly #items = new Set<T>();
  readonly #waiters = new Set<Waiter<T>>();

  get size(): number {
    return this.#items.size;
  }

  begin(item: T): void {
    this.#items.add(item);
  }

  /** false: it had ended before. */
  end(item: T): boolean {
    if (!this.#items.delete(item)) return false;
    for (const waiter of this.#waiters) {
      waiter.left.delete(item);
      if (waiter.left.size === 0) {
        this.#waiters.delete(waiter);
        waiter.resolve();
      }
    }
    return true;
  }

  all(): T[] {
    return [...this.#items];
  }

  /** Resolves when all that is outstanding now has ended; what begins later does not delay it. */
  settled(): Promise<void> {
    if (this.#items.size === 0) return Promise.resolve();
    return new Promise(resolve => {
      this.#waiters.add({ left: new Set(this.#items), resolve });
    });
  }
}
