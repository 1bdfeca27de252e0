// SPDX-License-Identifier: Apache-2.0
import type { ExperimentEvent } from '../model/experiment-event.js';
import type { InstalledProcessor, LastImpressions } from '../model/installed-processor.js';
import type { Runtime } from '../model/runtime.js';
import { stampedElsewhere } from './system-runtime.js';

/** What an event is stamped for: the processors that get it. */
export type Receivers = readonly Pick<InstalledProcessor, 'lastImpressions'>[];

export function noImpressions(): LastImpressions {
  return { stamped: 0, given: 0 };
}

/** @param given the timestamp that the impression was recorded with, if any: it stays */
export function stampImpression(given: number | undefined, runtime: Runtime, receivers: Receivers): number {
  if (given !== undefined) stampedElsewhere();
  const timestamp = given ?? Math.trunc(runtime.now());
  for (const { lastImpressions } of receivers) {
    if (lastImpressions === undefined) continue;
    lastImpressions[given === undefined ? 'stamped' : 'given'] = timestamp;
  }
  return timestamp;
}

/**
 * Optimizely counts a conversion only if a decision of its visitor has an *earlier* timestamp, and a request often
 * records both within one millisecond. So a conversion in the millisecond of the last impression gets the next one.
 *
 * @param given the timestamp that the conversion was recorded with, if any: it stays
 */
export function stampConversion(given: number | undefined, runtime: Runtime, receivers: Receivers): number {
  if (given !== undefined) {
    stampedElsewhere();
    return given;
  }
  const now = Math.trunc(runtime.now());
  for (const { lastImpressions: last } of receivers) {
    if (last !== undefined && (now === last.stamped || now === last.given)) return now + 1;
  }
  return now;
}

/** Takes note of an event that something else has stamped. Never throws. */
export function noteStamped(event: ExperimentEvent | undefined, last: LastImpressions): void {
  stampedElsewhere();
  try {
    if (event?.type === 'impression') last.given = event.timestamp;
  } catch {
    // Not an event that can be read.
  }
}
