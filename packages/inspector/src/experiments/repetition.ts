// SPDX-License-Identifier: Apache-2.0
import type { InspectedEvent } from '../inspection/inspected-batch.js';
import { eventIdOf } from './event-tally.js';
import type { VisitorRecord } from './visitor-record.js';

/** Two conversions of one visitor that are so close, and bring the same, were most likely recorded twice. */
const REPEATED_MILLIS = 5_000;
const LATEST_COMPARED = 10;

/** Whether the visitor did the same a moment before, as far as it is remembered. */
export function isRepeated(record: VisitorRecord, event: InspectedEvent): boolean {
  for (const before of record.latestConversions(LATEST_COMPARED)) {
    if (isRepetition(before, event)) return true;
  }
  return false;
}

/** Whether two conversions of one visitor are most likely one that was recorded twice. */
export function isRepetition(a: InspectedEvent, b: InspectedEvent): boolean {
  return (
    a.uuid !== b.uuid &&
    eventIdOf(a) === eventIdOf(b) &&
    Math.abs(a.timestamp - b.timestamp) <= REPEATED_MILLIS &&
    isSameAmount(a.revenue, b.revenue) &&
    isSameAmount(a.value, b.value)
  );
}

/** One of two places may not know the amount. */
function isSameAmount(a: number | undefined, b: number | undefined): boolean {
  return a === undefined || b === undefined || a === b;
}
