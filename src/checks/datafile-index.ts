// SPDX-License-Identifier: Apache-2.0

import type { Datafile } from '../model/datafile-index.js';
import { isObject, type JsonObject, objectsOf, parseJson } from '../util/json.js';
import { textOf } from './json.js';

/** What the checks ask of an experiment, a delivery rule or a holdout. */
export interface IndexedRule {
  readonly campaignIds: Set<string>;
  readonly variationIds: Set<string>;
  /** undefined: the datafile does not say, or nobody goes by it (delivery rules). */
  readonly status: string | undefined;
}

/** The ids of a datafile. Lists that are absent, or not lists, count as empty. */
export class DatafileIds {
  readonly accountId: string;
  readonly projectId: string;
  readonly eventIds: ReadonlySet<string>;
  readonly #rules = new Map<string, IndexedRule>();
  readonly #variationIdsOfFlags = new Map<string, ReadonlySet<string>>();
  readonly #campaignIds = new Set<string>();
  readonly #variationIds = new Set<string>();

  /** @throws TypeError the datafile is not a JSON object */
  constructor(datafile: Datafile) {
    const content = parse(datafile);
    this.accountId = idOf(content.accountId);
    this.projectId = idOf(content.projectId);
    this.eventIds = new Set(objectsOf(content.events).map(event => idOf(event.id)));

    for (const owner of [content, ...objectsOf(content.groups)]) {
      for (const rule of objectsOf(owner.experiments)) this.#add(rule, idOf(rule.layerId), rule.status);
    }
    const rollouts = objectsOf(content.rollouts);
    for (const rule of rollouts.flatMap(rollout => objectsOf(rollout.experiments))) {
      this.#add(rule, idOf(rule.layerId), undefined);
    }
    // A holdout's decisions carry its own id as campaign, whatever its layer.
    for (const rule of [...objectsOf(content.holdouts), ...objectsOf(content.localHoldouts)]) {
      this.#add(rule, '', rule.status);
    }

    const ruleIdsOfRollouts = new Map(
      rollouts.map(({ id, experiments }) => [idOf(id), objectsOf(experiments).map(rule => idOf(rule.id))]),
    );
    for (const flag of objectsOf(content.featureFlags)) {
      const experimentIds = Array.isArray(flag.experimentIds) ? flag.experimentIds.map(idOf) : [];
      const ruleIds = [...experimentIds, ...(ruleIdsOfRollouts.get(idOf(flag.rolloutId)) ?? [])];
      const variationIds = ruleIds.flatMap(id => [...(this.#rules.get(id)?.variationIds ?? [])]);
      this.#variationIdsOfFlags.set(textOf(flag.key), new Set(variationIds));
    }
  }

  findRule(experimentId: string): IndexedRule | undefined {
    return this.#rules.get(experimentId);
  }

  /** Of the rule; of any rule where the datafile does not know this one. */
  hasCampaign(campaignId: string, experimentId: string): boolean {
    return (this.#rules.get(experimentId)?.campaignIds ?? this.#campaignIds).has(campaignId);
  }

  /** Of the rule, or of another rule of the flag, as forced decisions have it. */
  hasVariation(variationId: string, experimentId: string, flagKey: string): boolean {
    const ofFlag = this.#variationIdsOfFlags.get(flagKey);
    if (ofFlag?.has(variationId)) return true;
    return (this.#rules.get(experimentId)?.variationIds ?? this.#variationIds).has(variationId);
  }

  #add(rule: JsonObject, layerId: string, status: unknown): void {
    const id = idOf(rule.id);
    const known = this.#rules.get(id) ?? {
      campaignIds: new Set<string>(),
      variationIds: new Set<string>(),
      status: typeof status === 'string' ? status : undefined,
    };
    this.#rules.set(id, known);
    known.campaignIds.add(layerId || id);
    this.#campaignIds.add(layerId || id);
    for (const variation of objectsOf(rule.variations)) {
      known.variationIds.add(idOf(variation.id));
      this.#variationIds.add(idOf(variation.id));
    }
  }
}

/** Optimizely writes ids as strings; a number in a hand-written datafile is taken as its digits. */
function idOf(value: unknown): string {
  return typeof value === 'number' ? String(value) : textOf(value);
}

function parse(datafile: Datafile): JsonObject {
  let content: unknown = datafile;
  if (typeof datafile === 'string') {
    try {
      content = parseJson(datafile);
    } catch {
      throw new TypeError('datafile must be valid JSON: give the text or the object that Optimizely serves');
    }
  }
  if (!isObject(content)) throw new TypeError('datafile must be a JSON object, or the text of one');
  return content;
}
