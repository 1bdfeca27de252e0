// SPDX-License-Identifier: Apache-2.0
import type { InspectedEvent } from '../inspection/inspected-batch.js';
import { IdSample } from './id-sample.js';
import { ProblemCounts } from './problem-counts.js';

/** What has arrived of one event, whatever experiment measures it. */
export interface EventTally {
  readonly eventId: string;
  key: string;
  /** Conversions that have nothing wrong but that a decision may be missing. */
  conversions: number;
  /** Conversions that do not count whatever their visitor saw. */
  lost: number;
  /** How many have which problem, warnings included. */
  readonly problems: ProblemCounts;
  /** Conversions of a visitor who had the same one, with another uuid, a moment before. */
  repeated: number;
  /** Visitors who converted. */
  readonly visitors: IdSample;
  /** Conversions of which the payload has the visitor id as a number, and whose they are. */
  numeric: number;
  readonly numericVisitors: IdSample;
}

const MOST_EVENTS = 500;

/** Counts conversions by event id. Bounded: what comes after the limit is not counted. */
export class EventTallies {
  readonly #events = new Map<string, EventTally>();

  get all(): Iterable<EventTally> {
    return this.#events.values();
  }

  find(eventId: string): EventTally | undefined {
    return this.#events.get(eventId);
  }

  /** @returns undefined if there are too many already */
  of(event: InspectedEvent): EventTally | undefined {
    const eventId = eventIdOf(event);
    const known = this.#events.get(eventId);
    if (known !== undefined || this.#events.size >= MOST_EVENTS) return known;
    const added: EventTally = {
      eventId,
      key: event.key,
      conversions: 0,
      lost: 0,
      problems: new ProblemCounts(),
      repeated: 0,
      visitors: new IdSample(),
      numeric: 0,
      numericVisitors: new IdSample(),
    };
    this.#events.set(eventId, added);
    return added;
  }

  clear(): void {
    this.#events.clear();
  }
}

/** What a conversion is counted by: its id, or its key if it has none. */
export function eventIdOf({ entityId, key }: InspectedEvent): string {
  return entityId || key;
}
