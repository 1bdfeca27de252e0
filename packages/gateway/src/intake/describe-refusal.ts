// SPDX-License-Identifier: Apache-2.0
import type { ExperimentEvent, Unresolved } from 'opentelemetry-exporter-optimizely';
import type { RefusalReason } from '../model/receipt.js';

/** What keys look like at Optimizely. Anything else is not shown: it may be a user's data in the wrong place. */
const KEY = /^[\w.:-]{1,64}$/;

export function quotedKey(key: string): string {
  return KEY.test(key) ? `"${key}"` : `of ${key.length} characters (not shown)`;
}

/** Whether a text may be shown in logs and metrics. */
export function isShowable(key: string): boolean {
  return KEY.test(key);
}

/** Tells keys apart, also those that are not shown. */
export function identityOfKey(event: ExperimentEvent, { field }: Unresolved): string {
  if (event.type === 'conversion') return JSON.stringify([event.eventKey]);
  const { flagKey, ruleKey, ruleType } = event;
  return JSON.stringify(field === 'ruleKey' ? [flagKey, ruleKey, ruleType] : [flagKey, 'flag']);
}

/** The key that the datafile does not have. */
function missingKey(event: ExperimentEvent, { field }: Unresolved): string {
  if (event.type === 'conversion') return `event key ${quotedKey(event.eventKey)}`;
  if (field !== 'ruleKey') return `flag key ${quotedKey(event.flagKey)}`;
  const flag = event.flagKey === '' ? '' : ` of flag key ${quotedKey(event.flagKey)}`;
  const type = event.ruleType === undefined ? '' : ` and rule type ${event.ruleType}`;
  return `rule key ${quotedKey(event.ruleKey)}${flag}${type}`;
}

export function describeUnresolved(event: ExperimentEvent, unresolved: Unresolved, revision: string): string {
  switch (unresolved.reason) {
    case 'invalid':
      return `${event.type}: its ${unresolved.field} can't be serialized to JSON`;
    case 'unknown_key':
      return `${event.type}: ${missingKey(event, unresolved)} is not in datafile revision ${revision}`;
    case 'flag_decisions_off':
      return `${event.type}: its rule type is rollout, which the project does not want to be sent (sendFlagDecisions)`;
    case 'no_experiment':
      return 'feature_flag.evaluation: no single experiment of its flag has its variation; have it carry optimizely.rule.key';
  }
}

const SETTLED: Readonly<Record<RefusalReason, string>> = {
  invalid: 'the event cannot be sent',
  unknown_key: 'the datafile does not have its key',
  unknown_project: 'the project is not known here',
  flag_decisions_off: 'the project does not want impressions of rollouts (sendFlagDecisions)',
  no_experiment: 'no experiment decided it',
  before_send: 'what may leave cannot be decided for a visitor with several events',
  too_large: 'the event alone exceeds what a request may hold',
  expired: 'the event is older than the stream keeps events',
  rejected: "Optimizely's Events API refuses the event",
};

/** What is said of an event that was refused after it had been handed over. */
export function describeSettled(reason: RefusalReason): string {
  return SETTLED[reason];
}
