// SPDX-License-Identifier: Apache-2.0

/** A string as it is; `''` for anything else. */
export function stringOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** An id or key. Optimizely writes strings; a number is taken as its digits. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
}

/** The key of an attribute in a batch, which the Events API takes without one, too: then it is known by its id. */
export function keyOfWireAttribute({
  key,
  entity_id,
}: {
  readonly key?: unknown;
  readonly entity_id?: unknown;
}): string {
  return typeof key === 'string' ? key : textOf(entity_id);
}
