// SPDX-License-Identifier: Apache-2.0
import type { Rule } from '../model/datafile-index.js';
import type { InferredRule } from '../model/inferred-rule.js';
import type { IndexedRule, Variation } from './rules.js';

/** A rule as a flag has it. */
export interface RuleOfFlag {
  readonly rule: IndexedRule;
  /** So many of its variations are the flag's: flags that come later may add more to the rule. */
  readonly variationCount: number;
}

interface Lookups {
  readonly experiments: ReadonlyMap<string, Rule>;
  readonly deliveryRules: ReadonlyMap<string, Rule>;
  readonly variationIds: ReadonlyMap<string, string>;
  /** By the keys of the variations that experiments have. */
  readonly inferredRules: ReadonlyMap<string, InferredRule>;
}

/**
 * The rules of a flag, by their keys and those of their variations. The maps are made when something is looked up: they
 * would take two thirds of the time that a datafile takes, and most flags of a large one have no events.
 */
export class FlagRules {
  readonly #experiments: readonly RuleOfFlag[];
  readonly #deliveryRules: readonly RuleOfFlag[];
  readonly #heldOut: ReadonlySet<string>;
  #lookups: Lookups | undefined;

  /** @param heldOut keys of the variations of all holdouts */
  constructor(
    experiments: readonly RuleOfFlag[],
    deliveryRules: readonly RuleOfFlag[],
    heldOut: ReadonlySet<string>,
  ) {
    this.#experiments = experiments;
    this.#deliveryRules = deliveryRules;
    this.#heldOut = heldOut;
  }

  get lookups(): Lookups {
    const [experiments, deliveryRules] = [this.#experiments, this.#deliveryRules];
    this.#lookups ??= {
      experiments: firstByKey(experiments),
      deliveryRules: firstByKey(deliveryRules),
      variationIds: variationIdsOf([...experiments, ...deliveryRules]),
      inferredRules: inferredRulesOf(experiments, deliveryRules, this.#heldOut),
    };
    return this.#lookups;
  }
}

function variationsOf({ rule, variationCount }: RuleOfFlag): readonly Variation[] {
  return rule.variations.slice(0, variationCount);
}

/** Within a flag the first rule of a key counts: it is the one that is evaluated. */
function firstByKey(rules: readonly RuleOfFlag[]): Map<string, Rule> {
  const byKey = new Map<string, Rule>();
  for (const { rule } of rules) if (!byKey.has(rule.key)) byKey.set(rule.key, rule);
  return byKey;
}

/**
 * A key that several variations of a flag share means the same one as in the official SDK: the first in the order of
 * an object keyed by id, where ids that are small numbers come first, ascending.
 */
function variationIdsOf(rules: readonly RuleOfFlag[]): Map<string, string> {
  const keysById: Record<string, string> = Object.create(null);
  for (const rule of rules) for (const { id, key } of variationsOf(rule)) keysById[id] = key;
  const byKey = new Map<string, string>();
  for (const [id, key] of Object.entries(keysById)) if (!byKey.has(key)) byKey.set(key, id);
  return byKey;
}

/** An experiment is known by its variations only if it shares none with another rule of the flag, or a holdout. */
function inferredRulesOf(
  experiments: readonly RuleOfFlag[],
  deliveryRules: readonly RuleOfFlag[],
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
    for (const key of keys) inferred.set(key, known ? { ruleKey: experiment.rule.key } : 'ambiguous');
  }
  return inferred;
}

function variationKeysOf(rule: RuleOfFlag): Set<string> {
  return new Set(variationsOf(rule).map(({ key }) => key));
}
