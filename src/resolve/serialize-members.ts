// SPDX-License-Identifier: Apache-2.0
import type { EventTags } from '../model/experiment-event.js';
import { nestsDeeperThan } from './json-depth.js';

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

/** Levels. Far from what a stack bears, and further from what anybody sends. */
const DEEPEST_TAGS = 500;

const isGiven = (value: unknown) => value !== null && value !== undefined;

/**
 * The `tags` member; null and undefined tags are left out at the top level.
 *
 * @throws whatever `JSON.stringify` throws: cycles, BigInt, a throwing `toJSON`; a TypeError where a `toJSON` makes
 * anything but an object of the tags; a RangeError where they nest deeper than 500 levels
 */
export function serializeTags(tags: EventTags | undefined): string | undefined {
  if (tags === undefined) return undefined;
  // fromEntries defines members, so a tag named __proto__ stays a tag.
  const given = Object.keys(tags).every(key => isGiven(tags[key]))
    ? tags
    : Object.fromEntries(Object.entries(tags).filter(([, value]) => isGiven(value)));
  const text: string | undefined = JSON.stringify(given);
  if (!text?.startsWith('{')) throw new TypeError('tags must serialise to an object');
  if (nestsDeeperThan(text, DEEPEST_TAGS)) throw new RangeError('tags nest too deep');
  return text;
}
