// SPDX-License-Identifier: Apache-2.0
import type { Rule } from '../model/datafile-index.js';
import { textOf } from '../util/text-of.js';
import type { DatafileRule } from './datafile-contents.js';

/** While the index is being built. */
export interface IndexedRule extends Rule {
  readonly variationIds: Map<string, string>;
}

export function toRule({ id, campaignId, variations }: DatafileRule): IndexedRule {
  return {
    id,
    campaignId: campaignId || null,
    variationIds: new Map(variations.map(({ key, id }) => [textOf(key), textOf(id)])),
  };
}
