// SPDX-License-Identifier: Apache-2.0
import type { ExperimentEvent } from '../model/experiment-event.js';

// The event itself, not a member of it: copies, and what an application makes, are never taken for it.
let latest: ExperimentEvent | undefined;

/**
 * Takes note of an event that a record call has just checked and is about to hand over, or that it has.
 *
 * @param event undefined after that
 */
export function noteChecked(event: ExperimentEvent | undefined): void {
  latest = event;
}

/** Whether a record call is handing over this very event: what it has checked need not be looked at again, 0.1 µs. */
export function isBeingHandedOver(event: ExperimentEvent): boolean {
  return latest !== undefined && event === latest;
}
