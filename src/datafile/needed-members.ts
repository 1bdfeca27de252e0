// SPDX-License-Identifier: Apache-2.0
import { isObject, type JsonObject, objectsOf } from '../util/json.js';
import { ownJson } from '../util/own-json.js';

/** Of an item of a list, what the index needs of it. */
type Select = (item: JsonObject) => JsonObject;

const keyAndId: Select = ({ id, key }) => ({ id, key });

const rule: Select = ({ id, key, layerId, type, variations, includedRules }) => ({
  ...{ id, key, layerId, type, includedRules },
  variations: objectsOf(variations).map(keyAndId),
});

const holderOfRules: Select = ({ id, experiments }) => ({
  id,
  experiments: objectsOf(experiments).map(rule),
});

const SELECTIONS: Readonly<Record<string, Select>> = {
  experiments: rule,
  groups: holderOfRules,
  rollouts: holderOfRules,
  holdouts: rule,
  localHoldouts: rule,
  featureFlags: ({ key, experimentIds, rolloutId }) => ({ key, experimentIds, rolloutId }),
  events: keyAndId,
  attributes: keyAndId,
};

/**
 * What is kept of some items of a datafile's list while the rest of the datafile is read. Megabytes of objects that
 * live until then make the garbage collector stop the process for a tenth of a second.
 *
 * @param list its name; of a list that is not used nothing is kept
 */
export function neededOf(list: string, items: readonly unknown[]): readonly unknown[] {
  const select = Object.hasOwn(SELECTIONS, list) ? SELECTIONS[list] : undefined;
  return select === undefined ? [] : ownJson(items).filter(isObject).map(select);
}
