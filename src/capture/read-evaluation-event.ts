// SPDX-License-Identifier: Apache-2.0

import * as semconv from '../model/semantic-conventions.js';
import type { RawEvent } from './raw-event.js';
import { attributesOf, type RawExperimentEvent, readSpanEvent } from './read-span-event.js';

/**
 * Reads a `feature_flag.evaluation` event, of a span or a log record, as an impression; beside OpenTelemetry's
 * attributes those of `optimizely.impression` are understood, so that a hook can add the rule key.
 *
 * @returns undefined for a failed evaluation, one without a variation, one of a delivery rule, or one whose rule key is
 *   `''`, because no rule decided
 */
export function readEvaluationEvent(event: RawEvent): RawExperimentEvent | undefined {
  const attributes = attributesOf(event);
  if (failed(attributes) || !attributes[semconv.ATTR_FEATURE_FLAG_KEY]) return undefined;
  const raw = readSpanEvent('impression', event);
  if (raw.unusable !== undefined) return raw;
  const { variationKey, variationId, ruleType } = raw.input;
  if ((!variationKey && !variationId) || ruleType === 'rollout') return undefined;
  if (raw.input.ruleKey === '' && !namesRule(raw.input)) return undefined;
  const enabled = raw.input.enabled ?? isEnabled(attributes);
  // A plain experiment has no flag: the key that was evaluated is only the provider's name for it.
  const flagKey = ruleType === 'experiment' ? '' : raw.input.flagKey;
  return { ...raw, input: { ...raw.input, flagKey, enabled } };
}

/** Whether an impression names what it is of beside the flag. */
export function namesRule({ ruleKey, experimentId, campaignId }: Readonly<Record<string, unknown>>): boolean {
  return Boolean(ruleKey || experimentId || campaignId);
}

function failed(attributes: Readonly<Record<string, unknown>>): boolean {
  return attributes[semconv.ATTR_ERROR_TYPE] !== undefined || reasonOf(attributes) === 'error';
}

/** Optimizely providers resolve a boolean flag to whether it is on. */
function isEnabled(attributes: Readonly<Record<string, unknown>>): boolean {
  const value = attributes[semconv.ATTR_FEATURE_FLAG_RESULT_VALUE];
  return reasonOf(attributes) === 'disabled' ? false : typeof value === 'boolean' ? value : true;
}

function reasonOf(attributes: Readonly<Record<string, unknown>>): string | undefined {
  const reason = attributes[semconv.ATTR_FEATURE_FLAG_RESULT_REASON];
  return typeof reason === 'string' ? reason.toLowerCase() : undefined;
}
