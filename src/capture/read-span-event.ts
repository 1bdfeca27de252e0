// SPDX-License-Identifier: Apache-2.0
import type { ExperimentEventType } from '../model/experiment-event.js';
import type { StoredSpanEvent } from '../model/hand-over-mark.js';
import * as semconv from '../model/semantic-conventions.js';

/** A span event as input for a record call, its members not yet checked. */
export type RawExperimentEvent =
  | { readonly type: ExperimentEventType; readonly input: Readonly<Record<string, unknown>> }
  | { readonly type: ExperimentEventType; readonly unusable: string };

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

export function experimentEventType(name: string): ExperimentEventType | undefined {
  if (name === semconv.EVENT_OPTIMIZELY_IMPRESSION) return 'impression';
  if (name === semconv.EVENT_OPTIMIZELY_CONVERSION) return 'conversion';
  return undefined;
}

/** The attribute that carries a field, for messages to people who wrote `span.addEvent`. */
export function attributeOf(type: ExperimentEventType, field: string): string {
  const fields = type === 'impression' ? IMPRESSION_FIELDS : CONVERSION_FIELDS;
  const names: Readonly<Record<string, string | undefined>> = { ...fields, ...JSON_FIELDS };
  return names[field] ?? field;
}

/** Reads a span event that code without this package added. The event's own time is its timestamp. */
export function readSpanEvent(type: ExperimentEventType, event: StoredSpanEvent): RawExperimentEvent {
  const given = event.attributes ?? {};
  const attributes = parseObject(given[JSON_FIELDS.attributes]);
  if (attributes === 'unusable') return { type, unusable: 'attributes' };
  const timestamp = event.time[0] * 1000 + Math.trunc(event.time[1] / 1_000_000);
  if (type === 'impression') return { type, input: toImpression(given, attributes, timestamp) };
  const tags = parseObject(given[JSON_FIELDS.tags]);
  if (tags === 'unusable') return { type, unusable: 'tags' };
  return { type, input: toConversion(given, attributes, tags, timestamp) };
}

type Given = Readonly<Record<string, unknown>>;

/** Written out, and not a loop over the fields that makes the object member by member. */
function toImpression(given: Given, attributes: unknown, timestamp: number) {
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
    uuid: given[IMPRESSION_FIELDS.uuid],
    attributes,
    timestamp,
  };
}

function toConversion(given: Given, attributes: unknown, tags: unknown, timestamp: number) {
  return {
    userId: given[CONVERSION_FIELDS.userId],
    eventKey: given[CONVERSION_FIELDS.eventKey],
    eventId: given[CONVERSION_FIELDS.eventId],
    uuid: given[CONVERSION_FIELDS.uuid],
    attributes,
    tags,
    timestamp,
  };
}

function parseObject(text: unknown): object | null | undefined | 'unusable' {
  if (text === undefined) return undefined;
  if (typeof text !== 'string') return 'unusable';
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && !Array.isArray(value) ? value : 'unusable';
  } catch {
    return 'unusable';
  }
}
