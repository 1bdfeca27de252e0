// SPDX-License-Identifier: Apache-2.0
import { readBatch } from 'opentelemetry-exporter-optimizely/testing';
import type { InspectedBatch } from '../inspection/inspected-batch.js';
import { objectIn } from '../util/json.js';
import { keepNewest } from '../util/keep-newest.js';

const MOST_REMEMBERED = 4;
/** What a JSON text may write in other ways than it is searched for. */
const ESCAPED = /[^\x20-\x7e]|["\\/<>&']/;

/** Places of events. Batches that are no longer shown are not held on to. */
type Found = WeakMap<InspectedBatch, ReadonlySet<number> | undefined>;

/**
 * Finds events by a part of their payload, in any case. Each batch is read at most once for a text that is searched for, as
 * long as it is one of the latest few.
 */
export class PayloadSearch {
  readonly #searches = new Map<string, Found>();

  /** @returns whether the event of a batch at an index was found */
  of(wanted: string): (batch: InspectedBatch, index: number) => boolean {
    const text = wanted.toLowerCase();
    const known: Found = this.#searches.get(text) ?? new WeakMap();
    this.#searches.delete(text);
    this.#searches.set(text, known);
    keepNewest(this.#searches, MOST_REMEMBERED);
    return (batch, index) => {
      if (!known.has(batch)) known.set(batch, searchBatch(batch, text));
      return known.get(batch)?.has(index) === true;
    };
  }

  clear(): void {
    this.#searches.clear();
  }
}

/** @returns places of the events, undefined if there are none */
function searchBatch({ body }: InspectedBatch, text: string): ReadonlySet<number> | undefined {
  if (!ESCAPED.test(text) && !body.toString().toLowerCase().includes(text)) return undefined;
  const found = new Set<number>();
  for (const [index, { visitor, wire, decision }] of readBatch(objectIn(body)).readings.entries()) {
    const { snapshots: _, ...envelope } = visitor;
    if (isIn({ ...envelope, decision, ...wire }, text)) found.add(index);
  }
  return found.size === 0 ? undefined : found;
}

const DEEPEST = 64;

/** Looks at keys and at values, as they are meant and not as JSON writes them. */
function isIn(value: unknown, text: string, depth = 0): boolean {
  if (depth > DEEPEST) return false;
  if (Array.isArray(value)) return value.some(item => isIn(item, text, depth + 1));
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).some(
      ([key, member]) => key.toLowerCase().includes(text) || isIn(member, text, depth + 1),
    );
  }
  return value !== undefined && String(value).toLowerCase().includes(text);
}
