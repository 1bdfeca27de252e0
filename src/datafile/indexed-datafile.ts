// SPDX-License-Identifier: Apache-2.0

import type { DatafileIndex, Rule } from '../model/datafile-index.js';
import type { EventContext } from '../model/event-context.js';
import type { RuleType } from '../model/experiment-event.js';
import type { InferredRule } from '../model/inferred-rule.js';
import { attributeOpening, indexAttributes, isReserved } from '../util/attribute-openings.js';
import type { JsonObject } from '../util/json.js';
import { forEachInSteps, type Steps } from '../util/steps.js';
import { textOf } from '../util/text-of.js';
import { CLIENT_NAME, CLIENT_VERSION } from '../util/version.js';
import { contentsInSteps } from './datafile-contents.js';
import { type FlagIndex, indexFlags } from './flag-index.js';
import { IndexedRule } from './rules.js';

/** What events need of a datafile. */
interface IndexedMembers {
  readonly context: EventContext;
  readonly sendFlagDecisions: boolean;
  readonly experimentsByKey: ReadonlyMap<string, Rule>;
  readonly rulesById: ReadonlyMap<string, Rule>;
  readonly holdoutsByKey: ReadonlyMap<string, Rule>;
  readonly flags: FlagIndex;
  readonly eventIds: ReadonlyMap<string, string>;
  readonly attributeOpenings: ReadonlyMap<string, string | undefined>;
}

/** Indexes a datafile, once, when it arrives. */
export function* indexDatafile(datafile: JsonObject): Steps<DatafileIndex> {
  const contents = yield* contentsInSteps(datafile);
  const experimentsByKey = new Map<string, Rule>();
  const rulesById = new Map<string, IndexedRule>();
  yield* forEachInSteps(contents.experiments, experiment => {
    const rule = new IndexedRule(experiment);
    experimentsByKey.set(rule.key, rule);
    rulesById.set(rule.id, rule);
  });
  const holdoutsByKey = new Map<string, IndexedRule>();
  yield* forEachInSteps(contents.holdouts, holdout =>
    holdoutsByKey.set(holdout.key, new IndexedRule(holdout)),
  );
  const flags = yield* indexFlags(contents, rulesById, [...holdoutsByKey.values()]);
  const eventIds = new Map<string, string>();
  yield* forEachInSteps(contents.events, ({ id, key }) => {
    if (typeof id === 'string' || typeof id === 'number') eventIds.set(textOf(key), textOf(id));
  });
  return new IndexedDatafile({
    context: contextOf(datafile),
    sendFlagDecisions: Boolean(datafile.sendFlagDecisions),
    ...{ experimentsByKey, rulesById, holdoutsByKey, flags, eventIds },
    attributeOpenings: indexAttributes(datafile),
  });
}

/** Holds nothing of the datafile but what events need. */
class IndexedDatafile implements DatafileIndex {
  readonly context: EventContext;
  readonly sendFlagDecisions: boolean;
  readonly #members: IndexedMembers;

  constructor(members: IndexedMembers) {
    this.context = members.context;
    this.sendFlagDecisions = members.sendFlagDecisions;
    this.#members = members;
  }

  hasFlag(flagKey: string): boolean {
    return this.#members.flags.has(flagKey);
  }

  findRule(ruleType: RuleType, flagKey: string, ruleKey: string): Rule | undefined {
    switch (ruleType) {
      case 'holdout':
        return this.#members.holdoutsByKey.get(ruleKey);
      case 'rollout':
        return this.#members.flags.findDeliveryRule(flagKey, ruleKey);
      case 'experiment':
      case 'feature-test':
        return flagKey === ''
          ? this.#members.experimentsByKey.get(ruleKey)
          : this.#members.flags.findExperiment(flagKey, ruleKey);
    }
  }

  findRuleById(id: string): Rule | undefined {
    return this.#members.rulesById.get(id);
  }

  findFlagVariationId(flagKey: string, variationKey: string): string | undefined {
    return this.#members.flags.findVariationId(flagKey, variationKey);
  }

  inferRule(flagKey: string, variationKey: string): InferredRule {
    return this.#members.flags.inferRule(flagKey, variationKey);
  }

  findEventId(eventKey: string): string | undefined {
    return this.#members.eventIds.get(eventKey);
  }

  attributeOpening(key: string): string | undefined {
    if (this.#members.attributeOpenings.has(key)) return this.#members.attributeOpenings.get(key);
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
