// SPDX-License-Identifier: Apache-2.0

/** What the functions here return for bytes that `JSON.parse` refuses, and for a few that it takes. */
export const NOT_READ = -1;

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const SPACE = 0x20;
const OPENING_BRACKET = 0x5b;
const CLOSING_BRACKET = 0x5d;
const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;
const LETTER_U = 0x75;
const MINUS = 0x2d;
const ZERO = 0x30;

/** Values within each other: the stack has to bear it. */
const DEEPEST = 100;

const LITERALS = ['true', 'false', 'null'].map(literal => Buffer.from(literal));
const IS_ESCAPE = tableOf('"\\/bfnrt');
const IS_HEX = tableOf('0123456789abcdefABCDEF');

/**
 * Looks at each member of the object that begins at `start`.
 *
 * @param bytes valid UTF-8, as for all functions here
 * @param look is told where the text of the key begins and ends, which has no escapes, and where the value begins.
 * @returns where that ends
 * @returns where the object ends; `NOT_READ` if it is not one, or `look` has said so
 */
export function scanMembers(
  bytes: Uint8Array,
  start: number,
  look: (key: number, keyEnd: number, value: number) => number,
): number {
  if (bytes[start] !== OPENING_BRACE) return NOT_READ;
  let at = skipSpace(bytes, start + 1);
  if (bytes[at] === CLOSING_BRACE) return at + 1;
  for (;;) {
    const keyEnd = skipPlainString(bytes, at);
    if (keyEnd === NOT_READ) return NOT_READ;
    const value = skipColon(bytes, keyEnd);
    if (value === NOT_READ) return NOT_READ;
    const end = look(at + 1, keyEnd - 1, value);
    if (end === NOT_READ) return NOT_READ;
    at = skipSpace(bytes, end);
    if (bytes[at] === CLOSING_BRACE) return at + 1;
    if (bytes[at] !== COMMA) return NOT_READ;
    at = skipSpace(bytes, at + 1);
  }
}

/**
 * Looks at each element of the list that begins at `start`.
 *
 * @param look is told where an element begins, and returns where it ends
 * @returns where the list ends; `NOT_READ` if it is not one, or `look` has said so
 */
export function scanElements(bytes: Uint8Array, start: number, look: (start: number) => number): number {
  if (bytes[start] !== OPENING_BRACKET) return NOT_READ;
  let at = skipSpace(bytes, start + 1);
  if (bytes[at] === CLOSING_BRACKET) return at + 1;
  for (;;) {
    const end = look(at);
    if (end === NOT_READ) return NOT_READ;
    at = skipSpace(bytes, end);
    if (bytes[at] === CLOSING_BRACKET) return at + 1;
    if (bytes[at] !== COMMA) return NOT_READ;
    at = skipSpace(bytes, at + 1);
  }
}

/** @returns where the value that begins at `start` ends */
export function skipValue(bytes: Uint8Array, start: number, depth = 0): number {
  switch (bytes[start]) {
    case QUOTE:
      return skipString(bytes, start);
    case OPENING_BRACE:
    case OPENING_BRACKET:
      return depth < DEEPEST ? skipContainer(bytes, start, depth + 1) : NOT_READ;
    default:
      return skipScalar(bytes, start);
  }
}

function skipContainer(bytes: Uint8Array, start: number, depth: number): number {
  const isObject = bytes[start] === OPENING_BRACE;
  const closing = isObject ? CLOSING_BRACE : CLOSING_BRACKET;
  let at = skipSpace(bytes, start + 1);
  if (bytes[at] === closing) return at + 1;
  for (;;) {
    if (isObject) {
      if (bytes[at] !== QUOTE) return NOT_READ;
      const keyEnd = skipString(bytes, at);
      if (keyEnd === NOT_READ) return NOT_READ;
      at = skipColon(bytes, keyEnd);
      if (at === NOT_READ) return NOT_READ;
    }
    at = skipValue(bytes, at, depth);
    if (at === NOT_READ) return NOT_READ;
    at = skipSpace(bytes, at);
    if (bytes[at] === closing) return at + 1;
    if (bytes[at] !== COMMA) return NOT_READ;
    at = skipSpace(bytes, at + 1);
  }
}

function skipString(bytes: Uint8Array, start: number): number {
  for (let at = start + 1; at < bytes.length; at++) {
    const byte = bytes[at] as number;
    if (byte === QUOTE) return at + 1;
    if (byte < SPACE) return NOT_READ;
    if (byte === BACKSLASH) {
      at++;
      if (bytes[at] === LETTER_U) {
        for (const last = at + 4; at < last; at++) if (IS_HEX[bytes[at + 1] ?? 0] === 0) return NOT_READ;
      } else if (IS_ESCAPE[bytes[at] ?? 0] === 0) return NOT_READ;
    }
  }
  return NOT_READ;
}

/** A string whose text has no escapes. @returns where it ends */
export function skipPlainString(bytes: Uint8Array, start: number): number {
  if (bytes[start] !== QUOTE) return NOT_READ;
  for (let at = start + 1; at < bytes.length; at++) {
    const byte = bytes[at] as number;
    if (byte === QUOTE) return at + 1;
    if (byte < SPACE || byte === BACKSLASH) return NOT_READ;
  }
  return NOT_READ;
}

/** @returns where something else begins */
export function skipSpace(bytes: Uint8Array, start: number): number {
  let at = start;
  for (;;) {
    const byte = bytes[at] ?? QUOTE;
    if (byte > SPACE || (byte !== SPACE && byte !== 0x0a && byte !== 0x0d && byte !== 0x09)) return at;
    at++;
  }
}

function skipColon(bytes: Uint8Array, keyEnd: number): number {
  const at = skipSpace(bytes, keyEnd);
  return bytes[at] === COLON ? skipSpace(bytes, at + 1) : NOT_READ;
}

function skipScalar(bytes: Uint8Array, start: number): number {
  const byte = bytes[start] ?? 0;
  if (byte === MINUS || isDigit(byte)) return skipNumber(bytes, start);
  for (const literal of LITERALS) {
    let length = 0;
    while (length < literal.length && bytes[start + length] === literal[length]) length++;
    if (length === literal.length) return start + length;
  }
  return NOT_READ;
}

function skipNumber(bytes: Uint8Array, start: number): number {
  const first = bytes[start] === MINUS ? start + 1 : start;
  let at = bytes[first] === ZERO ? first + 1 : skipDigits(bytes, first);
  if (at === first) return NOT_READ;
  if (bytes[at] === 0x2e) {
    const fraction = at + 1;
    at = skipDigits(bytes, fraction);
    if (at === fraction) return NOT_READ;
  }
  if (bytes[at] !== 0x65 && bytes[at] !== 0x45) return at;
  const sign = bytes[at + 1];
  const exponent = sign === 0x2b || sign === MINUS ? at + 2 : at + 1;
  at = skipDigits(bytes, exponent);
  return at === exponent ? NOT_READ : at;
}

function skipDigits(bytes: Uint8Array, start: number): number {
  let at = start;
  while (isDigit(bytes[at] ?? 0)) at++;
  return at;
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= 0x39;
}

function tableOf(characters: string): Uint8Array {
  const made = new Uint8Array(256);
  for (const byte of Buffer.from(characters)) made[byte] = 1;
  return made;
}
