// SPDX-License-Identifier: Apache-2.0

import type { DatafileIndex } from '../model/datafile-index.js';
import type { ExperimentImpression, RuleType } from '../model/experiment-event.js';
import { isAscii } from '../util/characters.js';
import { type DecisionIds, findDecisionIds, ruleTypeOf } from './decision-ids.js';
import { flat } from './quoted.js';
import type { Unresolved } from './unresolved.js';

/** The snapshot of an impression without what differs from one to the next of the same decision. */
export interface PreparedDecision {
  readonly type: 'prepared';
  /** Up to the value of `enabled`. */
  readonly opening: string;
  /** From the end of the metadata up to the timestamp. */
  readonly closing: string;
  /** Whether it has as many bytes as characters. */
  readonly isAscii: boolean;
  /** The datafile has no such variation key. */
  readonly unknownVariation: boolean;
}

type ByKey<T> = Map<string, T>;

/**
 * Decisions as JSON text. Those that the datafile knows are remembered, so there are never more of them than its
 * variations times the rule types they may be asked for with, and times its flags where they are of a holdout.
 */
export class PreparedDecisions {
  readonly #config: DatafileIndex;
  readonly #known: Partial<Record<RuleType | 'unsaid', ByKey<ByKey<ByKey<PreparedDecision>>>>> = {};

  constructor(config: DatafileIndex) {
    this.#config = config;
  }

  find(event: ExperimentImpression): PreparedDecision | Unresolved {
    const { ruleType = 'unsaid', flagKey, ruleKey, variationKey } = event;
    // Given ids win over the datafile's, and may be any.
    if (hasIds(event)) return this.#make(event);
    const known = this.#known[ruleType]?.get(flagKey)?.get(ruleKey)?.get(variationKey);
    if (known !== undefined) return known;
    const made = this.#make(event);
    if (made.type === 'unresolved' || made.unknownVariation) return made;
    // A holdout is found whatever the flag.
    if (flagKey !== '' && !this.#config.hasFlag(flagKey)) return made;
    this.#known[ruleType] ??= new Map();
    within(within(this.#known[ruleType], flagKey), ruleKey).set(variationKey, made);
    return made;
  }

  #make(event: ExperimentImpression): PreparedDecision | Unresolved {
    const ruleType = ruleTypeOf(event, this.#config);
    const ids = findDecisionIds(event, ruleType, this.#config);
    if (ids.type === 'unresolved') return ids;
    if (ruleType === 'rollout' && !this.#config.sendFlagDecisions) {
      return { type: 'unresolved', reason: 'flag_decisions_off', field: 'ruleType' };
    }
    return prepareDecision(event, ruleType, ids);
  }
}

function hasIds({ experimentId, campaignId, variationId }: ExperimentImpression): boolean {
  return experimentId !== undefined || campaignId !== undefined || variationId !== undefined;
}

function within<T>(outer: ByKey<ByKey<T>>, key: string): ByKey<T> {
  let inner = outer.get(key);
  if (inner === undefined) {
    inner = new Map();
    outer.set(key, inner);
  }
  return inner;
}

function prepareDecision(
  { flagKey, ruleKey, variationKey }: ExperimentImpression,
  ruleType: RuleType,
  ids: DecisionIds,
): PreparedDecision {
  const campaign = JSON.stringify(ids.campaignId);
  const opening = flat(
    `{"decisions":[{"campaign_id":${campaign},"experiment_id":${JSON.stringify(ids.experimentId)}` +
      `,"variation_id":${JSON.stringify(ids.variationId)}` +
      `,"metadata":{"flag_key":${JSON.stringify(flagKey)},"rule_key":${JSON.stringify(ruleKey)}` +
      `,"rule_type":"${ruleType}","variation_key":${JSON.stringify(variationKey)},"enabled":`,
  );
  return {
    type: 'prepared',
    opening,
    closing: flat(`}}],"events":[{"entity_id":${campaign},"timestamp":`),
    isAscii: isAscii(opening),
    unknownVariation: ids.unknownVariation,
  };
}
