// SPDX-License-Identifier: Apache-2.0

const MOST_COUNTED = 200;

/** Counts a value among others. Bounded: of values past the first 200 nothing is counted. */
export function count<T>(counts: Map<T, number>, value: T, by = 1): void {
  const before = counts.get(value);
  if (before !== undefined) counts.set(value, before + by);
  else if (counts.size < MOST_COUNTED) counts.set(value, by);
}
