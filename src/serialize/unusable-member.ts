// SPDX-License-Identifier: Apache-2.0
import type { ExperimentEvent, ExperimentImpression } from '../model/experiment-event.js';

/**
 * The member of an event that would break its text, and with it a whole batch: the application may make events itself,
 * and its JavaScript knows no types.
 *
 * @returns undefined if there is none
 */
export function unusableMember(event: ExperimentEvent): string | undefined {
  if (typeof event !== 'object' || event === null) return 'the event';
  if (typeof event.userId !== 'string') return 'userId';
  if (typeof event.uuid !== 'string') return 'uuid';
  if (!Number.isFinite(event.timestamp)) return 'timestamp';
  if (event.type === 'impression') return unusableOfImpression(event);
  return typeof event.eventKey === 'string' ? undefined : 'eventKey';
}

const KEYS = ['flagKey', 'ruleKey', 'variationKey'] as const;
const IDS = ['experimentId', 'campaignId', 'variationId', 'cmabUuid'] as const;

function unusableOfImpression(event: ExperimentImpression): string | undefined {
  if (typeof event.enabled !== 'boolean') return 'enabled';
  for (const key of KEYS) if (typeof event[key] !== 'string') return key;
  for (const id of IDS) if (typeof (event[id] ?? '') !== 'string') return id;
  return undefined;
}
