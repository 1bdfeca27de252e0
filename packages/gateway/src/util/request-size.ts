// SPDX-License-Identifier: Apache-2.0

/** Events of one request. Each costs a kilobyte or two of memory while it is taken, whatever its own size. */
export const MAX_REQUEST_EVENTS = 50_000;
/**
 * Objects, lists and members of one request in JSON. Read, each takes up to a hundred bytes, though three may be all it
 * takes in the body. A body of 16 MiB that holds events has half as many.
 */
const MAX_JSON_VALUES = 1_500_000;

const OPENING_BRACE = 0x7b;
const OPENING_BRACKET = 0x5b;
const COLON = 0x3a;

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
  if (body.length <= MAX_JSON_VALUES) return;
  let count = 0;
  for (const byte of body) {
    if (byte === OPENING_BRACE || byte === OPENING_BRACKET || byte === COLON) count++;
  }
  if (count <= MAX_JSON_VALUES) return;
  throw new RequestTooLarge(
    `the body holds more than ${MAX_JSON_VALUES} JSON objects, lists, and members: send smaller batches`,
  );
}
