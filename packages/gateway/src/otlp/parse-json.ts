// SPDX-License-Identifier: Apache-2.0
import { describeMistake } from '../util/json-mistake.js';
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
const LONG_INTEGER = /[:,[]\s*-?[1-9]\d{15,}/;
/** An escape, so that a quote in a text does not end it; a quote; such an integer. No text as a whole: it may be long. */
const PIECE = /\\.|"|(?<![\d.eE+-])-?[1-9]\d{15,}(?![\d.eE])/g;

/**
 * 64-bit integers are text in protobuf's JSON, and may be numbers, too. These are read as text: rounded, a time in
 * nanoseconds would be another one, and so would the uuid that is derived from it.
 *
 * @throws SyntaxError
 */
function parseExactly(text: string): unknown {
  const parsed: unknown = JSON.parse(text);
  if (!LONG_INTEGER.test(text)) return parsed;
  let isText = false;
  const exact = text.replaceAll(PIECE, found => {
    if (found === '"') isText = !isText;
    else if (!isText) return `"${found}"`;
    return found;
  });
  return JSON.parse(exact);
}
