// SPDX-License-Identifier: Apache-2.0
import type { ExperimentEventType } from '../model/experiment-event.js';

const TEXT = 'a string';
const CONTAINER = 'an object';

const DEMANDS: Readonly<Record<string, string>> = {
  userId: TEXT,
  flagKey: TEXT,
  ruleKey: 'a string, given unless flagKey, experimentId or campaignId is',
  ruleType: "'experiment', 'feature-test', 'rollout' or 'holdout'",
  variationKey: TEXT,
  enabled: 'true or false',
  experimentId: TEXT,
  campaignId: TEXT,
  variationId: TEXT,
  cmabUuid: TEXT,
  eventKey: 'a string that is not empty',
  eventId: TEXT,
  attributes: CONTAINER,
  tags: CONTAINER,
  timestamp: 'a Date or milliseconds since the epoch, 13 digits',
  uuid: TEXT,
  userContext:
    "the user context that made the decision, whose getUserId() returns a string; or give userId: '…'",
};

/** What can't be made an event of, and the field at fault. It is told from an event by its type, which both have. */
export interface Unusable {
  readonly type: 'unusable';
  readonly unusable: string;
}

export function unusable(field: string): Unusable {
  return { type: 'unusable', unusable: field };
}

/** What a record call may be given in place of an impression or a conversion. */
export type WrongShape =
  | 'nothing'
  | 'a string'
  | 'a list'
  | 'a promise'
  | 'something else'
  | 'a user context'
  | 'several decisions'
  | 'a failed decision'
  | 'a decision'
  | 'an impression'
  | 'a conversion';

const CALLS: Readonly<Record<ExperimentEventType, string>> = {
  impression:
    "recordImpression(user.decide('flag_key')) or recordImpression({ userId, flagKey, ruleKey, variationKey })",
  conversion: "recordConversion({ userId, eventKey: 'purchase' })",
};

const SHAPES: Readonly<Record<WrongShape, Readonly<Record<ExperimentEventType, string>>>> = {
  nothing: ofBoth(call => `the argument must be an object, not undefined or null: write ${call}`),
  'a string': ofBoth(call => `the argument must be an object, not a string: write ${call}`),
  'a list': ofBoth(call => `the argument must be one object, not a list: for each, write ${call}`),
  'a promise': {
    impression:
      "the argument must be an object, not a promise: write recordImpression(await user.decideAsync('flag_key'))",
    conversion: `the argument must be an object, not a promise: await it, and write ${CALLS.conversion}`,
  },
  'something else': ofBoth(call => `the argument must be an object: write ${call}`),
  'a user context': {
    impression: `the argument must be a decision of the user context, not the context itself: write ${CALLS.impression}`,
    conversion:
      "the argument must not be the user context itself: write recordConversion({ userId: user.getUserId(), eventKey: 'purchase', attributes: user.getAttributes() })",
  },
  'several decisions': ofBoth(
    () =>
      'the argument must be one decision, not those of several flags: write for (const decision of Object.values(decisions)) recordImpression(decision)',
  ),
  'a failed decision': ofBoth(
    () =>
      "Optimizely's SDK could not make the decision, as its reasons say, and sends nothing for it either: wait for the client's onReady() before the first decision, and check the flag key",
  ),
  'a decision': ofBoth(() => 'a decision is an impression: write recordImpression(decision)'),
  'an impression': ofBoth(
    () =>
      `it has no eventKey, and the keys of an impression: write ${CALLS.impression}, or give eventKey: '…'`,
  ),
  'a conversion': ofBoth(() => `it has an eventKey, as a conversion: write ${CALLS.conversion}`),
};

function ofBoth(text: (call: string) => string): Readonly<Record<ExperimentEventType, string>> {
  return { impression: text(CALLS.impression), conversion: text(CALLS.conversion) };
}

/** Whether it is not one field that is unusable, but the argument as a whole. */
export function isWrongShape(field: string): field is WrongShape {
  return Object.hasOwn(SHAPES, field);
}

const IN_PLACE_OF = ' in place of ';

/** The form in which `describeUnusable` takes a field that was given by another name. */
export function misnamed({ meant, name }: { readonly meant: string; readonly name: string }): string {
  return `${meant}${IN_PLACE_OF}${name}`;
}

/**
 * For the log: what the field of a record call must be, or what to write in place of what was given. Of span events and
 * log records the attribute alone is named.
 */
export function describeUnusable(type: ExperimentEventType, field: string): string {
  if (isWrongShape(field)) return SHAPES[field][type];
  if (field.includes(IN_PLACE_OF)) return `${field.split(IN_PLACE_OF)[0]} is missing: write ${field}`;
  const demand = Object.hasOwn(DEMANDS, field) ? DEMANDS[field] : undefined;
  return demand === undefined ? `${field} is missing or unusable` : `${field} must be ${demand}`;
}
