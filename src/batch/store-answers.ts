// SPDX-License-Identifier: Apache-2.0
import type { StoredEvent, StoreTicket } from '../model/event-store.js';
import type { SerializedEvent } from '../model/serialized-event.js';
import { isSerializedEvent } from '../util/is-serialized-event.js';

/** NaN would identify no record, not even its own. */
export function isTicket(value: unknown): value is StoreTicket {
  return typeof value === 'number' && !Number.isNaN(value);
}

export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

/** What a store of the application's own gives back may be anything. */
export function isRecord(record: unknown): record is { ticket: StoreTicket; event: StoredEvent } {
  const { ticket, event } = (record ?? {}) as { ticket?: unknown; event?: Partial<StoredEvent> | null };
  if (!isTicket(ticket) || typeof event !== 'object' || event === null) return false;
  if (!Number.isFinite(event.acceptedAt)) return false;
  if (event.kind === 'unresolved') return typeof event.event === 'object' && event.event !== null;
  return (
    event.kind === 'resolved' &&
    isSerializedEvent({ ...event, byteLength: Number.MAX_SAFE_INTEGER } as SerializedEvent)
  );
}
