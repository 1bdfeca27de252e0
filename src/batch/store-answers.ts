// SPDX-License-Identifier: Apache-2.0
import type { StoredEvent, StoreTicket } from '../model/event-store.js';
import { isSerializedEvent } from '../util/is-serialized-event.js';

/** NaN would identify no record, not even its own. */
export function isTicket(value: unknown): value is StoreTicket {
  return typeof value === 'number' && !Number.isNaN(value);
}

export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

interface ReadRecord {
  /** Undefined if it has none. */
  readonly ticket?: StoreTicket | undefined;
  /** Undefined if it is not one, or can't be read. */
  readonly event?: StoredEvent | undefined;
}

/** Reads what a store of the application's own gives back, which may be anything: each member once. Never throws. */
export function readRecord(record: unknown): ReadRecord {
  let ticket: StoreTicket | undefined;
  try {
    const given = (record ?? {}) as { readonly ticket?: unknown; readonly event?: unknown };
    const number = given.ticket;
    if (isTicket(number)) ticket = number;
    return { ticket, event: readEvent(given.event) };
  } catch {
    return { ticket };
  }
}

function readEvent(given: unknown): StoredEvent | undefined {
  if (typeof given !== 'object' || given === null) return undefined;
  const { kind, acceptedAt } = given as StoredEvent;
  if (!Number.isFinite(acceptedAt)) return undefined;
  if (kind === 'unresolved') {
    const { event } = given as Extract<StoredEvent, { kind: 'unresolved' }>;
    return typeof event?.uuid === 'string' ? { kind, event, acceptedAt } : undefined;
  }
  if (kind !== 'resolved') return undefined;
  const { type, uuid, context, json } = given as Extract<StoredEvent, { kind: 'resolved' }>;
  const event = { kind, type, uuid, context, json, acceptedAt };
  return isSerializedEvent({ ...event, byteLength: Number.MAX_SAFE_INTEGER }) ? event : undefined;
}
