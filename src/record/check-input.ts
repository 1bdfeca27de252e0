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
import { amountsIn } from '../util/amounts.js';
import { type Receivers, stampConversion, stampImpression } from '../util/event-stamps.js';
import { hasEventMembersForAll, ownMembers } from '../util/own-members.js';
import { type Unusable, unusable, type WrongShape } from '../util/unusable-field.js';
import { isFailedDecision } from './decision.js';
import {
  optionalId,
  optionalObject,
  optionalString,
  optionalTimestamp,
  optionalUuid,
  requiredString,
  UnusableField,
} from './fields.js';
import { READ } from './member-names.js';
import { attributesOf, userIdOf } from './user-context.js';
import { explainMissing, shapeOf } from './wrong-shape.js';

/** Makes an event of what the application passed, or names the field that prevents it. Never throws. */
export type CheckInput<E> = (input: unknown, runtime: Runtime, receivers: Receivers) => E | Unusable;

export const checkImpression: CheckInput<ExperimentImpression> = checked(
  'impression',
  (input, runtime, receivers) => {
    const userId =
      isAbsent(input.userId) && !isAbsent(input.userContext)
        ? userIdOf(input.userContext)
        : requiredString('userId', input.userId);
    if (isFailedDecision(input)) throw new UnusableField('a failed decision' satisfies WrongShape);
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
    const attributes = optionalObject('attributes', attributesGiven(input)) as UserAttributes | undefined;
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
  },
);

export const checkConversion: CheckInput<ExperimentConversion> = checked(
  'conversion',
  (input, runtime, receivers) => {
    const userId = requiredString('userId', input.userId);
    const eventKey = requiredString('eventKey', input.eventKey);
    if (eventKey === '') throw new UnusableField('eventKey');
    const eventId = optionalId('eventId', input.eventId);
    const attributes = optionalObject('attributes', input.attributes) as UserAttributes | undefined;
    const tags = optionalObject('tags', input.tags) as EventTags | undefined;
    const { revenue, value } = amountsIn(tags);
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
  },
);

export function checkInput(
  type: ExperimentEventType,
  input: unknown,
  runtime: Runtime,
  receivers: Receivers,
): ExperimentEvent | Unusable {
  return type === 'impression'
    ? checkImpression(input, runtime, receivers)
    : checkConversion(input, runtime, receivers);
}

function checked<E>(
  type: ExperimentEventType,
  make: (input: Record<string, unknown>, runtime: Runtime, receivers: Receivers) => E,
): CheckInput<E> {
  return (input, runtime, receivers) => {
    if (typeof input !== 'object' || input === null) return unusable(shapeOf(input));
    try {
      const given = input as Record<string, unknown>;
      return make(hasEventMembersForAll() ? ownMembers(given, READ[type]) : given, runtime, receivers);
    } catch (error) {
      const field = UnusableField.nameFrom(error);
      // A getter or proxy of the application's may throw anything.
      if (field === undefined) return unusable('a field that throws when read');
      return unusable(MAY_BE_MISSING.has(field) ? explainMissing(type, input, field) : field);
    }
  };
}

const MAY_BE_MISSING: ReadonlySet<string> = new Set(['userId', 'eventKey', 'ruleKey']);

function isAbsent(value: unknown): value is undefined | null {
  return value === undefined || value === null;
}

/** Those of a decision are its user context's. */
function attributesGiven({ attributes, userContext }: Record<string, unknown>): unknown {
  return isAbsent(attributes) && !isAbsent(userContext) ? attributesOf(userContext) : attributes;
}

function readRuleType(value: unknown): RuleType | undefined {
  if (value === undefined || value === null) return undefined;
  if (!RULE_TYPES.includes(value as RuleType)) throw new UnusableField('ruleType');
  return value as RuleType;
}
