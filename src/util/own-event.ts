// SPDX-License-Identifier: Apache-2.0
import type { ExperimentEvent } from '../model/experiment-event.js';
import { hasEventMembersForAll, ownMembers } from './own-members.js';

const SHARED = ['type', 'userId', 'uuid', 'timestamp', 'attributes'];
const MEMBERS = {
  impression: [
    ...SHARED,
    ...['flagKey', 'ruleKey', 'ruleType', 'variationKey', 'enabled', 'inferRule'],
    ...['experimentId', 'campaignId', 'variationId', 'cmabUuid'],
  ],
  conversion: [...SHARED, 'eventKey', 'eventId', 'tags', 'revenue', 'value'],
};

/**
 * An event that was made elsewhere, of which a member that is absent must not become what a dependency has put on
 * Object.prototype.
 *
 * @returns the event itself, where nothing is there
 */
export function ownEvent<E extends ExperimentEvent>(event: E): E {
  const names = hasEventMembersForAll() ? MEMBERS[event?.type] : undefined;
  return names === undefined ? event : (ownMembers(event, names) as unknown as E);
}

/** Whether the datafile has to tell the rule of an impression that is a flag evaluation. */
export function isRuleToInfer(event: ExperimentEvent): boolean {
  return event.type === 'impression' && event.inferRule === true && Object.hasOwn(event, 'inferRule');
}
