// SPDX-License-Identifier: Apache-2.0
import { isObject, type JsonObject, objectsOf, textOf } from '../util/json.js';

const DEEPEST = 20;

/**
 * Finds the attributes that the audiences of an experiment or rule ask for.
 *
 * @returns a function of the rule: keys of attributes, or undefined if the rule is for everyone
 */
export function audienceAttributes(datafile: JsonObject): (rule: JsonObject) => string[] | undefined {
  // Typed ones last: they take the place of those that older SDKs read.
  const audiences = new Map(
    [...objectsOf(datafile.audiences), ...objectsOf(datafile.typedAudiences)].map(audience => [
      textOf(audience.id),
      audience.conditions,
    ]),
  );
  const collect = (condition: unknown, keys: Set<string>, depth: number): void => {
    if (depth > DEEPEST) return;
    if (Array.isArray(condition)) {
      for (const item of condition) collect(item, keys, depth + 1);
    } else if (typeof condition === 'string') {
      // An operator, the id of an audience, or conditions as text, as older datafiles have them.
      if (audiences.has(condition)) collect(audiences.get(condition), keys, depth + 1);
      else if (condition.startsWith('[') || condition.startsWith('{')) {
        collect(parse(condition), keys, depth + 1);
      }
    } else if (isObject(condition) && typeof condition.name === 'string') {
      keys.add(condition.name);
    }
  };
  return ({ audienceConditions, audienceIds }) => {
    const condition = audienceConditions ?? audienceIds;
    if (!Array.isArray(condition) || condition.length === 0) {
      if (typeof condition !== 'string') return undefined;
    }
    const keys = new Set<string>();
    collect(condition, keys, 0);
    return [...keys];
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
