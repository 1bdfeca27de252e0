// SPDX-License-Identifier: Apache-2.0
import type { PieceOfBody } from '../model/batch-with-body.js';
import type { EventContext } from '../model/event-context.js';
import type { EventSettlement } from '../model/event-settlement.js';
import type { HeldText, StoreTicket } from '../model/event-store.js';
import type { ExperimentEventType } from '../model/experiment-event.js';
import type { Runtime } from '../model/runtime.js';
import type { SerializedEvent } from '../model/serialized-event.js';
import { isObjectLike } from './guard.js';
import { isAnyOfAll, memberOf } from './own-members.js';
import { isAhead } from './system-runtime.js';

const UUID_MEMBER = ',"uuid":';
const BRACE = 0x7b;

/** A SerializedEvent whose uuid is kept in its text alone, of which it would take a tenth of the memory again. */
class EventText implements SerializedEvent {
  readonly type: ExperimentEventType;
  readonly context: EventContext;
  /** The same text throughout; `joinTexts` makes it a part of a longer one. */
  json: string;
  readonly byteLength: number;
  readonly acceptedAt: number;
  declare readonly settlement?: EventSettlement | undefined;
  declare readonly ticket?: StoreTicket | undefined;

  /** Of the class, so that they are not what a dependency has put on Object.prototype; in each event they would take memory. */
  static {
    Object.assign(EventText.prototype, { settlement: undefined, ticket: undefined });
  }

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
    // A copy, as where a uuid is given: a piece keeps all that it was cut from in memory.
    return text.includes('\\') ? withEscapes(json, start) : ` ${text}`.slice(1);
  }
}

/**
 * The text stays in the pieces that it was put together of: with those of other events they may become the body of a
 * request. For an event that has to wait, `inOnePiece` makes one string of them.
 *
 * @param isAscii whether `json` is known to have as many bytes as characters
 * @param isForStore whether an event store will be asked to take it
 */
export function serializedEvent(
  type: ExperimentEventType,
  context: EventContext,
  json: string,
  acceptedAt: number,
  isAscii: boolean,
  isForStore = false,
): SerializedEvent {
  const byteLength = isAscii ? json.length : Buffer.byteLength(json);
  return isForStore
    ? new StoredEventText(type, context, json, acceptedAt, byteLength)
    : new EventText(type, context, json, acceptedAt, byteLength);
}

/** Makes one string of the pieces of an event's text. In pieces, one that waits would take twice the memory. */
export function inOnePiece(json: string): void {
  // Looking at a character does it.
  if (json.charCodeAt(0) !== BRACE) throw new TypeError('not the text of an object');
}

/**
 * Makes of an event what code of the application can copy: its text in one piece, and its uuid a member of its own, which
 * JSON, a spread, and a structured clone have, too. @returns the event, or in place of one that a store has frozen, its copy
 */
export function toBeCopied(event: SerializedEvent): SerializedEvent {
  inOnePiece(event.json);
  if (!(event instanceof EventText) || Object.hasOwn(event, 'uuid')) return event;
  const uuid = { __proto__: null, value: event.uuid, enumerable: true } as PropertyDescriptor;
  const own = Object.isExtensible(event) ? event : withSettlement(event, event.settlement);
  return Object.defineProperty(own, 'uuid', uuid);
}

/** The texts of several events in one. */
class JoinedText implements PieceOfBody {
  readonly json: string;
  readonly byteLength: number;

  /** @param json of ASCII alone */
  constructor(json: string) {
    this.json = json;
    this.byteLength = json.length;
  }
}

/**
 * Makes one text of those of several events, of which each event's then is a part.
 *
 * @param events of which `isAsciiText` is true
 * @returns their texts with commas between them, and what they are to stand between
 */
export function joinTexts(events: readonly SerializedEvent[], opening: string, ending: string): PieceOfBody {
  const texts = events.map(event => event.json);
  texts[0] = opening + texts[0];
  texts[texts.length - 1] += ending;
  const joined = new JoinedText(texts.join(','));
  let start = opening.length;
  for (const event of events as readonly EventText[]) {
    const end = start + event.byteLength;
    event.json = joined.json.slice(start, end);
    start = end + 1;
  }
  return joined;
}

/** The string whose JSON begins at `start`. */
function withEscapes(json: string, start: number): string {
  let end = start + 1;
  while (json[end] !== '"') end += json[end] === '\\' ? 2 : 1;
  return JSON.parse(json.slice(start, end + 1)) as string;
}

/** An EventText that the event store has, too, or is asked to take. */
class StoredEventText extends EventText {
  override ticket: StoreTicket | undefined;

  constructor(
    type: ExperimentEventType,
    context: EventContext,
    json: string,
    acceptedAt: number,
    byteLength: number,
    ticket?: StoreTicket,
  ) {
    super(type, context, json, acceptedAt, byteLength);
    this.ticket = ticket;
  }
}

function storedText(
  { type, context, json, byteLength, acceptedAt }: EventText,
  ticket?: StoreTicket,
): StoredEventText {
  return new StoredEventText(type, context, json, acceptedAt, byteLength, ticket);
}

/** An EventText of which the caller wants to hear what becomes of it. */
class AwaitedEventText extends EventText {
  override readonly settlement: EventSettlement | undefined;
  override readonly ticket: StoreTicket | undefined;

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
    ? storedText(event, ticket)
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

/**
 * The event as one that comes from outside. Its record, if it has one, is in a store of another processor or of another life,
 * and so may be the clock that it was accepted by: one that is ahead would make it wait for its age, and never expire.
 */
export function fromOutside(event: SerializedEvent, runtime: Pick<Runtime, 'monotonic'>): SerializedEvent {
  const isEarly = isAhead(runtime, event.acceptedAt);
  // One that was made for a store gets its ticket later, in place.
  if (!isEarly && event.ticket === undefined && !(event instanceof StoredEventText)) return event;
  const acceptedAt = isEarly ? runtime.monotonic() : event.acceptedAt;
  const { type, uuid, context, json, byteLength, settlement } = event;
  return { type, uuid, context, json, byteLength, acceptedAt, settlement, ticket: undefined };
}

function copyOf(
  { type, uuid, context, json, byteLength, acceptedAt }: SerializedEvent,
  settlement: EventSettlement | undefined,
  ticket: StoreTicket | undefined,
): SerializedEvent {
  return { type, uuid, context, json, byteLength, acceptedAt, settlement, ticket };
}

const OPTIONAL = ['settlement', 'ticket'];

/** An event that was made elsewhere, without what a dependency has put on Object.prototype. */
export function ownSerialized(event: SerializedEvent): SerializedEvent {
  if (event instanceof EventText || !isAnyOfAll(OPTIONAL) || !isObjectLike(event)) return event;
  return copyOf(event, memberOf(event, 'settlement'), memberOf(event, 'ticket'));
}

/** The event as the object that will have the ticket of its record, whose text the store may read until it has written it. */
export function beforeStoring(event: SerializedEvent): SerializedEvent {
  if (event instanceof StoredEventText || !(event instanceof EventText) || event.settlement !== undefined)
    return event;
  return storedText(event);
}

/** What a store may read the text from until it has written it: an object that only we change. */
export function heldText(event: SerializedEvent): HeldText | undefined {
  return event instanceof EventText ? event : undefined;
}

/** The event with its ticket, where it has one. */
export function asStored(event: SerializedEvent, ticket: StoreTicket | string): SerializedEvent {
  if (typeof ticket !== 'number') return event;
  if (!(event instanceof StoredEventText) || event.ticket !== undefined) return withTicket(event, ticket);
  try {
    event.ticket = ticket;
    return event;
  } catch {
    // Frozen by the store, to which it was given.
    return withTicket(event, ticket);
  }
}

/** Whether the text is ASCII for certain: of an event from outside, which may not know its length, it isn't. */
export function isAsciiText(piece: PieceOfBody): boolean {
  const isOurs = piece instanceof EventText || piece instanceof JoinedText;
  return isOurs && piece.byteLength === piece.json.length;
}
