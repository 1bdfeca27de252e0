// SPDX-License-Identifier: Apache-2.0

/** Events of one request. Each costs a kilobyte or two of memory while it is taken, whatever its own size. */
export const MAX_REQUEST_EVENTS = 50_000;
/**
 * Objects, lists and members of one request in JSON. Read, each takes up to a hundred bytes, though three may be all it
 * takes in the body. A body of 16 MiB that holds events has half as many. In protobuf it is the attributes, members, and
 * elements of experiment events, of which nothing else is read.
 */
export const MAX_VALUES = 1_500_000;

/**
 * Attributes, members, and elements of one event, whichever form they have. Optimizely's SDKs send some dozens; a million
 * take a second to read, in which no other request is answered.
 */
export const MAX_EVENT_VALUES = 100_000;

const OPENING_BRACE = 0x7b;
const OPENING_BRACKET = 0x5b;
const COLON = 0x3a;
const COMMA = 0x2c;

/** The request is well-formed, and costs more than one request may. Its message says what to do. */
export class RequestTooLarge extends Error {
  override readonly name = 'RequestTooLarge';
}

/** @throws RequestTooLarge */
export function requireBearableCount(events: number): void {
  if (events <= MAX_REQUEST_EVENTS) return;
  throw new RequestTooLarge(
    `the request holds more than ${MAX_REQUEST_EVENTS} experiment events: send smaller batches`,
  );
}

/**
 * Looks at JSON before it is parsed. Brackets and colons within texts count like others, so that nothing has to be
 * understood for it.
 *
 * @throws RequestTooLarge
 */
export function requireBearableJson(body: Uint8Array): void {
  if (body.length <= MAX_VALUES) return;
  let count = 0;
  for (const byte of body) {
    if (byte === OPENING_BRACE || byte === OPENING_BRACKET || byte === COLON) count++;
  }
  if (count <= MAX_VALUES) return;
  throw new RequestTooLarge(
    `the body holds more than ${MAX_VALUES} JSON objects, lists, and members: send smaller batches`,
  );
}

/** How many values a text in JSON holds at most. Like that before, it understands nothing. */
export function countJsonValues(json: string): number {
  let count = 0;
  for (let at = 0; at < json.length; at++) {
    const code = json.charCodeAt(at);
    if (code === COMMA || code === COLON || code === OPENING_BRACE || code === OPENING_BRACKET) count++;
  }
  return count;
}

/** @throws RequestTooLarge */
export function requireBearableValues(values: number): void {
  if (values <= MAX_VALUES) return;
  throw new RequestTooLarge(
    `the experiment events of the request hold more than ${MAX_VALUES} attributes, members, and elements: send smaller batches`,
  );
}
