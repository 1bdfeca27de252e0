// SPDX-License-Identifier: Apache-2.0
import type { EventTags, UserAttributes } from '../model/experiment-event.js';
import type { ProjectConfig } from '../model/project-config.js';

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

/** The elements of a visitor's `attributes`, the datafile's bot filtering last. */
export function serializeAttributes(attributes: UserAttributes | undefined, config: ProjectConfig): string {
  let text = '';
  if (attributes !== undefined) {
    for (const key of Object.keys(attributes)) {
      const value = attributes[key];
      if (!isAttributeValue(value)) continue;
      const opening = config.attributeOpening(key);
      if (opening !== undefined) text += `${text && ','}${opening}${JSON.stringify(value)}}`;
    }
  }
  const { botFiltering } = config.context;
  if (botFiltering === undefined) return text;
  return `${text}${text && ','}${BOT_FILTERING_OPENING}${botFiltering}}`;
}

const BOT_FILTERING_OPENING =
  '{"entity_id":"$opt_bot_filtering","key":"$opt_bot_filtering","type":"custom","value":';

const isGiven = (value: unknown) => value !== null && value !== undefined;

/**
 * The `tags` member; null and undefined tags are left out at the top level.
 *
 * @throws whatever `JSON.stringify` throws: cycles, BigInt, a throwing `toJSON`
 */
export function serializeTags(tags: EventTags | undefined): string | undefined {
  if (tags === undefined) return undefined;
  const keys = Object.keys(tags);
  if (keys.every(key => isGiven(tags[key]))) return JSON.stringify(tags);
  // fromEntries defines members, so a tag named __proto__ stays a tag.
  return JSON.stringify(Object.fromEntries(Object.entries(tags).filter(([, value]) => isGiven(value))));
}
