// SPDX-License-Identifier: Apache-2.0

const MOST_FIRST = 300;
const MOST_LATEST = 300;

/** Some of the visitor ids that were added: the first ones and the latest, each once. */
export class IdSample {
  readonly #first = new Set<string>();
  readonly #latest = new Set<string>();

  get size(): number {
    return this.#first.size + this.#latest.size;
  }

  add(id: string): void {
    if (this.#first.has(id)) return;
    if (this.#first.size < MOST_FIRST) {
      this.#first.add(id);
      return;
    }
    this.#latest.delete(id);
    this.#latest.add(id);
    if (this.#latest.size <= MOST_LATEST) return;
    for (const oldest of this.#latest) {
      this.#latest.delete(oldest);
      break;
    }
  }

  *[Symbol.iterator](): Generator<string> {
    yield* this.#first;
    yield* this.#latest;
  }
}
