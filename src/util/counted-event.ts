// SPDX-License-Identifier: Apache-2.0
import type { CountedEvent, EventSettlement } from '../model/event-settlement.js';
import type { StoreTicket } from '../model/event-store.js';
import { memberOf } from './own-members.js';

/** @returns undefined if the caller does not wait to hear what becomes of the event */
export function settlementOf(event: Pick<CountedEvent, 'settlement'>): EventSettlement | undefined {
  return event.settlement === undefined ? undefined : memberOf(event, 'settlement');
}

export function uuidsOf(events: readonly CountedEvent[]): string[] {
  return events.map(event => event.uuid);
}

/** Of those that have a record in the event store. */
export function ticketsOf(events: readonly { readonly ticket?: StoreTicket | undefined }[]): StoreTicket[] {
  const tickets: StoreTicket[] = [];
  for (const { ticket } of events) if (ticket !== undefined) tickets.push(ticket);
  return tickets;
}
