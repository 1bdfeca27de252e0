// SPDX-License-Identifier: Apache-2.0
import type { ExperimentEventType } from '../model/experiment-event.js';
import { editDistance, plainName } from '../util/options/nearest-name.js';

const OF_BOTH = ['userId', 'attributes', 'timestamp', 'uuid'];

/** What a record call reads. `type`, as events have it, and the rest of a decision are known and not read. */
const MEMBERS: Readonly<Record<ExperimentEventType, ReadonlySet<string>>> = {
  impression: new Set([
    ...OF_BOTH,
    'flagKey',
    'ruleKey',
    'ruleType',
    'variationKey',
    'enabled',
    'experimentId',
    'campaignId',
    'variationId',
    'cmabUuid',
    'userContext',
  ]),
  conversion: new Set([...OF_BOTH, 'eventKey', 'eventId', 'tags']),
};

/** Names that other SDKs, the wire, and people have for them, in plain letters. */
const USER = ['user', 'uid', 'visitorid', 'visitor', 'id', 'customerid', 'contextid', 'targetingkey'];
const ATTRIBUTES = ['userattributes', 'attrs', 'context'];
const TIMESTAMP = ['time', 'date', 'at'];
const ELSEWHERE: Readonly<Record<ExperimentEventType, ReadonlyMap<string, string>>> = {
  impression: namesOf({
    userId: USER,
    attributes: ATTRIBUTES,
    timestamp: TIMESTAMP,
    flagKey: ['flag', 'feature', 'featurekey'],
    ruleKey: ['rule', 'experiment', 'experimentkey'],
    variationKey: ['variation', 'variant', 'variantkey'],
  }),
  conversion: namesOf({
    userId: [...USER, 'usercontext'],
    attributes: ATTRIBUTES,
    timestamp: TIMESTAMP,
    eventKey: ['event', 'eventname', 'eventtype', 'key', 'name'],
    tags: ['eventtags', 'properties', 'data'],
    'tags.revenue': ['revenue', 'price', 'amount'],
    'tags.value': ['value'],
  }),
};

/** @returns the member of the record call's argument that a name it does not read most likely means, if there is one */
export function meantMember(type: ExperimentEventType, name: string): string | undefined {
  if (MEMBERS[type].has(name) || !PLAIN_NAME.test(name)) return undefined;
  const plain = plainName(name);
  return (
    [...MEMBERS[type]].find(member => plainName(member) === plain) ??
    ELSEWHERE[type].get(plain) ??
    [...MEMBERS[type]].find(member => isMisspelled(plain, plainName(member)))
  );
}

/** A member of the argument that is not read, and the one that it most likely means. */
export interface Misnamed {
  readonly name: string;
  readonly meant: string;
}

/**
 * Finds a member that is not read because of its name. Throws what the application's object throws.
 *
 * @param wanted only one that means this member
 */
export function misnamedIn(
  type: ExperimentEventType,
  input: Readonly<Record<string, unknown>>,
  wanted?: string,
): Misnamed | undefined {
  const members = MEMBERS[type];
  let left = MOST;
  for (const name in input) {
    if (members.has(name)) continue;
    if (left-- === 0) return undefined;
    const meant = meantMember(type, name);
    if (meant === undefined || (wanted !== undefined && meant !== wanted)) continue;
    if (!isGiven(input, meant) && input[name] !== undefined && input[name] !== null) return { name, meant };
  }
  return undefined;
}

/** Other names are not misspelled members, and may be a user's data. */
const PLAIN_NAME = /^[\w$-]{1,40}$/;
/** With more of them, the object holds other things. */
const MOST = 30;

function isGiven(input: Readonly<Record<string, unknown>>, member: string): boolean {
  if (!member.startsWith('tags.')) return input[member] !== undefined && input[member] !== null;
  const { tags } = input;
  return typeof tags === 'object' && tags !== null && Object.hasOwn(tags, member.slice('tags.'.length));
}

function isMisspelled(plain: string, member: string): boolean {
  return plain.length >= 4 && editDistance(plain, member) <= Math.max(1, Math.floor(member.length / 4));
}

function namesOf(lists: Readonly<Record<string, readonly string[]>>): ReadonlyMap<string, string> {
  return new Map(Object.entries(lists).flatMap(([member, names]) => names.map(name => [name, member])));
}
