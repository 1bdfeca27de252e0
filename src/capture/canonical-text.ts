// SPDX-License-Identifier: Apache-2.0
import { base64 } from './json-ready.js';

/** Levels: as deep as tags may nest, and no circle goes on for ever. */
const DEEPEST = 500;
const NULL = 'n';
const EMPTY_TEXT = 's0:';
/** Where UTF-16 and UTF-8 sort differently. */
const BEYOND_ASCII = /[^\0-\x7f]/;

/** Keys that are sorted by insertion. */
const FEW = 16;

const double = new DataView(new ArrayBuffer(8));

/**
 * Writes a value so that other languages write it alike. docs/semantic-conventions.md specifies it.
 *
 * @throws RangeError for a value that nests deeper than 500 levels
 */
export function canonicalText(value: unknown, levels = DEEPEST): string {
  switch (typeof value) {
    case 'string':
      return stringText(value);
    case 'number':
    case 'bigint':
      return numberText(Number(value));
    case 'boolean':
      return value ? 't' : 'f';
    case 'object':
      return value === null ? NULL : containerText(value, levels);
    default:
      return NULL;
  }
}

/** By the length in bytes, so that no text can pass for two. */
export function stringText(text: string): string {
  return text === '' ? EMPTY_TEXT : `s${byteLength(text)}:${text}`;
}

/** Characters that are looked at one by one, which takes less time than asking Node. */
const SHORT = 64;

function byteLength(text: string): number {
  const { length } = text;
  if (length > SHORT) return Buffer.byteLength(text);
  for (let n = 0; n < length; n++) if (text.charCodeAt(n) > 0x7f) return Buffer.byteLength(text);
  return length;
}

/** By the bits, since each language prints fractions its own way. */
function numberText(number: number): string {
  if (!Number.isFinite(number)) return NULL;
  // -0 is 0: an integer has no sign of its own for it.
  double.setFloat64(0, number + 0);
  return `d${hexOf(double.getUint32(0))}${hexOf(double.getUint32(4))}`;
}

function hexOf(bits: number): string {
  return bits.toString(16).padStart(8, '0');
}

function containerText(value: object, levels: number): string {
  if (levels === 0) throw new RangeError('nests too deep');
  if (value instanceof Uint8Array) {
    const text = base64(value);
    return `b${text.length}:${text}`;
  }
  if (Array.isArray(value)) return `[${Array.from(value, item => canonicalText(item, levels - 1)).join('')}]`;
  let text = '';
  for (const key of inByteOrder(Object.keys(value))) {
    const member = canonicalText((value as Readonly<Record<string, unknown>>)[key], levels - 1);
    if (member !== NULL) text += stringText(key) + member;
  }
  return `{${text}}`;
}

function inByteOrder(keys: string[]): string[] {
  if (keys.some(key => BEYOND_ASCII.test(key))) return keys.sort(byBytes);
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
