// SPDX-License-Identifier: Apache-2.0
import type { Rule } from '../model/datafile-index.js';
import type { JsonObject } from '../util/json.js';
import { textOf } from '../util/text-of.js';
import type { DatafileRule } from './datafile-contents.js';

/** What is looked up of a variation. */
export interface Variation {
  readonly id: string;
  readonly key: string;
}

/** A rule whose variations are put into a map when one is looked up: most rules of a large datafile have no events. */
export class IndexedRule implements Rule {
  readonly id: string;
  readonly key: string;
  readonly campaignId: string | null;
  /** Grows only while the index is being built. */
  readonly variations: Variation[];
  #variationIds: ReadonlyMap<string, string> | undefined;

  constructor({ id, key, campaignId, variations }: DatafileRule) {
    this.id = id;
    this.key = key;
    this.campaignId = campaignId || null;
    this.variations = variations.map(toVariation);
  }

  get variationIds(): ReadonlyMap<string, string> {
    this.#variationIds ??= new Map(this.variations.map(({ id, key }) => [key, id]));
    return this.#variationIds;
  }
}

function toVariation({ id, key }: JsonObject): Variation {
  return { id: textOf(id), key: textOf(key) };
}
