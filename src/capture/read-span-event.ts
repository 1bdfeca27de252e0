// SPDX-License-Identifier: Apache-2.0
import type { ExperimentEventType } from '../model/experiment-event.js';
import type { StoredSpanEvent } from '../model/hand-over-mark.js';
import * as semconv from '../model/semantic-conventions.js';

/** A span event or log record as input for a record call, its members not yet checked. */
export interface RawExperimentEvent {
  readonly type: ExperimentEventType;
  readonly input: Readonly<Record<string, unknown>>;
  /** The field that can't be read. */
  readonly unusable?: string | undefined;
}

const IMPRESSION_FIELDS: Readonly<Record<string, string>> = {
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
};

const CONVERSION_FIELDS: Readonly<Record<string, string>> = {
  userId: semconv.ATTR_FEATURE_FLAG_CONTEXT_ID,
  eventKey: semconv.ATTR_OPTIMIZELY_EVENT_KEY,
  eventId: semconv.ATTR_OPTIMIZELY_EVENT_ID,
  uuid: semconv.ATTR_OPTIMIZELY_EVENT_UUID,
};

const FIELDS = { impression: IMPRESSION_FIELDS, conversion: CONVERSION_FIELDS };

const JSON_FIELDS: Readonly<Record<string, string>> = {
  attributes: semconv.ATTR_OPTIMIZELY_USER_ATTRIBUTES,
  tags: semconv.ATTR_OPTIMIZELY_EVENT_TAGS,
};

/** The attribute that carries a field, for messages to people who wrote the event by hand. */
export function attributeOf(type: ExperimentEventType, field: string): string {
  return FIELDS[type][field] ?? JSON_FIELDS[field] ?? field;
}

/** Reads an event that code without this package added or emitted. The event's own time is its timestamp. */
export function readSpanEvent(type: ExperimentEventType, event: StoredSpanEvent): RawExperimentEvent {
  const attributes = event.attributes ?? {};
  const input: Record<string, unknown> = {
    timestamp: event.time[0] * 1000 + Math.trunc(event.time[1] / 1_000_000),
  };
  for (const [field, name] of Object.entries(FIELDS[type])) input[field] = attributes[name];
  let unusable: string | undefined;
  for (const [field, name] of Object.entries(JSON_FIELDS)) {
    if (attributes[name] === undefined || (field === 'tags' && type === 'impression')) continue;
    const members = membersIn(attributes[name]);
    if (members === undefined) unusable ??= field;
    else input[field] = members;
  }
  return { type, input, unusable };
}

/** JSON text, or the object itself: attributes of log records may nest. */
function membersIn(value: unknown): object | null | undefined {
  if (typeof value !== 'string') return asMembers(value);
  try {
    return asMembers(JSON.parse(value));
  } catch {
    return undefined;
  }
}

function asMembers(value: unknown): object | null | undefined {
  return typeof value === 'object' && !Array.isArray(value) && !ArrayBuffer.isView(value) ? value : undefined;
}
