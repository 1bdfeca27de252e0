// SPDX-License-Identifier: Apache-2.0
import { createIsbotFromList, list } from 'isbot';
import type { EventReading } from 'opentelemetry-exporter-optimizely/testing';
import type { Problem } from '../inspection/problem.js';
import { objectsOf } from '../util/json.js';
import { keepNewest } from '../util/keep-newest.js';

const USER_AGENT = '$opt_user_agent';
const BOT_FILTERING = '$opt_bot_filtering';
const MOST_REMEMBERED = 1_000;
const LONGEST_LOOKED_AT = 1_000;

export const BOT_FILTERED: Problem = {
  code: 'bot',
  message:
    'its $opt_user_agent is that of a bot, and bot filtering is on: Optimizely leaves it out of results if the IAB lists it',
};
const BOT_COUNTED: Problem = {
  code: 'bot',
  message:
    'its $opt_user_agent is that of a bot, and bot filtering is off: it counts; turn bot filtering on at Optimizely',
};

/** As the apps of a phone call themselves. Patterns that take these for bots go by form alone, which a server's client is not. */
const APPS: readonly string[] = [
  'Shop',
  'Shop/3',
  'Shop/3.2',
  'Shop/1.0; iOS',
  'Shop/3.2 (iPhone)',
  'Shop/3.2 (iPhone; iOS 17.1)',
  'com.example.shop/3.2 (Android 14)',
];
const isbot = createIsbotFromList(
  list.filter(pattern => !APPS.some(agent => new RegExp(pattern, 'i').test(agent))),
);

const judged = new Map<string, boolean>();

/** Tells events of bots by the user agent that the sender has passed on. */
export function checkBot({ visitor }: EventReading, filters: boolean): Problem | undefined {
  let agent: unknown;
  let filtering = filters;
  for (const { entity_id: id, value } of objectsOf(visitor.attributes)) {
    if (id === USER_AGENT) agent = value;
    if (id === BOT_FILTERING && typeof value === 'boolean') filtering = value;
  }
  if (typeof agent !== 'string' || !isBot(agent)) return undefined;
  return filtering ? BOT_FILTERED : BOT_COUNTED;
}

/** The same few come again and again, and each look costs microseconds. */
function isBot(agent: string): boolean {
  const looked = agent.slice(0, LONGEST_LOOKED_AT);
  const known = judged.get(looked);
  if (known !== undefined) return known;
  const found = isbot(looked);
  judged.set(looked, found);
  keepNewest(judged, MOST_REMEMBERED);
  return found;
}
