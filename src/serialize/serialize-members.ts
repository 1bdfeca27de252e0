// SPDX-License-Identifier: Apache-2.0
import type { EventTags, UserAttributes } from '../model/experiment-event.js';
import { DEEPEST_TAGS } from '../util/deepest-tags.js';
import { nestsDeeperThan } from './json-depth.js';
import {
  type Before,
  type ByBefore,
  MemberOpenings,
  memberOpening,
  NOTHING,
  OTHER,
  piece,
  TEXT,
} from './member-openings.js';
import { numberText } from './number-text.js';
import { escaped, noteUnscanned } from './quoted.js';

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

/**
 * Appends a visitor's attributes.
 *
 * @param text up to the end of the visitor's id
 * @param end what follows the attributes
 */
export function appendAttributes(
  text: string,
  attributes: UserAttributes,
  openings: MemberOpenings,
  end: ByBefore,
): string {
  let whole = text;
  let before: Before = NOTHING;
  let position = -1;
  for (const key in attributes) {
    if (!isOwn(attributes, key)) continue;
    position++;
    const value = attributes[key];
    if (!isAttributeValue(value)) continue;
    const opening = openings.find(key, position);
    if (opening === undefined) continue;
    if (typeof value === 'string') {
      whole += opening.toText[before];
      whole += escaped(value);
      before = TEXT;
    } else {
      whole += opening.toOther[before];
      whole += typeof value === 'number' ? numberText(value) : value;
      before = OTHER;
    }
  }
  return whole + end[before];
}

/**
 * Whether the key of a `for` loop is the object's own: the loop also finds what the object inherits. By this method V8 knows
 * without a look, and the loop takes half of what one over `Object.keys` does.
 */
function isOwn(members: object, key: string): boolean {
  // biome-ignore lint/suspicious/noPrototypeBuiltins: with Object.hasOwn the loop takes twice the time
  return Object.prototype.hasOwnProperty.call(members, key);
}

const TAGS = ',"tags":';
/** Ends a conversion, its snapshot and its visitor. */
export const CONVERSION_END = '}]}]}';

/** The first begins where the member before the tags ends. */
const tagOpenings = new MemberOpenings(key => {
  const opening = `${JSON.stringify(key)}:`;
  return memberOpening(`${TAGS}{${opening}`, `,${opening}`);
});

/** The end of the tags, and of the visitor. */
const TAGS_END = tagsEnd(CONVERSION_END);

function tagsEnd(rest: string): ByBefore {
  return piece(`${TAGS}{}${rest}`, `}${rest}`);
}

/**
 * Appends the `tags` of a conversion and what ends its visitor; null and undefined tags are left out at the top level.
 *
 * @param text up to the end of the member before the tags
 * @throws whatever `JSON.stringify` throws: cycles, BigInt, a throwing `toJSON`; a TypeError where a `toJSON` makes
 * anything but an object of the tags; a RangeError where they nest deeper than 500 levels
 */
export function appendTags(text: string, tags: EventTags, end = TAGS_END): string {
  if (typeof tags.toJSON === 'function')
    return text + TAGS + serializeThroughToJson(tags) + end[OTHER].slice(1);
  let whole = text;
  let before: Before = NOTHING;
  let position = -1;
  for (const key in tags) {
    if (!isOwn(tags, key)) continue;
    position++;
    const value = tags[key];
    if (typeof value === 'string') {
      whole += tagOpenings.find(key, position)?.toText[before];
      whole += escaped(value);
      before = TEXT;
      continue;
    }
    const json = serializeTag(key, value);
    if (json === undefined) continue;
    whole += tagOpenings.find(key, position)?.toOther[before];
    whole += json;
    before = OTHER;
  }
  return whole + end[before];
}

const TAGS_ALONE = tagsEnd('');

/** The JSON of `tags`; otherwise as `appendTags`. */
export function serializeTags(tags: EventTags | undefined): string | undefined {
  return tags === undefined ? undefined : appendTags('', tags, TAGS_ALONE).slice(TAGS.length);
}

/** Most tags are texts and numbers, for which `JSON.stringify` costs twice as much. */
function serializeTag(key: string, value: unknown): string | undefined {
  switch (typeof value) {
    case 'number':
      return Number.isFinite(value) ? numberText(value) : 'null';
    case 'undefined':
      return undefined;
    default: {
      if (value === null) return undefined;
      // Within an object of its own: a `toJSON` is told its key, and the key of a symbol or function is left out too.
      const text = JSON.stringify({ [key]: value });
      if (nestsDeeperThan(text, DEEPEST_TAGS)) throw new RangeError('tags nest too deep');
      if (text === '{}') return undefined;
      noteUnscanned();
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
  noteUnscanned();
  if (!text?.startsWith('{')) throw new TypeError('tags must serialize to an object');
  if (nestsDeeperThan(text, DEEPEST_TAGS)) throw new RangeError('tags nest too deep');
  return text;
}
