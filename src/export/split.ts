// SPDX-License-Identifier: Apache-2.0

import type { SerializedEvent } from '../model/serialized-event.js';
import { envelopeBytes } from '../util/envelope.js';

/** UTF-8 bytes of a request that carries these events, which share a context. */
export function payloadBytes(events: readonly SerializedEvent[]): number {
  const context = events[0]?.context;
  if (context === undefined) return 0;
  return events.reduce((sum, event) => sum + event.byteLength + 1, envelopeBytes(context) - 1);
}

export function halve(events: readonly SerializedEvent[]): readonly (readonly SerializedEvent[])[] {
  const middle = Math.ceil(events.length / 2);
  return [events.slice(0, middle), events.slice(middle)].filter(half => half.length > 0);
}

/** Halves until each piece fits or is a single event; the order stays. */
export function splitToFit(
  events: readonly SerializedEvent[],
  maxBytes: number,
): readonly (readonly SerializedEvent[])[] {
  // Mostly nothing was learned of a limit, and nothing need be added up.
  if (events.length <= 1 || maxBytes === Number.POSITIVE_INFINITY) return [events];
  if (payloadBytes(events) <= maxBytes) return [events];
  return halve(events).flatMap(half => splitToFit(half, maxBytes));
}
