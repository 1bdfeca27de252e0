// SPDX-License-Identifier: Apache-2.0

import * as semconv from '../model/semantic-conventions.js';
import { hasOnly, isHexDigit } from '../util/characters.js';
import { stringOf } from '../util/text-of.js';
import { uuidV5Of } from '../util/uuid-v5.js';
import { CanonicalBytes } from './canonical-bytes.js';
import { writeText, writeValue } from './canonical-text.js';
import type { EventOrigin, RawEvent } from './raw-event.js';

/** The namespace of derived uuids: a random UUID that never changes. */
export const EVENT_UUID_NAMESPACE = '0f6ae195-efd6-456a-9bd3-bb3a9f0fd7ee';

const NAMESPACE_BYTES = Buffer.from(EVENT_UUID_NAMESPACE.replaceAll('-', ''), 'hex');

const OPENING = 0x5b;
const CLOSING = 0x5d;

/** Memory for the next identity; undefined while one is being written. */
let spare: CanonicalBytes | undefined;

const uuidOf = (identity: CanonicalBytes) => uuidV5Of(identity.bytes());

const TRACE_ID_DIGITS = 32;
const SPAN_ID_DIGITS = 16;
const ZERO = 0x30;

/**
 * Returns the text of which a uuid is derived, as docs/semantic-conventions.md specifies it: the same for the same event
 * in any encoding, another one for another event.
 *
 * @returns undefined if the time or the tags can't be read
 */
export function eventIdentity(event: RawEvent, origin: EventOrigin = {}): string | undefined {
  return identityWith(event, origin, undefined, identity => identity.text());
}

/**
 * @param parsed what the tags are as JSON, if they are text that has been parsed before
 * @returns what `use` makes of the bytes that are written; undefined if the time or the tags can't be read
 */
function identityWith<T>(
  event: RawEvent,
  origin: EventOrigin,
  parsed: unknown,
  use: (identity: CanonicalBytes) => T,
): T | undefined {
  // What is read may be an object that derives a uuid itself when it is asked for a member.
  const bytes = spare ?? new CanonicalBytes(NAMESPACE_BYTES);
  spare = undefined;
  try {
    writeIdentity(event, origin, parsed, bytes);
    return use(bytes);
  } catch {
    return undefined;
  } finally {
    bytes.clear();
    spare = bytes;
  }
}

/** Absent, null, `''` and whatever is not text are the same: an event that can be used has text, or nothing, there. */
function writeIdentity(event: RawEvent, origin: EventOrigin, parsed: unknown, into: CanonicalBytes): void {
  const { name, attributes = {} } = event;
  const traceId = idText(origin.traceId, TRACE_ID_DIGITS);
  into.char(OPENING);
  writeText(name, into);
  writeText(traceId, into);
  writeText(idText(origin.spanId, SPAN_ID_DIGITS), into);
  writeText(traceId === '' ? stringOf(origin.serviceInstanceId) : '', into);
  writeText(nanosOf(event.time), into);
  writeText(stringOf(attributes[semconv.ATTR_FEATURE_FLAG_CONTEXT_ID]), into);
  writeText(stringOf(attributes[semconv.ATTR_FEATURE_FLAG_KEY]), into);
  writeText(stringOf(attributes[semconv.ATTR_OPTIMIZELY_RULE_KEY]), into);
  writeText(stringOf(attributes[semconv.ATTR_FEATURE_FLAG_RESULT_VARIANT]), into);
  writeText(stringOf(attributes[semconv.ATTR_OPTIMIZELY_EXPERIMENT_ID]), into);
  writeText(stringOf(attributes[semconv.ATTR_OPTIMIZELY_CAMPAIGN_ID]), into);
  writeText(stringOf(attributes[semconv.ATTR_OPTIMIZELY_VARIATION_ID]), into);
  writeText(stringOf(attributes[semconv.ATTR_OPTIMIZELY_EVENT_KEY]), into);
  writeText(stringOf(attributes[semconv.ATTR_OPTIMIZELY_EVENT_ID]), into);
  writeValue(tagsOf(name, attributes, parsed), into);
  into.char(CLOSING);
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
  return identityWith(event, origin, parsed, uuidOf);
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
  // Nearly every time is like this one, and it takes a third of the work.
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

/** An id is the same in capitals. One of zeros, or of another length, is none, as for those who read it from OTLP. */
function idText(id: unknown, length: number): string {
  const digits = stringOf(id);
  const isId = digits.length === length && hasOnly(digits, isHexDigit) && !hasOnly(digits, isZero);
  return isId ? digits.toLowerCase() : '';
}

function isZero(code: number): boolean {
  return code === ZERO;
}
