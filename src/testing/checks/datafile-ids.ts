// SPDX-License-Identifier: Apache-2.0

import { type DatafileRule, readContents } from '../../datafile/datafile-contents.js';
import type { Datafile } from '../../model/datafile-index.js';
import { isObject, type JsonObject, parseJson } from '../../util/json.js';
import { textOf } from '../../util/text-of.js';

/** What the checks ask of an experiment, a delivery rule or a holdout. */
export interface IndexedRule {
  readonly campaignIds: Set<string>;
  readonly variationIds: Set<string>;
  /** Undefined if the datafile does not specify it, or if it has no effect (delivery rules). */
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
    const { experiments, deliveryRules, holdouts, flags, events } = readContents(content);
    this.accountId = textOf(content.accountId);
    this.projectId = textOf(content.projectId);
    this.eventIds = new Set(events.map(event => textOf(event.id)));
    for (const rule of [...experiments, ...deliveryRules, ...holdouts]) this.#add(rule);
    for (const { key, experiments, deliveryRules } of flags) {
      const variationIds = [...experiments, ...deliveryRules].flatMap(({ id }) => [
        ...(this.#rules.get(id)?.variationIds ?? []),
      ]);
      this.#variationIdsOfFlags.set(key, new Set(variationIds));
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

  #add({ id, campaignId, kind, variations, source }: DatafileRule): void {
    const known = this.#rules.get(id) ?? {
      campaignIds: new Set<string>(),
      variationIds: new Set<string>(),
      // No one goes by that of a delivery rule.
      status: kind !== 'delivery rule' && typeof source.status === 'string' ? source.status : undefined,
    };
    this.#rules.set(id, known);
    known.campaignIds.add(campaignId);
    this.#campaignIds.add(campaignId);
    for (const variation of variations) {
      known.variationIds.add(textOf(variation.id));
      this.#variationIds.add(textOf(variation.id));
    }
  }
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
