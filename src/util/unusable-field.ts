// SPDX-License-Identifier: Apache-2.0

const TEXT = 'a string';
const CONTAINER = 'an object';

const DEMANDS: Readonly<Record<string, string>> = {
  'the argument': CONTAINER,
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
};

/** For the log: what the field of a record call must be. Of span events and log records the attribute alone is named. */
export function describeUnusable(field: string): string {
  const demand = DEMANDS[field];
  return demand === undefined ? `${field} is missing or unusable` : `${field} must be ${demand}`;
}
