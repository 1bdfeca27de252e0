// SPDX-License-Identifier: Apache-2.0

import type { DatafileIndex, Rule } from '../model/datafile-index.js';
import type { ExperimentImpression, RuleType } from '../model/experiment-event.js';
import { hasOnly, isDigit } from '../util/characters.js';
import type { Unresolved } from './unresolved.js';

export interface DecisionIds {
  readonly type: 'ids';
  readonly campaignId: string | null;
  /** `''` where no rule decided. */
  readonly experimentId: string;
  readonly variationId: string | null;
  /** The datafile has no such variation key. */
  readonly unknownVariation: boolean;
}

const INFERRED: readonly RuleType[] = ['feature-test', 'rollout', 'holdout'];

/** The rule's type: as given, or as the datafile has it. */
export function ruleTypeOf(event: ExperimentImpression, config: DatafileIndex): RuleType {
  const { ruleType, flagKey, ruleKey, variationKey } = event;
  if (ruleType !== undefined) return ruleType;
  if (flagKey === '') return 'experiment';
  // Without a rule: a forced decision names a variation, a flag that decided nothing does not.
  if (ruleKey === '') return variationKey === '' ? 'rollout' : 'feature-test';
  return INFERRED.find(type => config.findRule(type, flagKey, ruleKey) !== undefined) ?? 'feature-test';
}

/** The ids of an impression: given ones win, the datafile has the rest. */
export function findDecisionIds(
  event: ExperimentImpression,
  ruleType: RuleType,
  config: DatafileIndex,
): DecisionIds | Unresolved {
  const rule = findRule(event, ruleType, config);
  if (rule === undefined) {
    const unknown = unknownKey(event, config);
    if (unknown !== undefined) return { type: 'unresolved', reason: 'unknown_key', field: unknown };
  }
  const experimentId = event.experimentId ?? rule?.id ?? '';
  const variationId = event.variationId ?? findVariationId(event, rule, config);
  return {
    type: 'ids',
    // A rule of another id than the given one says nothing about that one's campaign.
    campaignId:
      event.campaignId ?? (rule?.id === experimentId ? rule.campaignId : undefined) ?? (experimentId || null),
    experimentId,
    variationId: variationId !== undefined && hasOnly(variationId, isDigit) ? variationId : null,
    unknownVariation: variationId === undefined && event.variationKey !== '',
  };
}

function findRule(event: ExperimentImpression, ruleType: RuleType, config: DatafileIndex): Rule | undefined {
  if (event.experimentId !== undefined) {
    const known = config.findRuleById(event.experimentId);
    if (known !== undefined) return known;
  }
  return event.ruleKey === '' ? undefined : config.findRule(ruleType, event.flagKey, event.ruleKey);
}

/** The field whose key leads nowhere, unless ids were given that need no key. */
function unknownKey(event: ExperimentImpression, config: DatafileIndex): string | undefined {
  if (event.experimentId !== undefined || event.campaignId !== undefined) return undefined;
  if (event.flagKey !== '' && !config.hasFlag(event.flagKey)) return 'flagKey';
  return event.ruleKey === '' ? undefined : 'ruleKey';
}

function findVariationId(
  event: ExperimentImpression,
  rule: Rule | undefined,
  config: DatafileIndex,
): string | undefined {
  if (event.variationKey === '') return undefined;
  return (
    rule?.variationIds.get(event.variationKey) ??
    config.findFlagVariationId(event.flagKey, event.variationKey)
  );
}
