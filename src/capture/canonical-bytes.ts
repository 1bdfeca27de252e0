// SPDX-License-Identifier: Apache-2.0

/** Bytes of memory that are kept; nearly all identities are shorter. */
const USUAL_BYTES = 4_096;
/** Characters that are looked at one by one, which takes less time than asking Node. */
const SHORT = 64;
/** Bytes that a character of UTF-16 takes at most. */
const MOST_BYTES = 3;
/** What a length takes with the characters around it. */
const LENGTH_BYTES = 24;

const DEL = 0x7f;
const ZERO = 0x30;
const COLON = 0x3a;

/**
 * Text as UTF-8 that is written from its beginning to its end. Put together as a string, and encoded then, it would cost
 * three times as much: a uuid is derived of some twenty pieces.
 */
export class CanonicalBytes {
  #bytes: Buffer;
  #at: number;
  readonly #start: number;

  /** @param head what the bytes begin with, whatever is written */
  constructor(head: Uint8Array) {
    this.#bytes = Buffer.alloc(USUAL_BYTES);
    this.#bytes.set(head);
    this.#start = head.length;
    this.#at = head.length;
  }

  /** How far has been written. */
  get position(): number {
    return this.#at;
  }

  /** Takes back what was written behind a position. */
  cut(position: number): void {
    this.#at = position;
  }

  /** Writes a character of ASCII. */
  char(code: number): void {
    this.#makeRoom(1);
    this.#bytes[this.#at++] = code;
  }

  /** Whether all that is written behind a position is that character. */
  isChar(position: number, code: number): boolean {
    return this.#at === position + 1 && this.#bytes[position] === code;
  }

  /** Writes a kind of text, the length of the text in bytes, a colon, and the text: none can pass for two. */
  sized(kind: number, text: string): void {
    const { length } = text;
    this.#makeRoom(length * MOST_BYTES + LENGTH_BYTES);
    if (length <= SHORT && this.#shortAscii(kind, text)) return;
    this.char(kind);
    this.ascii(String(Buffer.byteLength(text)));
    this.char(COLON);
    this.#at += this.#bytes.write(text, this.#at);
  }

  /** Writes text that is known to be ASCII. */
  ascii(text: string): void {
    this.#makeRoom(text.length);
    for (let n = 0; n < text.length; n++) this.#bytes[this.#at++] = text.charCodeAt(n);
  }

  /** @returns the head and what has been written; as long as nothing else is */
  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#at);
  }

  /** @returns what has been written */
  text(): string {
    return this.#bytes.toString('utf8', this.#start, this.#at);
  }

  /** Begins anew, and gives back what was needed beyond the usual. */
  clear(): void {
    if (this.#bytes.length > USUAL_BYTES) this.#bytes = Buffer.from(this.#bytes.subarray(0, USUAL_BYTES));
    this.#at = this.#start;
  }

  /** @returns false if there is a character of another kind in it; nothing is written then */
  #shortAscii(kind: number, text: string): boolean {
    const bytes = this.#bytes;
    const { length } = text;
    let at = this.#at;
    bytes[at++] = kind;
    if (length > 9) bytes[at++] = ZERO + Math.floor(length / 10);
    bytes[at++] = ZERO + (length % 10);
    bytes[at++] = COLON;
    for (let n = 0; n < length; n++) {
      const code = text.charCodeAt(n);
      if (code > DEL) return false;
      bytes[at++] = code;
    }
    this.#at = at;
    return true;
  }

  #makeRoom(byteLength: number): void {
    const needed = this.#at + byteLength;
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.alloc(needed * 2);
    grown.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = grown;
  }
}
