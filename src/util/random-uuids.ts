// SPDX-License-Identifier: Apache-2.0

/** Bytes. Asking for random bytes costs as much as 2 kB of them do. */
const RANDOM_AT_ONCE = 4_096;
/** A UUID that an application keeps holds the text of all that were made with it in memory: 1.2 kB. */
const UUIDS_AT_ONCE = 32;
const RANDOM_BYTES = 16;
const CHARACTERS = 36;
const DASH = 0x2d;
const DIGITS = Uint8Array.from('0123456789abcdef', digit => digit.charCodeAt(0));

/**
 * Makes random (version 4) UUIDs of the same random bytes as `crypto.randomUUID()`, many at once: at half the cost of
 * that, and each is one piece of text, where its are put together of 20.
 */
export class RandomUuids {
  readonly #random = Buffer.allocUnsafeSlow(RANDOM_AT_ONCE);
  readonly #characters = Buffer.allocUnsafeSlow(UUIDS_AT_ONCE * CHARACTERS).fill(DASH);
  #text = '';
  #randomUsed = RANDOM_AT_ONCE;
  #used = UUIDS_AT_ONCE;

  next(): string {
    if (this.#used === UUIDS_AT_ONCE) this.#refill();
    const start = this.#used++ * CHARACTERS;
    return this.#text.slice(start, start + CHARACTERS);
  }

  #refill(): void {
    if (this.#randomUsed === RANDOM_AT_ONCE) {
      process.getBuiltinModule('node:crypto').randomFillSync(this.#random);
      this.#randomUsed = 0;
    }
    const from = this.#randomUsed;
    // Before they are used: where the stack ends in here, no UUID is made of them a second time.
    this.#randomUsed = from + UUIDS_AT_ONCE * RANDOM_BYTES;
    for (let index = 0; index < UUIDS_AT_ONCE; index++) {
      this.#write(from + index * RANDOM_BYTES, index * CHARACTERS);
    }
    this.#text = this.#characters.toString('latin1');
    this.#used = 0;
  }

  #write(from: number, to: number): void {
    let at = to;
    for (let place = 0; place < RANDOM_BYTES; place++) {
      if (isAfterDash(place)) at++;
      const byte = withVersion(place, this.#random[from + place] as number);
      this.#characters[at++] = DIGITS[byte >> 4] as number;
      this.#characters[at++] = DIGITS[byte & 0xf] as number;
    }
  }
}

function isAfterDash(place: number): boolean {
  return place === 4 || place === 6 || place === 8 || place === 10;
}

/** @see https://www.rfc-editor.org/rfc/rfc9562.html#name-uuid-version-4 */
function withVersion(place: number, byte: number): number {
  if (place === 6) return (byte & 0x0f) | 0x40;
  return place === 8 ? (byte & 0x3f) | 0x80 : byte;
}
