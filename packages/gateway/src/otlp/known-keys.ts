// SPDX-License-Identifier: Apache-2.0

const PLACES = 64;
const LONGEST = 64;

/**
 * The keys of attributes that came lately. Requests have few, and finding one by its bytes takes a fifth of the time that
 * making its text anew takes, which is then looked for among all texts of the process when it becomes a key.
 */
export class KnownKeys {
  readonly #keys: string[] = new Array(PLACES).fill('');

  /** @returns undefined if it is not among them */
  find(body: Uint8Array, start: number, end: number): string | undefined {
    const length = end - start;
    if (length === 0 || length > LONGEST) return undefined;
    const key = this.#keys[placeOf(length, body[start + (length >> 1)] as number, body[end - 1] as number)];
    if (key?.length !== length) return undefined;
    for (let n = 0; n < length; n++) if (key.charCodeAt(n) !== body[start + n]) return undefined;
    return key;
  }

  /** In the place of another one. Beyond ASCII, characters are not bytes: such a key is never found. */
  add(key: string, byteLength: number): void {
    const { length } = key;
    if (length === 0 || length > LONGEST || length !== byteLength) return;
    this.#keys[placeOf(length, key.charCodeAt(length >> 1), key.charCodeAt(length - 1))] = key;
  }
}

function placeOf(length: number, middle: number, last: number): number {
  return (length * 31 + middle * 7 + last) % PLACES;
}
