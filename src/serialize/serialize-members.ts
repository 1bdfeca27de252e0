// SPDX-License-Identifier: Apache-2.0
import type { EventTags } from '../model/experiment-event.js';
import { nestsDeeperThan } from './json-depth.js';
import { quoted } from './quoted.js';
import { remembered } from './remembered.js';

/** Optimizely's own bound for numbers in attributes. */
const LARGEST_NUMBER = 2 ** 53;

/** Whether Optimizely takes the value; others are left out. */
export function isAttributeValue(value: unknown): value is string | number | boolean {
  return (
    typeof value === 'string' ||
    typeof value === 'boolean' ||
    (typeof value === 'number' && Math.abs(value) <= LARGEST_NUMBER)
  );
}

/** Levels. Far below what a stack bears, and far above what applications send. */
const DEEPEST_TAGS = 500;

/**
 * The `tags` member; null and undefined tags are left out at the top level.
 *
 * @throws whatever `JSON.stringify` throws: cycles, BigInt, a throwing `toJSON`; a TypeError where a `toJSON` makes
 * anything but an object of the tags; a RangeError where they nest deeper than 500 levels
 */
export function serializeTags(tags: EventTags | undefined): string | undefined {
  if (tags === undefined) return undefined;
  if (typeof tags.toJSON === 'function') return serializeThroughToJson(tags);
  let text = '';
  for (const key of Object.keys(tags)) {
    const value = serializeTag(key, tags[key]);
    if (value === undefined) continue;
    const { first, next } = tagOpening(key);
    text += text === '' ? first : next;
    text += value;
  }
  return text === '' ? '{}' : `${text}}`;
}

/** A tag up to its value, with what comes before it. */
const tagOpening = remembered(key => {
  const opening = `${JSON.stringify(key)}:`;
  return { first: `{${opening}`, next: `,${opening}` };
});

/** Most tags are texts and numbers, for which `JSON.stringify` costs twice as much. */
function serializeTag(key: string, value: unknown): string | number | null | undefined {
  switch (typeof value) {
    case 'string':
      return quoted(value);
    case 'number':
      return Number.isFinite(value) ? value : null;
    case 'undefined':
      return undefined;
    default: {
      if (value === null) return undefined;
      // Within an object of its own: a `toJSON` is told its key, and the key of a symbol or function is left out too.
      const text = JSON.stringify({ [key]: value });
      if (nestsDeeperThan(text, DEEPEST_TAGS)) throw new RangeError('tags nest too deep');
      if (text === '{}') return undefined;
      // By what it says, not by its length: hosts put a JSON.stringify of their own in place, which may indent.
      const opening = JSON.stringify(key);
      return text.slice(text.indexOf(':', text.indexOf(opening) + opening.length) + 1, text.lastIndexOf('}'));
    }
  }
}

function serializeThroughToJson(tags: EventTags): string {
  const given = Object.entries(tags).filter(([, value]) => value !== null && value !== undefined);
  // fromEntries defines members, so a tag named __proto__ stays a tag.
  const complete = given.length === Object.keys(tags).length;
  const text: string | undefined = JSON.stringify(complete ? tags : Object.fromEntries(given));
  if (!text?.startsWith('{')) throw new TypeError('tags must serialize to an object');
  if (nestsDeeperThan(text, DEEPEST_TAGS)) throw new RangeError('tags nest too deep');
  return text;
}
