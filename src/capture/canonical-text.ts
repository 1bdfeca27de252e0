// SPDX-License-Identifier: Apache-2.0
import { isAscii } from '../util/characters.js';
import { DEEPEST_TAGS } from '../util/deepest-tags.js';
import type { CanonicalBytes } from './canonical-bytes.js';
import { base64 } from './json-ready.js';

const BYTES = code('b');
const DOUBLE = code('d');
const FALSE = code('f');
const NULL = code('n');
const TEXT = code('s');
const TRUE = code('t');
const OBJECT = [code('{'), code('}')] as const;
const LIST = [code('['), code(']')] as const;

/** Keys that are sorted by insertion. */
const FEW = 16;

const double = new DataView(new ArrayBuffer(8));

/**
 * Writes a value so that other languages write it alike. docs/semantic-conventions.md specifies it.
 *
 * @throws RangeError for a value that nests deeper than 500 levels, as a circle does
 */
export function writeValue(value: unknown, into: CanonicalBytes, levels = DEEPEST_TAGS): void {
  if (typeof value === 'string') writeText(value, into);
  else if (typeof value === 'number' || typeof value === 'bigint') writeNumber(Number(value), into);
  else if (typeof value === 'boolean') into.char(value ? TRUE : FALSE);
  else if (typeof value === 'object' && value !== null) writeContainer(value, into, levels);
  else into.char(NULL);
}

export function writeText(text: string, into: CanonicalBytes): void {
  into.sized(TEXT, text);
}

/** By the bits, since each language prints fractions its own way. */
function writeNumber(number: number, into: CanonicalBytes): void {
  if (!Number.isFinite(number)) {
    into.char(NULL);
    return;
  }
  // -0 is 0: an integer has no sign of its own for it.
  double.setFloat64(0, number + 0);
  into.char(DOUBLE);
  for (let byte = 0; byte < 8; byte++) {
    const bits = double.getUint8(byte);
    into.char(hexDigit(bits >> 4));
    into.char(hexDigit(bits & 0xf));
  }
}

function hexDigit(value: number): number {
  return value < 10 ? 0x30 + value : 0x57 + value;
}

function writeContainer(value: object, into: CanonicalBytes, levels: number): void {
  if (levels === 0) throw new RangeError('nests too deep');
  if (value instanceof Uint8Array) into.sized(BYTES, base64(value));
  else if (Array.isArray(value)) writeList(value, into, levels);
  else writeObject(value as Readonly<Record<string, unknown>>, into, levels);
}

/** By its length, and not by what iterates over it: holes count. */
function writeList(list: readonly unknown[], into: CanonicalBytes, levels: number): void {
  into.char(LIST[0]);
  for (let n = 0; n < list.length; n++) writeValue(list[n], into, levels - 1);
  into.char(LIST[1]);
}

/** A member that is null counts as absent: what has been written of it is taken back. */
function writeObject(object: Readonly<Record<string, unknown>>, into: CanonicalBytes, levels: number): void {
  into.char(OBJECT[0]);
  for (const key of inByteOrder(Object.keys(object))) {
    const start = into.position;
    writeText(key, into);
    const member = into.position;
    writeValue(object[key], into, levels - 1);
    if (into.isChar(member, NULL)) into.cut(start);
  }
  into.char(OBJECT[1]);
}

function inByteOrder(keys: string[]): string[] {
  // Beyond, UTF-16 and UTF-8 sort differently.
  if (!keys.every(isAscii)) return keys.sort(byBytes);
  return keys.length > FEW ? keys.sort() : inserted(keys);
}

/** Most are in order already: `sort()` takes four times as long. */
function inserted(keys: string[]): string[] {
  for (let n = 1; n < keys.length; n++) {
    const key = keys[n] as string;
    let place = n;
    for (; place > 0 && (keys[place - 1] as string) > key; place--) keys[place] = keys[place - 1] as string;
    keys[place] = key;
  }
  return keys;
}

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function code(character: string): number {
  return character.charCodeAt(0);
}
