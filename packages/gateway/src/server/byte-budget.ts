// SPDX-License-Identifier: Apache-2.0

/** What a request costs besides its body: the objects of Node for it, and its answer. */
const REQUEST_BYTES = 4_096;

/**
 * Bounds the memory of all requests together, from their first byte to their answer. Without it, ten times the load
 * that can be borne would be ten times the memory.
 */
export class ByteBudget {
  readonly #limit: number;
  #used = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get used(): number {
    return this.#used;
  }

  /**
   * Opens the account of one request.
   *
   * @param declaredBytes what it says that it will send
   * @returns undefined if there is no room for it
   */
  open(declaredBytes: number): Reservation | undefined {
    if (this.#used + declaredBytes + REQUEST_BYTES > this.#limit) return undefined;
    this.#used += REQUEST_BYTES;
    let held = REQUEST_BYTES;
    return {
      grow: byteLength => {
        if (this.#used + byteLength > this.#limit) return false;
        this.#used += byteLength;
        held += byteLength;
        return true;
      },
      shrink: byteLength => {
        this.#used -= byteLength;
        held -= byteLength;
      },
      release: () => {
        this.#used -= held;
        held = 0;
      },
    };
  }
}

/** What one request holds of the budget. */
export interface Reservation {
  /** @returns false if there is no room; nothing is held then that was not before */
  grow(byteLength: number): boolean;
  shrink(byteLength: number): void;
  /** Gives everything back. May be called again. */
  release(): void;
}
