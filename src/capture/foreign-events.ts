// SPDX-License-Identifier: Apache-2.0
import type { StoredSpanEvent } from '../util/hand-over-mark.js';

/** More than any span limit lets through: an iterator need not end. */
const MOST_EVENTS = 10_000;

/**
 * The events of a span that keeps them in something else than an array.
 *
 * @returns undefined if it keeps none that could be read
 * @throws what iterating throws
 */
export function listedEvents(events: unknown): StoredSpanEvent[] | undefined {
  if (typeof events !== 'object' || events === null) return undefined;
  const { values } = events as { values?: unknown };
  // A Map is iterated by pairs.
  const list: unknown = typeof values === 'function' ? values.call(events) : events;
  if (typeof (list as Partial<Iterable<unknown>>)[Symbol.iterator] !== 'function') return undefined;
  const found: StoredSpanEvent[] = [];
  for (const event of list as Iterable<StoredSpanEvent>) {
    found.push(event);
    if (found.length >= MOST_EVENTS) break;
  }
  return found;
}
