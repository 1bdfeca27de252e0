// SPDX-License-Identifier: Apache-2.0

/** What Object.prototype has in every process. */
const BUILT_IN: ReadonlySet<string> = new Set([
  ...['constructor', 'hasOwnProperty', 'isPrototypeOf', 'propertyIsEnumerable'],
  ...['toLocaleString', 'toString', 'valueOf', '__proto__'],
  ...['__defineGetter__', '__defineSetter__', '__lookupGetter__', '__lookupSetter__'],
]);

/**
 * Parsed JSON, of which a member that is absent must not become what a dependency has put on Object.prototype.
 *
 * @returns a copy without prototypes if something is there, else the value itself
 */
export function ownJson<T>(value: T): T {
  const isClean = Object.getOwnPropertyNames(Object.prototype).every(name => BUILT_IN.has(name));
  return isClean ? value : (withoutPrototypes(value) as T);
}

function withoutPrototypes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutPrototypes);
  if (typeof value !== 'object' || value === null) return value;
  const copy = Object.create(null) as Record<string, unknown>;
  for (const [key, member] of Object.entries(value)) copy[key] = withoutPrototypes(member);
  return copy;
}
