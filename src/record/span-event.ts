// SPDX-License-Identifier: Apache-2.0
import type { Attributes, HrTime, Span } from '@opentelemetry/api';
import type { ConversionEvent, ExperimentEvent, ImpressionEvent } from '../model/experiment-event.js';
import { markOffered, type Offered } from '../model/hand-over-mark.js';
import type { SpanAttributes } from '../model/registry.js';
import * as semconv from '../model/semantic-conventions.js';

/** Adds the event to the span and marks it as handed over, so that no harvest takes it a second time. */
export function addSpanEvent(
  span: Span,
  event: ExperimentEvent,
  detail: Exclude<SpanAttributes, 'none'>,
  offered: Offered,
): void {
  const name =
    event.type === 'impression' ? semconv.EVENT_OPTIMIZELY_IMPRESSION : semconv.EVENT_OPTIMIZELY_CONVERSION;
  const time: HrTime = [Math.trunc(event.timestamp / 1000), (event.timestamp % 1000) * 1_000_000];
  const stored = (span as { events?: unknown }).events;
  if (!Array.isArray(stored)) {
    markOffered(time, offered);
    span.addEvent(name, attributesOf(event, detail), time);
    return;
  }
  const lastBefore: unknown = stored.at(-1);
  span.addEvent(name, attributesOf(event, detail), time);
  const last: unknown = stored.at(-1);
  // With an event limit of 0 nothing was stored.
  if (last !== lastBefore && typeof last === 'object' && last !== null) markOffered(last, offered);
}

function attributesOf(event: ExperimentEvent, detail: 'minimal' | 'full'): Attributes {
  const attributes: Attributes = {};
  if (detail === 'full') attributes[semconv.ATTR_FEATURE_FLAG_CONTEXT_ID] = event.userId;
  if (event.type === 'impression') addImpression(attributes, event);
  else addConversion(attributes, event);
  attributes[semconv.ATTR_OPTIMIZELY_EVENT_UUID] = event.uuid;
  attributes[semconv.ATTR_FEATURE_FLAG_PROVIDER_NAME] = semconv.FEATURE_FLAG_PROVIDER_NAME_VALUE_OPTIMIZELY;
  if (detail === 'full') {
    addJson(attributes, semconv.ATTR_OPTIMIZELY_USER_ATTRIBUTES, event.attributes);
    if (event.type === 'conversion') addJson(attributes, semconv.ATTR_OPTIMIZELY_EVENT_TAGS, event.tags);
  }
  return attributes;
}

function addImpression(attributes: Attributes, event: ImpressionEvent): void {
  if (event.flagKey) attributes[semconv.ATTR_FEATURE_FLAG_KEY] = event.flagKey;
  if (event.ruleKey) attributes[semconv.ATTR_OPTIMIZELY_RULE_KEY] = event.ruleKey;
  if (event.variationKey) attributes[semconv.ATTR_FEATURE_FLAG_RESULT_VARIANT] = event.variationKey;
  if (event.ruleType) attributes[semconv.ATTR_OPTIMIZELY_RULE_TYPE] = event.ruleType;
  attributes[semconv.ATTR_OPTIMIZELY_DECISION_ENABLED] = event.enabled;
  if (event.experimentId) attributes[semconv.ATTR_OPTIMIZELY_EXPERIMENT_ID] = event.experimentId;
  if (event.campaignId) attributes[semconv.ATTR_OPTIMIZELY_CAMPAIGN_ID] = event.campaignId;
  if (event.variationId) attributes[semconv.ATTR_OPTIMIZELY_VARIATION_ID] = event.variationId;
  if (event.cmabUuid) attributes[semconv.ATTR_OPTIMIZELY_CMAB_UUID] = event.cmabUuid;
}

function addConversion(attributes: Attributes, event: ConversionEvent): void {
  attributes[semconv.ATTR_OPTIMIZELY_EVENT_KEY] = event.eventKey;
  if (event.eventId) attributes[semconv.ATTR_OPTIMIZELY_EVENT_ID] = event.eventId;
}

function addJson(attributes: Attributes, name: string, value: object | undefined): void {
  if (value === undefined) return;
  try {
    attributes[name] = JSON.stringify(value);
  } catch {
    // Not serialisable: the processor refuses the event and says so.
  }
}
