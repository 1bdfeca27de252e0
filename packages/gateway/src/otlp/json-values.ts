// SPDX-License-Identifier: Apache-2.0
import type { OtlpAttributes, OtlpValue } from '../model/otlp-event.js';
import type { NameFilter } from './event-names.js';
import { doubleOf, integerOf } from './json-numbers.js';
import { MalformedRequest, UnreadableEvent } from './malformed-request.js';
import { asInteger, MAX_DEPTH, type MutableAttributes, newAttributes, TOO_DEEP } from './values.js';

export type JsonObject = { readonly [name: string]: unknown };

interface Range {
  readonly min: bigint;
  readonly max: bigint;
}

const INT64 = { min: -(2n ** 63n), max: 2n ** 63n - 1n };
const FIXED64 = { min: 0n, max: 2n ** 64n - 1n };
/** Of either alphabet, with padding or without. */
const BASE64 = /^[\w+/-]*={0,2}$/;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A member by its protobuf JSON name, or by the name in the `.proto` file, which parsers take as well. */
export function member(object: JsonObject, name: string): unknown {
  if (Object.hasOwn(object, name)) return object[name];
  const original = name.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`);
  return Object.hasOwn(object, original) ? object[original] : undefined;
}

/**
 * The objects of a list; a list that is absent or null is empty, and so is an element that is null.
 *
 * @throws MalformedRequest if it is something else: what is in it would be passed over in silence
 */
export function objectsIn(object: JsonObject, name: string): readonly JsonObject[] {
  return listIn(object, name, isObject) ?? malformed(`${name} is not a list of objects`);
}

/** @throws MalformedRequest if it is something else */
export function objectIn(object: JsonObject, name: string): JsonObject {
  const value = member(object, name) ?? {};
  return isObject(value) ? value : malformed(`${name} is not an object`);
}

/** As `objectsIn`, of an event or a resource. @throws UnreadableEvent */
function pairsIn(object: JsonObject, name: string): readonly JsonObject[] {
  return listIn(object, name, isObject) ?? unreadable(name);
}

/** @returns undefined if it is not a list of such elements */
function listIn<T>(
  object: JsonObject,
  name: string,
  isElement: (element: unknown) => element is T,
): readonly T[] | undefined {
  const list = member(object, name) ?? [];
  if (!Array.isArray(list)) return undefined;
  if (list.every(isElement)) return list;
  const given = list.filter(element => element !== null);
  return given.every(isElement) ? given : undefined;
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
  return requireInteger(value, FIXED64);
}

/** @param keys the only attributes to read. @default all */
export function readJsonAttributes(object: JsonObject, keys?: NameFilter): OtlpAttributes {
  const attributes = newAttributes();
  addAttributes(pairsIn(object, 'attributes'), attributes, 0, keys);
  return attributes;
}

function addAttributes(
  list: readonly JsonObject[],
  into: MutableAttributes,
  depth: number,
  keys?: NameFilter,
): void {
  for (const pair of list) {
    const key = requireText(member(pair, 'key') ?? '', 'key');
    if (keys === undefined || keys.has(key)) into[key] = readValue(member(pair, 'value'), depth);
  }
}

function readValue(value: unknown, depth: number): OtlpValue {
  if (depth > MAX_DEPTH) throw new UnreadableEvent(TOO_DEEP);
  if (value === undefined || value === null) return null;
  if (!isObject(value)) return unreadable('value');
  for (const [name, read] of READERS) {
    const given = member(value, name);
    if (given !== undefined && given !== null) return read(given, depth);
  }
  return null;
}

type ReadJsonValue = (given: unknown, depth: number) => OtlpValue;

const READERS: readonly (readonly [name: string, read: ReadJsonValue])[] = [
  ['stringValue', given => requireText(given, 'stringValue')],
  ['boolValue', given => (typeof given === 'boolean' ? given : unreadable('boolValue'))],
  ['intValue', given => largeDoubleOf(given) ?? asInteger(requireInteger(given, INT64))],
  ['doubleValue', given => doubleOf(given) ?? unreadable('doubleValue')],
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
      addAttributes(pairsIn(given, 'values'), attributes, depth + 1);
      return attributes;
    },
  ],
  ['bytesValue', given => bytesOf(given)],
];

function valuesIn({ values }: JsonObject): readonly unknown[] {
  if (values === undefined || values === null) return [];
  return Array.isArray(values) ? values : unreadable('arrayValue');
}

const HALF_A_PAIR = /\p{Surrogate}/u;

/** Half of a surrogate pair has no UTF-8: replaced, it makes another user, or another key. */
function requireText(value: unknown, what: string): string {
  if (typeof value !== 'string') return unreadable(what);
  return HALF_A_PAIR.test(value) ? unreadable(`${what}, with half of a surrogate pair`) : value;
}

/** What an integer of up to 21 digits was made of while it was parsed. */
const LONG_INTEGER = /^-?[1-9]\d{18,20}$/;

/**
 * OpenTelemetry's JavaScript SDK writes all numbers without a fraction as integers, `Number.MAX_VALUE` too.
 *
 * @returns undefined if it is not a number of more than 64 bits
 */
function largeDoubleOf(value: unknown): number | undefined {
  if (typeof value === 'string' && !LONG_INTEGER.test(value)) return undefined;
  const integer = integerOf(value);
  return integer === undefined || isWithin(integer, INT64) ? undefined : Number(value);
}

function isWithin(integer: bigint, { min, max }: Range): boolean {
  return integer >= min && integer <= max;
}

function requireInteger(value: unknown, range: Range): bigint {
  const integer = integerOf(value) ?? unreadable('integer');
  return isWithin(integer, range) ? integer : unreadable('integer');
}

function bytesOf(value: unknown): Uint8Array {
  if (typeof value !== 'string' || !BASE64.test(value)) return unreadable('bytesValue');
  return Uint8Array.from(Buffer.from(value, 'base64'));
}

function unreadable(what: string): never {
  throw new UnreadableEvent(`an attribute has an unusable ${what}`);
}

function malformed(problem: string): never {
  throw new MalformedRequest(problem);
}
