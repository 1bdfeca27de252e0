// SPDX-License-Identifier: Apache-2.0
import type { EventContext } from '../model/event-context.js';
import type { CountedEvent, EventSettlement } from '../model/event-settlement.js';
import type { StoreTicket } from '../model/event-store.js';
import type { ExperimentEventType } from '../model/experiment-event.js';
import type { SerializedEvent } from '../model/serialized-event.js';

const UUID_MEMBER = ',"uuid":';
const BRACE = 0x7b;

/** A SerializedEvent whose uuid is kept in its text alone, of which it would take a tenth of the memory again. */
class EventText implements SerializedEvent {
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
    byteLength: number,
  ) {
    this.type = type;
    this.context = context;
    this.json = json;
    this.byteLength = byteLength;
    // A whole number is kept in place, a fraction as an object of its own.
    this.acceptedAt = Math.trunc(acceptedAt);
  }

  get uuid(): string {
    const { json } = this;
    const start = json.indexOf(UUID_MEMBER) + UUID_MEMBER.length;
    const end = json.indexOf('"', start + 1);
    const text = json.slice(start + 1, end);
    return text.includes('\\') ? withEscapes(json, start) : text;
  }
}

/** @param isAscii whether `json` is known to have as many bytes as characters */
export function serializedEvent(
  type: ExperimentEventType,
  context: EventContext,
  json: string,
  acceptedAt: number,
  isAscii: boolean,
): SerializedEvent {
  const byteLength = isAscii && isFlat(json) ? json.length : Buffer.byteLength(json);
  return new EventText(type, context, json, acceptedAt, byteLength);
}

/** Looking at a character makes one flat string of the pieces, which is what the memory bounds and the collector need. */
function isFlat(json: string): boolean {
  return json.charCodeAt(0) === BRACE;
}

/** The string whose JSON begins at `start`. */
function withEscapes(json: string, start: number): string {
  let end = start + 1;
  while (json[end] !== '"') end += json[end] === '\\' ? 2 : 1;
  return JSON.parse(json.slice(start, end + 1)) as string;
}

/** An EventText that the event store has, too. */
class StoredEventText extends EventText {
  readonly ticket: StoreTicket;

  constructor({ type, context, json, byteLength, acceptedAt }: EventText, ticket: StoreTicket) {
    super(type, context, json, acceptedAt, byteLength);
    this.ticket = ticket;
  }
}

/** An EventText of which the caller wants to hear what becomes of it. */
class AwaitedEventText extends EventText {
  readonly settlement: EventSettlement | undefined;
  readonly ticket: StoreTicket | undefined;

  constructor(text: EventText, settlement: EventSettlement | undefined, ticket: StoreTicket | undefined) {
    super(text.type, text.context, text.json, text.acceptedAt, text.byteLength);
    this.settlement = settlement;
    this.ticket = ticket;
  }
}

/** The event with the ticket of its record. */
function withTicket(event: SerializedEvent, ticket: StoreTicket): SerializedEvent {
  const { settlement } = event;
  if (!(event instanceof EventText)) return copyOf(event, settlement, ticket);
  return settlement === undefined
    ? new StoredEventText(event, ticket)
    : new AwaitedEventText(event, settlement, ticket);
}

/** The event as one whose settlement is awaited, or no longer is. */
export function withSettlement(
  event: SerializedEvent,
  settlement: EventSettlement | undefined,
): SerializedEvent {
  const { ticket } = event;
  return event instanceof EventText
    ? new AwaitedEventText(event, settlement, ticket)
    : copyOf(event, settlement, ticket);
}

function copyOf(
  { type, uuid, context, json, byteLength, acceptedAt }: SerializedEvent,
  settlement: EventSettlement | undefined,
  ticket: StoreTicket | undefined,
): SerializedEvent {
  return { type, uuid, context, json, byteLength, acceptedAt, settlement, ticket };
}

/** The event with its ticket, where it has one. */
export function asStored(event: SerializedEvent, ticket: StoreTicket | string): SerializedEvent {
  return typeof ticket === 'number' ? withTicket(event, ticket) : event;
}

/**
 * Whether an event that comes from outside can join a batch: a `json` or an envelope that is not an object, or a
 * length that is not a number, would spoil the batch for all others.
 */
export function isSerializedEvent(event: SerializedEvent): boolean {
  return (
    typeof event === 'object' &&
    event !== null &&
    (event.type === 'impression' || event.type === 'conversion') &&
    // Reading the uuid of our own would mean parsing it.
    (event instanceof EventText || typeof event.uuid === 'string') &&
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

/** Whether the text is ASCII for certain: of an event from outside, which may not know its length, it isn't. */
export function isAsciiText(event: SerializedEvent): boolean {
  return event instanceof EventText && event.byteLength === event.json.length;
}

export function uuidsOf(events: readonly CountedEvent[]): string[] {
  return events.map(event => event.uuid);
}
