// SPDX-License-Identifier: Apache-2.0
import type { ExperimentEventType } from '../model/experiment-event.js';
import * as semconv from '../model/semantic-conventions.js';
import { isStackOverflow } from '../util/guard.js';
import { isAnyOfAll, memberOf, ownMembers } from '../util/own-members.js';
import { deriveUuidWith } from './event-identity.js';
import { jsonReady } from './json-ready.js';
import type { EventOrigin, RawEvent } from './raw-event.js';

/** A span event or log record as input for a record call, its members not yet checked. */
export interface RawExperimentEvent {
  readonly type: ExperimentEventType;
  readonly input: Readonly<Record<string, unknown>>;
  /** The field that can't be read. */
  readonly unusable: string | undefined;
}

const IMPRESSION_FIELDS = {
  userId: semconv.ATTR_FEATURE_FLAG_CONTEXT_ID,
  flagKey: semconv.ATTR_FEATURE_FLAG_KEY,
  ruleKey: semconv.ATTR_OPTIMIZELY_RULE_KEY,
  ruleType: semconv.ATTR_OPTIMIZELY_RULE_TYPE,
  variationKey: semconv.ATTR_FEATURE_FLAG_RESULT_VARIANT,
  enabled: semconv.ATTR_OPTIMIZELY_DECISION_ENABLED,
  experimentId: semconv.ATTR_OPTIMIZELY_EXPERIMENT_ID,
  campaignId: semconv.ATTR_OPTIMIZELY_CAMPAIGN_ID,
  variationId: semconv.ATTR_OPTIMIZELY_VARIATION_ID,
  cmabUuid: semconv.ATTR_OPTIMIZELY_CMAB_UUID,
  uuid: semconv.ATTR_OPTIMIZELY_EVENT_UUID,
} as const;

const CONVERSION_FIELDS = {
  userId: semconv.ATTR_FEATURE_FLAG_CONTEXT_ID,
  eventKey: semconv.ATTR_OPTIMIZELY_EVENT_KEY,
  eventId: semconv.ATTR_OPTIMIZELY_EVENT_ID,
  uuid: semconv.ATTR_OPTIMIZELY_EVENT_UUID,
} as const;

const JSON_FIELDS = {
  attributes: semconv.ATTR_OPTIMIZELY_USER_ATTRIBUTES,
  tags: semconv.ATTR_OPTIMIZELY_EVENT_TAGS,
} as const;

/** The attribute that carries a field, for messages to people who wrote the event by hand. */
export function attributeOf(type: ExperimentEventType, field: string): string {
  const fields = type === 'impression' ? IMPRESSION_FIELDS : CONVERSION_FIELDS;
  const names: Readonly<Record<string, string | undefined>> = { ...fields, ...JSON_FIELDS };
  return names[field] ?? field;
}

const READ: readonly string[] = [
  ...Object.values(IMPRESSION_FIELDS),
  ...Object.values(CONVERSION_FIELDS),
  ...Object.values(JSON_FIELDS),
  ...[semconv.ATTR_LOG_RECORD_UID, semconv.ATTR_ERROR_TYPE],
  ...[semconv.ATTR_FEATURE_FLAG_RESULT_REASON, semconv.ATTR_FEATURE_FLAG_RESULT_VALUE],
];

/** Reads the attributes of an event, without what a dependency has put on Object.prototype by one of their names. */
export function attributesOf(event: RawEvent): Given {
  const attributes = memberOf(event, 'attributes') ?? {};
  return isAnyOfAll(READ) ? ownMembers(attributes, READ) : attributes;
}

/** Reads an event that code without this package added or emitted. The event's own time is its timestamp. */
export function readSpanEvent(type: ExperimentEventType, event: RawEvent): RawExperimentEvent {
  const given = attributesOf(event);
  const timestamp = timestampOf(event.time);
  const attributes = membersIn(given[JSON_FIELDS.attributes]);
  const tags = type === 'impression' ? undefined : membersIn(given[JSON_FIELDS.tags]);
  const input =
    type === 'impression'
      ? toImpression(given, attributes, timestamp)
      : toConversion(given, attributes, tags, timestamp);
  if (attributes === 'unusable') return { type, input, unusable: 'attributes' };
  if (tags === 'unusable') return { type, input, unusable: 'tags' };
  return { type, input, unusable: undefined };
}

/** Stands for a field's name. */
export const UNREADABLE = 'its list of attributes';

/** Of an event that throws when read, only its type is known. */
export function readSpanEventSafely(type: ExperimentEventType, event: RawEvent): RawExperimentEvent {
  try {
    return readSpanEvent(type, event);
  } catch {
    return { type, input: {}, unusable: UNREADABLE };
  }
}

/** The same, but an event that could be read on a shorter stack is not taken for one that can't be read at all. */
export function readSpanEventWhole(type: ExperimentEventType, event: RawEvent): RawExperimentEvent {
  try {
    return readSpanEvent(type, event);
  } catch (error) {
    if (isStackOverflow(error)) throw error;
    return { type, input: {}, unusable: UNREADABLE };
  }
}

/** An event without a uuid gets the one that is derived of it; one whose time can't be read stays without. */
export function withUuid(raw: RawExperimentEvent, event: RawEvent, origin: EventOrigin | undefined): Given {
  const { input } = raw;
  return input.uuid === undefined ? { ...input, uuid: deriveUuidWith(event, origin, input.tags) } : input;
}

/**
 * Spans of other vendors may keep times otherwise, or none.
 *
 * @returns undefined if it can't be told, so that the time of the harvest stands for it
 */
function timestampOf(time: unknown): unknown {
  if (typeof time === 'bigint') return Number(time / 1_000_000n);
  if (typeof time !== 'object' || time === null) return typeof time === 'number' ? time : undefined;
  const [seconds, nanoseconds] = [(time as ArrayLike<unknown>)[0], (time as ArrayLike<unknown>)[1]];
  if (typeof seconds !== 'number' || typeof nanoseconds !== 'number')
    return Array.isArray(time) ? undefined : time;
  return seconds * 1000 + Math.trunc(nanoseconds / 1_000_000);
}

type Given = Readonly<Record<string, unknown>>;

/** What identifies the event, or else the log record that it is. */
function uuidOf(given: Given): unknown {
  const uuid = given[IMPRESSION_FIELDS.uuid];
  if (uuid !== undefined && uuid !== null && uuid !== '') return uuid;
  const ofRecord = given[semconv.ATTR_LOG_RECORD_UID];
  return typeof ofRecord === 'string' && ofRecord !== '' ? ofRecord : undefined;
}

/** Written out, and not put together member by member: a span event costs 3 µs less. */
function toImpression(given: Given, attributes: unknown, timestamp: unknown) {
  return {
    userId: given[IMPRESSION_FIELDS.userId],
    flagKey: given[IMPRESSION_FIELDS.flagKey],
    ruleKey: given[IMPRESSION_FIELDS.ruleKey],
    ruleType: given[IMPRESSION_FIELDS.ruleType],
    variationKey: given[IMPRESSION_FIELDS.variationKey],
    enabled: given[IMPRESSION_FIELDS.enabled],
    experimentId: given[IMPRESSION_FIELDS.experimentId],
    campaignId: given[IMPRESSION_FIELDS.campaignId],
    variationId: given[IMPRESSION_FIELDS.variationId],
    cmabUuid: given[IMPRESSION_FIELDS.cmabUuid],
    uuid: uuidOf(given),
    attributes,
    timestamp,
  };
}

function toConversion(given: Given, attributes: unknown, tags: unknown, timestamp: unknown) {
  return {
    userId: given[CONVERSION_FIELDS.userId],
    eventKey: given[CONVERSION_FIELDS.eventKey],
    eventId: given[CONVERSION_FIELDS.eventId],
    uuid: uuidOf(given),
    attributes,
    tags,
    timestamp,
  };
}

/** JSON text, or the object itself: attributes of log records may nest. */
function membersIn(value: unknown): object | null | undefined | 'unusable' {
  if (value === undefined) return undefined;
  try {
    return membersOrNone(typeof value === 'string' ? JSON.parse(value) : jsonReady(value));
  } catch {
    return 'unusable';
  }
}

function membersOrNone(value: unknown): object | null | 'unusable' {
  const is = typeof value === 'object' && !Array.isArray(value) && !ArrayBuffer.isView(value);
  return is ? value : 'unusable';
}
