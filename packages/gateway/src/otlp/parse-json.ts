// SPDX-License-Identifier: Apache-2.0
import { describeMistake } from '../util/json-mistake.js';
import { skipString } from '../util/json-string.js';
import { requireBearableJson } from '../util/request-size.js';
import { isObject, type JsonObject } from './json-values.js';
import { MalformedRequest } from './malformed-request.js';

/**
 * @throws MalformedRequest if the body is not a JSON object in UTF-8; its message says where, and quotes nothing
 * @throws RequestTooLarge if it holds too much
 */
export function parseJson(body: Uint8Array): JsonObject {
  requireBearableJson(body);
  const text = decodeUtf8(body);
  let parsed: unknown;
  try {
    parsed = parseExactly(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new MalformedRequest(`the body is not JSON: see ${describeMistake(text)}`);
  }
  if (!isObject(parsed)) throw new MalformedRequest('the body is not a JSON object');
  return parsed;
}

function decodeUtf8(body: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    throw new MalformedRequest('the body is not UTF-8');
  }
}

/** An integer of sixteen digits or more, which a number of JavaScript may not hold, outside texts or where one says so. */
const MAY_BE_LONG_INTEGER = /[:,[]\s*-?[1-9]\d{15}/;
/** Not in the place of a key, where no number may be, and of no more digits than are of use: they are looked at at once. */
const LONG_INTEGER = /(?<![\d.eE+-])-?[1-9]\d{15,30}(?![\d.eE]|\s*:)/g;
const LEAST_DIGITS = 16;

/**
 * 64-bit integers are text in protobuf's JSON, and may be numbers, too. These are read as text: rounded, a time in
 * nanoseconds would be another one, and so would the uuid that is derived from it.
 *
 * @throws SyntaxError
 */
function parseExactly(text: string): unknown {
  return JSON.parse(MAY_BE_LONG_INTEGER.test(text) ? withLongIntegersAsText(text) : text);
}

/** Goes from text to text, and not by one expression for all: a body of 16 MiB may hold four million of them. */
function withLongIntegersAsText(json: string): string {
  let exact = '';
  let copiedTo = 0;
  for (let at = 0; at < json.length; ) {
    const quote = json.indexOf('"', at);
    const end = quote < 0 ? json.length : quote;
    if (end - at >= LEAST_DIGITS) {
      exact += json.slice(copiedTo, at) + json.slice(at, end).replace(LONG_INTEGER, '"$&"');
      copiedTo = end;
    }
    at = quote < 0 ? end : skipString(json, quote);
  }
  return exact + json.slice(copiedTo);
}
