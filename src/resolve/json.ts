// SPDX-License-Identifier: Apache-2.0

/** A member of a datafile that nobody has checked yet. */
export type Json = unknown;
export type JsonObject = Readonly<Record<string, Json>>;

export function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The objects of a list; absent lists count as empty. */
export function objectsOf(value: Json): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** An id or key. Optimizely writes strings; a number is taken as its digits. */
export function textOf(value: Json): string {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
}
