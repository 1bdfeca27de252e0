// SPDX-License-Identifier: Apache-2.0
import type { InspectedEvent } from '../inspection/inspected-batch.js';
import type { ProjectNames } from '../inspection/project-names.js';

/** The datafile's key, else the one that the impression brings, else the id. */
export function experimentName(event: InspectedEvent, names: ProjectNames | undefined): string {
  const { experimentId = '', ruleKey = '', flagKey = '' } = event;
  const key = names?.rule(experimentId)?.key || ruleKey || experimentId;
  return key || (flagKey === '' ? 'no experiment' : `${flagKey} (no rule)`);
}

export function variationName(event: InspectedEvent, names: ProjectNames | undefined): string {
  const { experimentId = '', variationId, variationKey = '' } = event;
  return names?.rule(experimentId)?.variations.get(variationId ?? '') || variationKey || (variationId ?? '');
}
