// SPDX-License-Identifier: Apache-2.0
import { envelopeBytes } from '../model/event-context.js';
import type { UserEvent } from '../model/user-event.js';

/** UTF-8 bytes of a request that carries these events, which share a context. */
export function payloadBytes(events: readonly UserEvent[]): number {
  const context = events[0]?.context;
  if (context === undefined) return 0;
  return events.reduce((sum, event) => sum + event.byteLength + 1, envelopeBytes(context) - 1);
}

export function halve(events: readonly UserEvent[]): readonly (readonly UserEvent[])[] {
  const middle = Math.ceil(events.length / 2);
  return [events.slice(0, middle), events.slice(middle)].filter(half => half.length > 0);
}

/** Halves until each piece fits or is a single event; the order stays. */
export function splitToFit(
  events: readonly UserEvent[],
  maxBytes: number,
): readonly (readonly UserEvent[])[] {
  // Mostly nothing was learnt of a limit, and nothing need be added up.
  if (events.length <= 1 || maxBytes === Number.POSITIVE_INFINITY) return [events];
  if (payloadBytes(events) <= maxBytes) return [events];
  return halve(events).flatMap(half => splitToFit(half, maxBytes));
}
