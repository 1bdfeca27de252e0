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
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
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
