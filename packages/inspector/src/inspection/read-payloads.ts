// SPDX-License-Identifier: Apache-2.0
import { isObject, type JsonObject, parseJson, textOf } from '../util/json.js';

export interface FoundPayload {
  /** Where it stands, in words: `line 3`. `''`: it is all there is. */
  readonly place: string;
  /** Undefined if it is not a payload, for the reason given. */
  readonly params: JsonObject | undefined;
  readonly reason?: string;
  /** Where a LogEvent would go; undefined if it is not one. */
  readonly url: string | undefined;
  /** As it would go on the wire. */
  readonly body: Buffer;
}

/**
 * Payloads of a file: one, a list of them, or one a line. A LogEvent, as dispatchers see it, is one too: its `params` are
 * taken.
 */
export function readPayloads(text: string): FoundPayload[] {
  const whole = parse(text);
  if (whole !== undefined) {
    if (!Array.isArray(whole.value)) return [toPayload('', whole.value)];
    return whole.value.map((item, index) => toPayload(`item ${index + 1}`, item));
  }
  const lines = text.split('\n');
  return lines.flatMap((line, index) => {
    if (line.trim() === '') return [];
    const place = lines.length > 1 ? `line ${index + 1}` : '';
    const parsed = parse(line);
    if (parsed === undefined)
      return [
        { place, params: undefined, reason: 'it is not valid JSON', url: undefined, body: Buffer.alloc(0) },
      ];
    return [toPayload(place, parsed.value)];
  });
}

function toPayload(place: string, value: unknown): FoundPayload {
  const isLogEvent = isObject(value) && !('visitors' in value) && isObject(value.params);
  const params = isLogEvent ? value.params : value;
  const url = isLogEvent ? textOf(value.url) : undefined;
  const body = Buffer.from(JSON.stringify(params));
  if (isObject(params) && Array.isArray(params.visitors)) return { place, params, url, body };
  return { place, params: undefined, reason: 'it is not a JSON object with a list "visitors"', url, body };
}

function parse(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: parseJson(text) };
  } catch {
    return undefined;
  }
}
