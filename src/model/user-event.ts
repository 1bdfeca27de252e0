// SPDX-License-Identifier: Apache-2.0
import type { EventContext } from './event-context.js';
import type { StoreTicket } from './event-store.js';
import type { ExperimentEventType } from './experiment-event.js';

/**
 * An event resolved against the datafile that was live when it was recorded, serialised once: batching, byte
 * counting, splitting and sending work on `json`.
 */
export interface UserEvent {
  readonly type: ExperimentEventType;
  readonly uuid: string;
  readonly context: EventContext;
  /** One element of the batch's `visitors`. */
  readonly json: string;
  /** Length of `json` as UTF-8. */
  readonly byteLength: number;
  /** Monotonic clock, milliseconds: ages and expiry count from here, never from the event's own timestamp. */
  readonly acceptedAt: number;
  /** The event's record in the event store, where there is one. */
  readonly ticket?: StoreTicket | undefined;
}

const UUID_MEMBER = ',"uuid":';

// An event store asks for it at once, and finding it in the text takes 0.1 µs.
let latest: SerializedEvent | undefined;
let latestUuid = '';

/** A UserEvent whose uuid is kept in its text alone, of which it would take a tenth of the memory again. */
class SerializedEvent implements UserEvent {
  readonly type: ExperimentEventType;
  readonly context: EventContext;
  readonly json: string;
  readonly byteLength: number;
  readonly acceptedAt: number;

  /** @param json the first member named `uuid` is the event's: in texts quotes are escaped, and tags come later */
  constructor(
    type: ExperimentEventType,
    context: EventContext,
    json: string,
    acceptedAt: number,
    // Counting also makes one flat string of the pieces, which is what the memory bounds and the collector need.
    byteLength = Buffer.byteLength(json),
  ) {
    this.type = type;
    this.context = context;
    this.json = json;
    this.byteLength = byteLength;
    // A whole number is kept in place, a fraction as an object of its own.
    this.acceptedAt = Math.trunc(acceptedAt);
  }

  get uuid(): string {
    if (this === latest) return latestUuid;
    const { json } = this;
    const start = json.indexOf(UUID_MEMBER) + UUID_MEMBER.length;
    const end = json.indexOf('"', start + 1);
    const text = json.slice(start + 1, end);
    return text.includes('\\') ? withEscapes(json, start) : text;
  }
}

/** @param uuid the one in `json` */
export function serializedEvent(
  type: ExperimentEventType,
  context: EventContext,
  json: string,
  acceptedAt: number,
  uuid: string,
): UserEvent {
  latest = new SerializedEvent(type, context, json, acceptedAt);
  latestUuid = uuid;
  return latest;
}

/** The string whose JSON begins at `start`. */
function withEscapes(json: string, start: number): string {
  let end = start + 1;
  while (json[end] !== '"') end += json[end] === '\\' ? 2 : 1;
  return JSON.parse(json.slice(start, end + 1)) as string;
}

/** A SerializedEvent that the event store has, too. */
class KeptEvent extends SerializedEvent {
  readonly ticket: StoreTicket;

  constructor({ type, context, json, byteLength, acceptedAt }: SerializedEvent, ticket: StoreTicket) {
    super(type, context, json, acceptedAt, byteLength);
    this.ticket = ticket;
  }
}

/** The event with the ticket of its record. */
function withTicket(event: UserEvent, ticket: StoreTicket): UserEvent {
  if (event instanceof SerializedEvent) return new KeptEvent(event, ticket);
  const { type, uuid, context, json, byteLength, acceptedAt } = event;
  return { type, uuid, context, json, byteLength, acceptedAt, ticket };
}

/** The event with its ticket, where it has one. */
export function asStored(event: UserEvent, ticket: StoreTicket | string): UserEvent {
  return typeof ticket === 'number' ? withTicket(event, ticket) : event;
}

/**
 * Whether an event that comes from outside can join a batch: a `json` that is no object, an envelope that is none, or a
 * length that is no number would spoil it for all others.
 */
export function isUserEvent(event: UserEvent): boolean {
  return (
    typeof event === 'object' &&
    event !== null &&
    (event.type === 'impression' || event.type === 'conversion') &&
    // Reading the uuid of our own would mean parsing it.
    (event instanceof SerializedEvent || typeof event.uuid === 'string') &&
    isObjectText(event.json) &&
    event.byteLength >= event.json.length &&
    Number.isFinite(event.acceptedAt) &&
    typeof event.context === 'object' &&
    event.context !== null &&
    (event.context.envelope === undefined || isObjectText(event.context.envelope))
  );
}

/** By its ends: parsing it would cost more than all that is done with it. */
function isObjectText(text: unknown): text is string {
  return typeof text === 'string' && text.startsWith('{') && text.endsWith('}');
}

export function uuidsOf(events: readonly UserEvent[]): string[] {
  return events.map(event => event.uuid);
}
