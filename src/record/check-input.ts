// SPDX-License-Identifier: Apache-2.0

import {
  type EventTags,
  type ExperimentConversion,
  type ExperimentEvent,
  type ExperimentEventType,
  type ExperimentImpression,
  RULE_TYPES,
  type RuleType,
  type UserAttributes,
} from '../model/experiment-event.js';
import type { Runtime } from '../model/runtime.js';
import { amountsOf } from '../util/amounts.js';
import { type Receivers, stampConversion, stampImpression } from '../util/event-stamps.js';
import {
  optionalId,
  optionalObject,
  optionalString,
  optionalTimestamp,
  optionalUuid,
  requiredString,
  UnusableField,
} from './fields.js';

/** Makes an event of what the application passed, or names the field that prevents it. Never throws. */
export type CheckInput<E> = (
  input: unknown,
  runtime: Runtime,
  receivers: Receivers,
) => E | { readonly unusable: string };

export const checkImpression: CheckInput<ExperimentImpression> = checked((input, runtime, receivers) => {
  const userId = requiredString('userId', input.userId);
  const flagKey = optionalString('flagKey', input.flagKey) ?? '';
  const ruleKey = optionalString('ruleKey', input.ruleKey) ?? '';
  const ruleType = readRuleType(input.ruleType) ?? (flagKey === '' ? 'experiment' : undefined);
  const variationKey = optionalString('variationKey', input.variationKey) ?? '';
  const enabled = input.enabled ?? true;
  if (typeof enabled !== 'boolean') throw new UnusableField('enabled');
  const experimentId = optionalId('experimentId', input.experimentId);
  const campaignId = optionalId('campaignId', input.campaignId);
  const variationId = optionalId('variationId', input.variationId);
  const cmabUuid = optionalId('cmabUuid', input.cmabUuid);
  if (!flagKey && !ruleKey && !experimentId && !campaignId) throw new UnusableField('ruleKey');
  const attributes = optionalObject('attributes', input.attributes) as UserAttributes | undefined;
  const given = optionalTimestamp('timestamp', input.timestamp);
  const uuid = optionalUuid('uuid', input.uuid) ?? runtime.uuid();
  const timestamp = stampImpression(given, runtime, receivers);
  return {
    type: 'impression',
    userId,
    uuid,
    timestamp,
    flagKey,
    ruleKey,
    variationKey,
    enabled,
    ruleType,
    experimentId,
    campaignId,
    variationId,
    cmabUuid,
    attributes,
  };
});

export const checkConversion: CheckInput<ExperimentConversion> = checked((input, runtime, receivers) => {
  const userId = requiredString('userId', input.userId);
  const eventKey = requiredString('eventKey', input.eventKey);
  if (eventKey === '') throw new UnusableField('eventKey');
  const eventId = optionalId('eventId', input.eventId);
  const attributes = optionalObject('attributes', input.attributes) as UserAttributes | undefined;
  const tags = optionalObject('tags', input.tags) as EventTags | undefined;
  const { revenue, value } = amountsOf({ tags });
  const given = optionalTimestamp('timestamp', input.timestamp);
  const uuid = optionalUuid('uuid', input.uuid) ?? runtime.uuid();
  const timestamp = stampConversion(given, runtime, receivers);
  return {
    type: 'conversion',
    userId,
    uuid,
    timestamp,
    eventKey,
    eventId,
    attributes,
    tags,
    revenue,
    value,
  };
});

export function checkInput(
  type: ExperimentEventType,
  input: unknown,
  runtime: Runtime,
  receivers: Receivers,
): ExperimentEvent | { readonly unusable: string } {
  return type === 'impression'
    ? checkImpression(input, runtime, receivers)
    : checkConversion(input, runtime, receivers);
}

function checked<E>(
  make: (input: Record<string, unknown>, runtime: Runtime, receivers: Receivers) => E,
): CheckInput<E> {
  return (input, runtime, receivers) => {
    if (typeof input !== 'object' || input === null) return { unusable: 'the argument' };
    try {
      return make(input as Record<string, unknown>, runtime, receivers);
    } catch (error) {
      // A getter or proxy of the application's may throw anything.
      return { unusable: UnusableField.nameFrom(error) ?? 'a field that throws when read' };
    }
  };
}

function readRuleType(value: unknown): RuleType | undefined {
  if (value === undefined || value === null) return undefined;
  if (!RULE_TYPES.includes(value as RuleType)) throw new UnusableField('ruleType');
  return value as RuleType;
}
