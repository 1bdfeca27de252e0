// SPDX-License-Identifier: Apache-2.0
import type { HrTime } from '@opentelemetry/api';
import type {
  ExperimentConversion,
  ExperimentEvent,
  ExperimentImpression,
} from '../model/experiment-event.js';
import type { TraceDetail } from '../model/installed-processor.js';
import * as semconv from '../model/semantic-conventions.js';

/** How much of an event becomes visible. */
export type Detail = Exclude<TraceDetail, 'none'>;
type EventAttributes = Record<string, string | boolean>;

/** An array of its own: it may carry the mark that the event was handed over. */
export function eventTime(event: ExperimentEvent): HrTime {
  return [Math.trunc(event.timestamp / 1000), (event.timestamp % 1000) * 1_000_000];
}

/** The same for span events and log records. */
export function attributesOf(event: ExperimentEvent, detail: Detail): EventAttributes {
  const attributes: EventAttributes = {};
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

function addImpression(attributes: EventAttributes, event: ExperimentImpression): void {
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

function addConversion(attributes: EventAttributes, event: ExperimentConversion): void {
  attributes[semconv.ATTR_OPTIMIZELY_EVENT_KEY] = event.eventKey;
  if (event.eventId) attributes[semconv.ATTR_OPTIMIZELY_EVENT_ID] = event.eventId;
}

function addJson(attributes: EventAttributes, name: string, value: object | undefined): void {
  if (value === undefined) return;
  try {
    attributes[name] = JSON.stringify(value);
  } catch {
    // Not serializable: the processor refuses the event and says so.
  }
}
