// SPDX-License-Identifier: Apache-2.0

import type { Rule } from '../model/datafile-index.js';
import type { InferredRule } from '../model/inferred-rule.js';
import type { JsonObject } from '../util/json.js';
import { textOf } from '../util/text-of.js';
import type { DatafileContents, DatafileRule } from './datafile-contents.js';
import { type IndexedRule, toRule } from './rules.js';

/** A feature rollout: an experiment that shows the flag's "everyone else" variation to the rest of its traffic. */
const FEATURE_ROLLOUT = 'fr';

interface Flag {
  readonly experiments: ReadonlyMap<string, Rule>;
  readonly deliveryRules: ReadonlyMap<string, Rule>;
  readonly variationIds: ReadonlyMap<string, string>;
  /** By the keys of the variations that experiments have. */
  readonly inferredRules: ReadonlyMap<string, InferredRule>;
}

interface KeyedRule {
  readonly key: string;
  readonly rule: IndexedRule;
  readonly variations: JsonObject[];
  readonly isFeatureRollout: boolean;
}

/** Rules and variations flag by flag: a rule key may repeat across flags. */
export class FlagIndex {
  readonly #flags = new Map<string, Flag>();

  /** @param rulesById experiments, and receives the delivery rules too */
  constructor(
    contents: DatafileContents,
    rulesById: Map<string, IndexedRule>,
    holdouts: ReadonlyMap<string, Rule>,
  ) {
    const heldOut = new Set([...holdouts.values()].flatMap(({ variationIds }) => [...variationIds.keys()]));
    const deliveryRulesOf = new Map(contents.deliveryRules.map(rule => [rule, keyed(rule, toRule(rule))]));
    // One for each experiment, however many flags use it: a feature rollout adds a variation to it.
    const experimentsOf = new Map<DatafileRule, KeyedRule>();
    for (const flag of contents.flags) {
      const deliveryRules = flag.deliveryRules.flatMap(rule => deliveryRulesOf.get(rule) ?? []);
      const everyoneElse = deliveryRules.at(-1)?.variations[0];
      const experiments: KeyedRule[] = [];
      for (const source of flag.experiments) {
        const rule = rulesById.get(source.id);
        if (rule === undefined) continue;
        const experiment = experimentsOf.get(source) ?? keyed(source, rule);
        experimentsOf.set(source, experiment);
        experiments.push(experiment);
        if (experiment.isFeatureRollout && everyoneElse !== undefined) {
          experiment.variations.push(everyoneElse);
          rule.variationIds.set(textOf(everyoneElse.key), textOf(everyoneElse.id));
        }
      }
      this.#flags.set(flag.key, {
        experiments: firstByKey(experiments),
        deliveryRules: firstByKey(deliveryRules),
        variationIds: variationIdsOf([...experiments, ...deliveryRules]),
        inferredRules: inferredRulesOf(experiments, deliveryRules, heldOut),
      });
    }
    for (const { rule } of deliveryRulesOf.values()) {
      if (!rulesById.has(rule.id)) rulesById.set(rule.id, rule);
    }
  }

  has(flagKey: string): boolean {
    return this.#flags.has(flagKey);
  }

  findExperiment(flagKey: string, ruleKey: string): Rule | undefined {
    return this.#flags.get(flagKey)?.experiments.get(ruleKey);
  }

  findDeliveryRule(flagKey: string, ruleKey: string): Rule | undefined {
    return this.#flags.get(flagKey)?.deliveryRules.get(ruleKey);
  }

  inferRule(flagKey: string, variationKey: string): InferredRule {
    return this.#flags.get(flagKey)?.inferredRules.get(variationKey) ?? 'none';
  }

  findVariationId(flagKey: string, variationKey: string): string | undefined {
    return this.#flags.get(flagKey)?.variationIds.get(variationKey);
  }
}

function keyed({ key, variations, source }: DatafileRule, rule: IndexedRule): KeyedRule {
  return { key, rule, variations: [...variations], isFeatureRollout: source.type === FEATURE_ROLLOUT };
}

/** Within a flag the first rule of a key counts: it is the one that is evaluated. */
function firstByKey(rules: readonly KeyedRule[]): Map<string, Rule> {
  const byKey = new Map<string, Rule>();
  for (const { key, rule } of rules) if (!byKey.has(key)) byKey.set(key, rule);
  return byKey;
}

/**
 * A key that several variations of a flag share means the same one as in the official SDK: the first in the order of
 * an object keyed by id, where ids that are small numbers come first, ascending.
 */
function variationIdsOf(rules: readonly KeyedRule[]): Map<string, string> {
  const keysById: Record<string, string> = Object.create(null);
  for (const { variations } of rules) {
    for (const { id, key } of variations) keysById[textOf(id)] = textOf(key);
  }
  const byKey = new Map<string, string>();
  for (const [id, key] of Object.entries(keysById)) if (!byKey.has(key)) byKey.set(key, id);
  return byKey;
}

/** An experiment is known by its variations only if it shares none with another rule of the flag, or a holdout. */
function inferredRulesOf(
  experiments: readonly KeyedRule[],
  deliveryRules: readonly KeyedRule[],
  heldOut: ReadonlySet<string>,
): Map<string, InferredRule> {
  const rulesWith = new Map<string, number>();
  for (const rule of [...experiments, ...deliveryRules]) {
    for (const key of variationKeysOf(rule)) rulesWith.set(key, (rulesWith.get(key) ?? 0) + 1);
  }
  const inferred = new Map<string, InferredRule>();
  for (const experiment of experiments) {
    const keys = variationKeysOf(experiment);
    const known = [...keys].every(key => rulesWith.get(key) === 1 && !heldOut.has(key));
    for (const key of keys) inferred.set(key, known ? { ruleKey: experiment.key } : 'ambiguous');
  }
  return inferred;
}

function variationKeysOf({ variations }: KeyedRule): Set<string> {
  return new Set(variations.map(({ key }) => textOf(key)));
}
