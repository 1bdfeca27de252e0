// SPDX-License-Identifier: Apache-2.0
import type { DropReason } from '../model/drop-reason.js';
import type { EventExportResult } from '../model/event-exporter.js';
import type { Drop, EventLedger } from '../model/ledger.js';
import type { SerializedEvent } from '../model/serialized-event.js';
import type { StoreTracker } from './store-tracker.js';

type Events = readonly SerializedEvent[];
type Dropped = Drop & { readonly events: Events };

/** What became of events that were in flight. */
export interface BatchOutcome {
  readonly delivered: Events;
  readonly dropped: readonly Dropped[];
  readonly streamed: Events;
}

const NONE: readonly never[] = [];
const OUT_OF_TIME = 'shutdown_timeout';

/** @param outcome of all of them, as an exporter says it: absent if they were delivered */
export function outcomeOfPart(events: Events, outcome: 'streamed' | DropReason | undefined): BatchOutcome {
  if (outcome === undefined) return { delivered: events, dropped: NONE, streamed: NONE };
  if (outcome === 'streamed') return { delivered: NONE, dropped: NONE, streamed: events };
  return { delivered: NONE, dropped: [{ reason: outcome, events }], streamed: NONE };
}

/** @param result which may name an event twice, or one that the exporter has settled before */
export function outcomeOf(
  events: Events,
  { code, dropped = NONE, streamed = NONE }: EventExportResult,
): BatchOutcome {
  // All of it has arrived: what happens to nearly every batch.
  if (code === 0 && dropped.length === 0 && streamed.length === 0) return outcomeOfPart(events, undefined);
  const unnamed = new Set(events);
  const drops = dropped.map(drop => ({
    reason: drop.reason,
    events: drop.events.filter(event => unnamed.delete(event)),
  }));
  const inStream = streamed.filter(event => unnamed.delete(event));
  if (code === 0) return { delivered: [...unnamed], dropped: drops, streamed: inStream };
  const rejected: Dropped = { reason: 'rejected', events: [...unnamed] };
  return { delivered: NONE, dropped: [...drops, rejected], streamed: inStream };
}

/** The one place that says what became of events that were in flight. */
export function account(
  { delivered, dropped, streamed }: BatchOutcome,
  ledger: EventLedger,
  storeTracker: StoreTracker,
): void {
  if (dropped.length + streamed.length === 0) {
    ledger.ended(delivered, NONE, NONE);
    storeTracker.remove(delivered);
    return;
  }
  // Out of time is no fault of the events: what the store has is for the next life.
  const late = dropped.flatMap(({ reason, events }) => (reason === OUT_OF_TIME ? events : NONE));
  const lost: Dropped[] = dropped.filter(({ reason, events }) => reason !== OUT_OF_TIME && events.length > 0);
  storeTracker.leaveInStore(late, events => {
    if (events.length > 0) lost.push({ reason: OUT_OF_TIME, events });
    ledger.ended(delivered, lost, streamed);
  });
  storeTracker.remove(delivered);
  storeTracker.remove(streamed);
  for (const { events } of lost) storeTracker.remove(events);
}
