// SPDX-License-Identifier: Apache-2.0
import type { OtlpAttributes, OtlpValue } from '../model/otlp-event.js';

/** Levels of lists and maps in an attribute. Optimizely's event properties have one. */
export const MAX_DEPTH = 32;
export const TOO_DEEP = `an attribute is nested deeper than ${MAX_DEPTH} levels`;

export type MutableAttributes = { [key: string]: OtlpValue };

/** Objects of a class are faster to write and to read than those of `Object.create(null)`. */
class Attributes {}
// They inherit nothing, all the same: `__proto__` and `constructor` are keys like any other.
Object.setPrototypeOf(Attributes.prototype, null);
Reflect.deleteProperty(Attributes.prototype, 'constructor');

export function newAttributes(): MutableAttributes {
  return new Attributes() as MutableAttributes;
}

export function isAttributes(value: OtlpValue): value is MutableAttributes {
  return value instanceof Attributes;
}

export const NO_ATTRIBUTES: OtlpAttributes = Object.freeze(newAttributes());

/** @returns a number where that is exact */
export function asInteger(value: bigint): number | bigint {
  return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
}
