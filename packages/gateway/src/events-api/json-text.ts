// SPDX-License-Identifier: Apache-2.0
import { skipString } from '../util/json-string.js';

const OTHER = 0;
const QUOTE = 1;
const COMMA = 2;
const OPENING = 3;
const CLOSING = 4;
const SPACE = 5;

/** What a character is outside strings, by its code: a body has millions. */
const KINDS = new Uint8Array(128);
for (const [characters, kind] of [
  ['"', QUOTE],
  [',', COMMA],
  ['[{', OPENING],
  [']}', CLOSING],
  [' \t\n\r', SPACE],
] as const) {
  for (const character of characters) KINDS[character.charCodeAt(0)] = kind;
}

/** Where the elements of the list, or the members of the object, that begins at `start` begin and end. */
export function elementsOf(text: string, start: number): [start: number, end: number][] {
  const found: [number, number][] = [];
  let from = skipSpace(text, start + 1);
  if (kindAt(text, from) === CLOSING) return found;
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    const kind = kindAt(text, at);
    if (kind === OTHER || kind === SPACE) continue;
    if (kind === QUOTE) at = skipString(text, at) - 1;
    else if (kind === OPENING) depth++;
    else if (depth > 0) depth -= kind === CLOSING ? 1 : 0;
    else {
      found.push([from, withoutSpace(text, at)]);
      if (kind === CLOSING) break;
      from = skipSpace(text, at + 1);
    }
  }
  return found;
}

/** A member of an object in a text. */
export interface TextMember {
  readonly key: unknown;
  readonly start: number;
  readonly valueStart: number;
  readonly end: number;
}

/** The members of the object that begins at `start`. */
export function membersOf(text: string, start: number): TextMember[] {
  return elementsOf(text, start).map(([from, end]) => {
    const keyEnd = skipString(text, from);
    const valueStart = skipSpace(text, skipSpace(text, keyEnd) + 1);
    return { key: JSON.parse(text.slice(from, keyEnd)), start: from, valueStart, end };
  });
}

function kindAt(text: string, at: number): number | undefined {
  const code = text.charCodeAt(at);
  return code < 128 ? KINDS[code] : OTHER;
}

export function skipSpace(text: string, start: number): number {
  let at = start;
  while (kindAt(text, at) === SPACE) at++;
  return at;
}

function withoutSpace(text: string, end: number): number {
  let at = end;
  while (kindAt(text, at - 1) === SPACE) at--;
  return at;
}
