// SPDX-License-Identifier: Apache-2.0

import type { Rule } from '../model/datafile-index.js';
import type { InferredRule } from '../model/inferred-rule.js';
import { forEachInSteps, type Steps } from '../util/steps.js';
import type { DatafileContents, DatafileFlag, DatafileRule } from './datafile-contents.js';
import { FlagRules, type RuleOfFlag } from './flag-rules.js';
import { IndexedRule } from './rules.js';

/** A feature rollout: an experiment that shows the flag's "everyone else" variation to the rest of its traffic. */
const FEATURE_ROLLOUT = 'fr';

/** Rules and variations flag by flag: a rule key may repeat across flags. */
export class FlagIndex {
  readonly #flags: ReadonlyMap<string, FlagRules>;

  constructor(flags: ReadonlyMap<string, FlagRules>) {
    this.#flags = flags;
  }

  has(flagKey: string): boolean {
    return this.#flags.has(flagKey);
  }

  findExperiment(flagKey: string, ruleKey: string): Rule | undefined {
    return this.#flags.get(flagKey)?.lookups.experiments.get(ruleKey);
  }

  findDeliveryRule(flagKey: string, ruleKey: string): Rule | undefined {
    return this.#flags.get(flagKey)?.lookups.deliveryRules.get(ruleKey);
  }

  inferRule(flagKey: string, variationKey: string): InferredRule {
    return this.#flags.get(flagKey)?.lookups.inferredRules.get(variationKey) ?? 'none';
  }

  findVariationId(flagKey: string, variationKey: string): string | undefined {
    return this.#flags.get(flagKey)?.lookups.variationIds.get(variationKey);
  }
}

/** @param rulesById experiments, and receives the delivery rules too */
export function* indexFlags(
  contents: DatafileContents,
  rulesById: Map<string, IndexedRule>,
  holdouts: readonly IndexedRule[],
): Steps<FlagIndex> {
  const heldOut = new Set(holdouts.flatMap(({ variations }) => variations.map(({ key }) => key)));
  const deliveryRulesOf = new Map<DatafileRule, IndexedRule>();
  yield* forEachInSteps(contents.deliveryRules, rule => deliveryRulesOf.set(rule, new IndexedRule(rule)));
  const flags = new Map<string, FlagRules>();
  yield* forEachInSteps(contents.flags, flag => {
    const deliveryRules = flag.deliveryRules.flatMap(rule => deliveryRulesOf.get(rule) ?? []);
    const experiments = experimentsOf(flag, rulesById, deliveryRules);
    flags.set(flag.key, new FlagRules(experiments, deliveryRules.map(asItIs), heldOut));
  });
  yield* forEachInSteps([...deliveryRulesOf.values()], rule => {
    if (!rulesById.has(rule.id)) rulesById.set(rule.id, rule);
  });
  return new FlagIndex(flags);
}

/** A feature rollout adds a variation to its experiment, which other flags may use too. */
function experimentsOf(
  flag: DatafileFlag,
  rulesById: ReadonlyMap<string, IndexedRule>,
  deliveryRules: readonly IndexedRule[],
): RuleOfFlag[] {
  const everyoneElse = deliveryRules.at(-1)?.variations[0];
  const rules: IndexedRule[] = [];
  for (const { id, source } of flag.experiments) {
    const rule = rulesById.get(id);
    if (rule === undefined) continue;
    rules.push(rule);
    if (source.type === FEATURE_ROLLOUT && everyoneElse !== undefined) rule.variations.push(everyoneElse);
  }
  return rules.map(asItIs);
}

function asItIs(rule: IndexedRule): RuleOfFlag {
  return { rule, variationCount: rule.variations.length };
}
