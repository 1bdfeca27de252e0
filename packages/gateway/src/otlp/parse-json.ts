// SPDX-License-Identifier: Apache-2.0
import { requireBearableJson } from '../util/request-size.js';
import { isObject, type JsonObject } from './json-values.js';
import { MalformedRequest } from './malformed-request.js';

/**
 * @throws MalformedRequest if the body is not a JSON object in UTF-8; its message says where, and quotes nothing
 * @throws RequestTooLarge if it holds too much
 */
export function parseJson(body: Uint8Array): JsonObject {
  requireBearableJson(body);
  let parsed: unknown;
  try {
    parsed = parseExactly(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw new MalformedRequest('the body is not UTF-8');
    const position = /position (\d+)/.exec(error.message)?.[1];
    throw new MalformedRequest(
      `the body is not JSON${position === undefined ? '' : `: see position ${position}`}`,
    );
  }
  if (!isObject(parsed)) throw new MalformedRequest('the body is not a JSON object');
  return parsed;
}

/** An integer of sixteen digits or more, which a number of JavaScript may not hold, outside texts or where one says so. */
const LONG_INTEGER = /[:,[]\s*-?[1-9]\d{15,}/;
const TEXT_OR_LONG_INTEGER = /"[^"\\]*(?:\\.[^"\\]*)*"|(?<![\d.eE+-])-?[1-9]\d{15,}(?![\d.eE])/gs;

/**
 * 64-bit integers are text in protobuf's JSON, and may be numbers, too. These are read as text: rounded, a time in
 * nanoseconds would be another one, and so would the uuid that is derived from it.
 *
 * @throws SyntaxError with the position in this text
 */
function parseExactly(text: string): unknown {
  const parsed: unknown = JSON.parse(text);
  if (!LONG_INTEGER.test(text)) return parsed;
  return JSON.parse(
    text.replaceAll(TEXT_OR_LONG_INTEGER, found => (found.startsWith('"') ? found : `"${found}"`)),
  );
}
