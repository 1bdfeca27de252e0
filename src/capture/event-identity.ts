// SPDX-License-Identifier: Apache-2.0
import * as semconv from '../model/semantic-conventions.js';
import { uuidV5In } from '../util/uuid-v5.js';
import { canonicalText, stringText } from './canonical-text.js';
import type { EventOrigin, RawEvent } from './raw-event.js';

/** The namespace of derived uuids: a random UUID that never changes. */
export const EVENT_UUID_NAMESPACE = '0f6ae195-efd6-456a-9bd3-bb3a9f0fd7ee';

const uuidOf = uuidV5In(EVENT_UUID_NAMESPACE);

/** After name, origin, time and user, in this order. */
const KEYS = [
  semconv.ATTR_FEATURE_FLAG_CONTEXT_ID,
  semconv.ATTR_FEATURE_FLAG_KEY,
  semconv.ATTR_OPTIMIZELY_RULE_KEY,
  semconv.ATTR_FEATURE_FLAG_RESULT_VARIANT,
  semconv.ATTR_OPTIMIZELY_EXPERIMENT_ID,
  semconv.ATTR_OPTIMIZELY_CAMPAIGN_ID,
  semconv.ATTR_OPTIMIZELY_VARIATION_ID,
  semconv.ATTR_OPTIMIZELY_EVENT_KEY,
  semconv.ATTR_OPTIMIZELY_EVENT_ID,
] as const;

const ONLY_ZEROS = /^0*$/;

/**
 * Returns the text of which a uuid is derived, as docs/semantic-conventions.md specifies it: the same for the same event
 * in any encoding, another one for another event.
 *
 * @returns undefined if the time or the tags can't be read
 */
export function eventIdentity(event: RawEvent, origin: EventOrigin = {}): string | undefined {
  return identityWith(event, origin, undefined);
}

/** @param parsed what the tags are as JSON, if they are text that has been parsed before */
function identityWith(event: RawEvent, origin: EventOrigin, parsed: unknown): string | undefined {
  try {
    const { name, attributes = {} } = event;
    const traceId = idText(origin.traceId);
    const instanceId = traceId === '' ? text(origin.serviceInstanceId) : '';
    let identity = '[';
    for (const part of [name, traceId, idText(origin.spanId), instanceId, nanosOf(event.time)])
      identity += stringText(part);
    for (const key of KEYS) identity += stringText(text(attributes[key]));
    return `${identity}${canonicalText(tagsOf(name, attributes, parsed))}]`;
  } catch {
    return undefined;
  }
}

/**
 * Derives the uuid of an event that has none. The same event has the same one wherever it is read, so that Optimizely
 * counts it once.
 *
 * @returns undefined if the time or the tags can't be read
 */
export function deriveEventUuid(event: RawEvent, origin?: EventOrigin): string | undefined {
  return deriveUuidWith(event, origin, undefined);
}

/** As `deriveEventUuid`, for an event whose tags have been `parsed` before. */
export function deriveUuidWith(
  event: RawEvent,
  origin: EventOrigin = {},
  parsed: unknown,
): string | undefined {
  const identity = identityWith(event, origin, parsed);
  return identity === undefined ? undefined : uuidOf(identity);
}

/** Only a conversion has tags: as JSON text or as they are, which is the same. @throws SyntaxError */
function tagsOf(name: string, attributes: Readonly<Record<string, unknown>>, parsed: unknown): unknown {
  if (name !== semconv.EVENT_OPTIMIZELY_CONVERSION) return undefined;
  const tags = attributes[semconv.ATTR_OPTIMIZELY_EVENT_TAGS];
  return typeof tags === 'string' ? (parsed ?? JSON.parse(tags)) : tags;
}

/** Nanoseconds since the epoch, in decimal digits. @throws TypeError if the time can't be read */
function nanosOf(time: unknown): string {
  if (typeof time === 'bigint') return String(time);
  if (typeof time === 'number') return nanosOf([Math.trunc(time / 1000), Math.round((time % 1000) * 1e6)]);
  const [seconds, nanos] = [(time as ArrayLike<unknown>)[0], (time as ArrayLike<unknown>)[1]];
  if (typeof seconds !== 'number' || typeof nanos !== 'number')
    return nanosOf(Date.prototype.getTime.call(time as Date));
  // What nearly every time is like; a third of the work.
  if (
    Number.isInteger(nanos) &&
    nanos >= 0 &&
    nanos < 1e9 &&
    Number.isInteger(seconds) &&
    seconds > 0 &&
    seconds < 1e12
  )
    return `${seconds}${String(nanos).padStart(9, '0')}`;
  // Cut as OpenTelemetry's exporters cut them.
  return String(BigInt(Math.trunc(seconds)) * 1_000_000_000n + BigInt(Math.trunc(nanos)));
}

/** An id is the same in capitals; one of zeros is none. */
function idText(id: unknown): string {
  const digits = text(id);
  return ONLY_ZEROS.test(digits) ? '' : digits.toLowerCase();
}

/** Absent, null and `''` are the same, and what is no text is not part of a usable event. */
function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
