// SPDX-License-Identifier: Apache-2.0

const MOST = 20_000;
const LONGEST = 100;

/**
 * Keeps one copy of texts that come again and again, as ids and keys do: each parsed request has its own. Bounded: what comes
 * after the first 20,000 keeps its own copy.
 */
export class Interner {
  readonly #known = new Map<string, string>();

  of<T extends string | null | undefined>(text: T): T | string {
    if (typeof text !== 'string' || text.length > LONGEST) return text;
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    if (this.#known.size < MOST) this.#known.set(text, text);
    return text;
  }
}
