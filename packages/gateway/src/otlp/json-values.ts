// SPDX-License-Identifier: Apache-2.0
import type { OtlpAttributes, OtlpValue } from '../model/otlp-event.js';
import type { NameFilter } from './event-names.js';
import { UnreadableEvent } from './malformed-request.js';
import { asInteger, MAX_DEPTH, type MutableAttributes, newAttributes, TOO_DEEP } from './values.js';

export type JsonObject = { readonly [name: string]: unknown };

const INTEGER = /^-?\d{1,20}$/;
const INT64 = { min: -(2n ** 63n), max: 2n ** 63n - 1n };
const FIXED64 = { min: 0n, max: 2n ** 64n - 1n };
const NOT_FINITE: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
};

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A member by its protobuf JSON name, or by the name in the `.proto` file, which parsers take as well. */
export function member(object: JsonObject, name: string): unknown {
  if (Object.hasOwn(object, name)) return object[name];
  const original = name.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`);
  return Object.hasOwn(object, original) ? object[original] : undefined;
}

/** The objects of a list; a list that is absent or null is empty. */
export function objectsIn(object: JsonObject, name: string): readonly JsonObject[] {
  const list = member(object, name);
  return Array.isArray(list) ? list.filter(isObject) : [];
}

/** @returns '' if it is not text */
export function textIn(object: JsonObject, name: string): string {
  const value = member(object, name);
  return typeof value === 'string' ? value : '';
}

/** @returns '' if the id is absent, has another length, or is all zeros */
export function hexIdIn(object: JsonObject, name: string, digits: number): string {
  const id = textIn(object, name).toLowerCase();
  return id.length === digits && /^[\da-f]+$/.test(id) && !/^0+$/.test(id) ? id : '';
}

/**
 * Reads nanoseconds, which are text in JSON; some senders write a number.
 *
 * @returns 0n if there are none
 */
export function timeIn(object: JsonObject, name: string): bigint {
  const value = member(object, name);
  if (value === undefined || value === null) return 0n;
  return integerOf(value, FIXED64);
}

/** @param keys the only attributes to read. @default all */
export function readJsonAttributes(object: JsonObject, keys?: NameFilter): OtlpAttributes {
  const attributes = newAttributes();
  addAttributes(objectsIn(object, 'attributes'), attributes, 0, keys);
  return attributes;
}

function addAttributes(
  list: readonly JsonObject[],
  into: MutableAttributes,
  depth: number,
  keys?: NameFilter,
): void {
  for (const pair of list) {
    const key = textIn(pair, 'key');
    if (keys === undefined || keys.has(key)) into[key] = readValue(member(pair, 'value'), depth);
  }
}

function readValue(value: unknown, depth: number): OtlpValue {
  if (depth > MAX_DEPTH) throw new UnreadableEvent(TOO_DEEP);
  if (!isObject(value)) return null;
  for (const [name, read] of READERS) {
    const given = member(value, name);
    if (given !== undefined && given !== null) return read(given, depth);
  }
  return null;
}

type ReadJsonValue = (given: unknown, depth: number) => OtlpValue;

const READERS: readonly (readonly [name: string, read: ReadJsonValue])[] = [
  ['stringValue', given => (typeof given === 'string' ? given : unreadable('stringValue'))],
  ['boolValue', given => (typeof given === 'boolean' ? given : unreadable('boolValue'))],
  ['intValue', given => asInteger(integerOf(given, INT64))],
  ['doubleValue', given => doubleOf(given)],
  [
    'arrayValue',
    (given, depth) =>
      isObject(given)
        ? valuesIn(given).map(element => readValue(element, depth + 1))
        : unreadable('arrayValue'),
  ],
  [
    'kvlistValue',
    (given, depth) => {
      if (!isObject(given)) return unreadable('kvlistValue');
      const attributes = newAttributes();
      addAttributes(objectsIn(given, 'values'), attributes, depth + 1);
      return attributes;
    },
  ],
  [
    'bytesValue',
    given =>
      typeof given === 'string' ? Uint8Array.from(Buffer.from(given, 'base64')) : unreadable('bytesValue'),
  ],
];

function valuesIn(array: JsonObject): readonly unknown[] {
  const { values } = array;
  return Array.isArray(values) ? values : [];
}

function integerOf(value: unknown, { min, max }: { readonly min: bigint; readonly max: bigint }): bigint {
  const isInteger = typeof value === 'string' ? INTEGER.test(value) : Number.isInteger(value);
  const integer = isInteger ? BigInt(value as string | number) : unreadable('integer');
  return integer < min || integer > max ? unreadable('integer') : integer;
}

function doubleOf(value: unknown): number {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string' || value.trim() === '') return unreadable('doubleValue');
  const number = Object.hasOwn(NOT_FINITE, value) ? NOT_FINITE[value] : Number(value);
  return number === undefined || (Number.isNaN(number) && value !== 'NaN')
    ? unreadable('doubleValue')
    : number;
}

function unreadable(what: string): never {
  throw new UnreadableEvent(`an attribute has an unusable ${what}`);
}
