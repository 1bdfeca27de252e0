// SPDX-License-Identifier: Apache-2.0
import type { EventBatchTexts } from 'opentelemetry-exporter-optimizely/optimizely-sdk';

const QUOTE = 34;
const BACKSLASH = 92;
const COMMA = 44;
const OPENING = new Set([91, 123]);
const CLOSING = new Set([93, 125]);
const SPACE = new Set([32, 9, 10, 13]);

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
  return text.charAt(start) === '[' ? elementsOf(text, start).map(([from, to]) => text.slice(from, to)) : [];
}

/** Where the elements of the list, or the members of the object, that begins at `start` begin and end. */
function elementsOf(text: string, start: number): [start: number, end: number][] {
  const found: [number, number][] = [];
  let from = skipSpace(text, start + 1);
  if (CLOSING.has(text.charCodeAt(from))) return found;
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = skipString(text, at) - 1;
    else if (OPENING.has(code)) depth++;
    else if ((code === COMMA && depth === 0) || (CLOSING.has(code) && depth-- === 0)) {
      found.push([from, withoutSpace(text, at)]);
      if (code !== COMMA) break;
      from = skipSpace(text, at + 1);
    }
  }
  return found;
}

/** @returns the position behind the string that begins at `start` */
function skipString(text: string, start: number): number {
  for (let at = start + 1; ; at++) {
    const code = text.charCodeAt(at);
    if (code === BACKSLASH) at++;
    else if (code === QUOTE || Number.isNaN(code)) return at + 1;
  }
}

function skipSpace(text: string, start: number): number {
  let at = start;
  while (SPACE.has(text.charCodeAt(at))) at++;
  return at;
}

function withoutSpace(text: string, end: number): number {
  let at = end;
  while (SPACE.has(text.charCodeAt(at - 1))) at--;
  return at;
}
