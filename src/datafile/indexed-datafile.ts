// SPDX-License-Identifier: Apache-2.0

import type { DatafileIndex, Rule } from '../model/datafile-index.js';
import type { EventContext } from '../model/event-context.js';
import type { RuleType } from '../model/experiment-event.js';
import type { InferredRule } from '../model/inferred-rule.js';
import { attributeOpening, indexAttributes, isReserved } from '../util/attribute-openings.js';
import type { JsonObject } from '../util/json.js';
import { textOf } from '../util/text-of.js';
import { CLIENT_NAME, CLIENT_VERSION } from '../util/version.js';
import { readContents } from './datafile-contents.js';
import { FlagIndex } from './flag-index.js';
import { type IndexedRule, toRule } from './rules.js';

/** A datafile indexed once, when it arrives. Holds nothing of the datafile but what events need. */
export class IndexedDatafile implements DatafileIndex {
  readonly context: EventContext;
  readonly sendFlagDecisions: boolean;
  readonly #experimentsByKey = new Map<string, Rule>();
  readonly #rulesById: ReadonlyMap<string, Rule>;
  readonly #holdoutsByKey: ReadonlyMap<string, Rule>;
  readonly #flags: FlagIndex;
  readonly #eventIds = new Map<string, string>();
  readonly #attributeOpenings: ReadonlyMap<string, string | undefined>;

  constructor(datafile: JsonObject) {
    this.context = contextOf(datafile);
    this.sendFlagDecisions = Boolean(datafile.sendFlagDecisions);

    const contents = readContents(datafile);
    const rulesById = new Map<string, IndexedRule>();
    for (const experiment of contents.experiments) {
      const rule = toRule(experiment);
      this.#experimentsByKey.set(experiment.key, rule);
      rulesById.set(rule.id, rule);
    }
    this.#holdoutsByKey = new Map(contents.holdouts.map(holdout => [holdout.key, toRule(holdout)]));
    this.#flags = new FlagIndex(contents, rulesById, this.#holdoutsByKey);
    this.#rulesById = rulesById;

    for (const event of contents.events) {
      const { id } = event;
      if (typeof id === 'string' || typeof id === 'number') this.#eventIds.set(textOf(event.key), textOf(id));
    }
    this.#attributeOpenings = indexAttributes(datafile);
  }

  hasFlag(flagKey: string): boolean {
    return this.#flags.has(flagKey);
  }

  findRule(ruleType: RuleType, flagKey: string, ruleKey: string): Rule | undefined {
    switch (ruleType) {
      case 'holdout':
        return this.#holdoutsByKey.get(ruleKey);
      case 'rollout':
        return this.#flags.findDeliveryRule(flagKey, ruleKey);
      case 'experiment':
      case 'feature-test':
        return flagKey === ''
          ? this.#experimentsByKey.get(ruleKey)
          : this.#flags.findExperiment(flagKey, ruleKey);
    }
  }

  findRuleById(id: string): Rule | undefined {
    return this.#rulesById.get(id);
  }

  findFlagVariationId(flagKey: string, variationKey: string): string | undefined {
    return this.#flags.findVariationId(flagKey, variationKey);
  }

  inferRule(flagKey: string, variationKey: string): InferredRule {
    return this.#flags.inferRule(flagKey, variationKey);
  }

  findEventId(eventKey: string): string | undefined {
    return this.#eventIds.get(eventKey);
  }

  attributeOpening(key: string): string | undefined {
    if (this.#attributeOpenings.has(key)) return this.#attributeOpenings.get(key);
    return isReserved(key) ? attributeOpening(key, key) : undefined;
  }
}

function contextOf(datafile: JsonObject): EventContext {
  const { botFiltering } = datafile;
  return {
    region: textOf(datafile.region).toUpperCase() === 'EU' ? 'EU' : 'US',
    accountId: textOf(datafile.accountId),
    projectId: textOf(datafile.projectId),
    revision: textOf(datafile.revision),
    clientName: CLIENT_NAME,
    clientVersion: CLIENT_VERSION,
    anonymizeIP: Boolean(datafile.anonymizeIP),
    botFiltering: typeof botFiltering === 'boolean' ? botFiltering : undefined,
  };
}
