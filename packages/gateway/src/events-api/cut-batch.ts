// SPDX-License-Identifier: Apache-2.0
import type { EventBatchTexts } from 'opentelemetry-exporter-optimizely/optimizely-sdk';

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

/**
 * Cuts a batch into the texts of its visitors and of all else, as the sender wrote them: parsed and serialized again, an
 * integer beyond 2^53 would be another one.
 *
 * @param text an object that `JSON.parse` has accepted; of members with one name the last one counts, as it does there
 */
export function cutBatch(text: string): EventBatchTexts {
  const others: string[] = [];
  let visitors: string[] = [];
  for (const [start, end] of elementsOf(text, skipSpace(text, 0))) {
    const keyEnd = skipString(text, start);
    const key: unknown = JSON.parse(text.slice(start, keyEnd));
    if (key === 'visitors') visitors = textsOf(text, skipSpace(text, skipSpace(text, keyEnd) + 1));
    else others.push(text.slice(start, end));
  }
  return { visitors, envelope: `{${others.join(',')}}` };
}

function textsOf(text: string, start: number): string[] {
  return text.charAt(start) === '['
    ? elementsOf(text, start).map(([from, to]) => copyOf(text, from, to))
    : [];
}

/** A slice would keep the whole body in memory for as long as one of its events is remembered. */
function copyOf(text: string, from: number, to: number): string {
  return Buffer.from(text.slice(from, to)).toString();
}

/** Where the elements of the list, or the members of the object, that begins at `start` begin and end. */
function elementsOf(text: string, start: number): [start: number, end: number][] {
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

function kindAt(text: string, at: number): number | undefined {
  const code = text.charCodeAt(at);
  return code < 128 ? KINDS[code] : OTHER;
}

/** @returns the position behind the string that begins at `start` */
function skipString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end >= 0 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end < 0 ? text.length : end + 1;
}

/** By the number of backslashes before it. */
function isEscaped(text: string, at: number): boolean {
  let first = at;
  while (text[first - 1] === '\\') first--;
  return (at - first) % 2 === 1;
}

function skipSpace(text: string, start: number): number {
  let at = start;
  while (kindAt(text, at) === SPACE) at++;
  return at;
}

function withoutSpace(text: string, end: number): number {
  let at = end;
  while (kindAt(text, at - 1) === SPACE) at--;
  return at;
}
