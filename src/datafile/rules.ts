// SPDX-License-Identifier: Apache-2.0

import type { Rule } from '../model/datafile-index.js';
import { type JsonObject, objectsOf } from '../util/json.js';
import { textOf } from '../util/text-of.js';

/** While the index is being built. */
export interface IndexedRule extends Rule {
  readonly variationIds: Map<string, string>;
}

export function toRule(rule: JsonObject): IndexedRule {
  const id = textOf(rule.id);
  return makeRule(id, textOf(rule.layerId) || id, rule);
}

/** Of a holdout the layer counts as empty. */
function toHoldoutRule(holdout: JsonObject): Rule {
  const id = textOf(holdout.id);
  return makeRule(id, id, holdout);
}

function makeRule(id: string, campaignId: string, { variations }: JsonObject): IndexedRule {
  return {
    id,
    campaignId: campaignId || null,
    variationIds: new Map(objectsOf(variations).map(({ key, id }) => [textOf(key), textOf(id)])),
  };
}

/** Holdouts by key: all global ones, and those local ones that name the rules they apply to. */
export function indexHoldouts(datafile: JsonObject): Map<string, Rule> {
  const local = objectsOf(datafile.localHoldouts).filter(
    ({ includedRules }) => Array.isArray(includedRules) && includedRules.length > 0,
  );
  const byKey = new Map<string, Rule>();
  for (const holdout of [...objectsOf(datafile.holdouts), ...local]) {
    byKey.set(textOf(holdout.key), toHoldoutRule(holdout));
  }
  return byKey;
}
