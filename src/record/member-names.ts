// SPDX-License-Identifier: Apache-2.0
import type { ExperimentEventType } from '../model/experiment-event.js';
import { hasOnly, isDigit, isLetter } from '../util/characters.js';
import { editDistance, plainName } from '../util/options/nearest-name.js';
import { memberOf } from '../util/own-members.js';

const OF_BOTH = ['userId', 'attributes', 'timestamp', 'uuid'];

/** What a record call reads, and what a decision has besides. */
export const READ: Readonly<Record<ExperimentEventType, ReadonlySet<string>>> = {
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
    'variables',
    'reasons',
  ]),
  conversion: new Set([...OF_BOTH, 'eventKey', 'eventId', 'tags']),
};

/** Names that other SDKs, the wire, and people have for them, in plain letters. */
const USER = ['user', 'uid', 'visitorid', 'visitor', 'id', 'customerid', 'contextid', 'targetingkey'];
const ATTRIBUTES = ['userattributes', 'attrs', 'context'];
const TIMESTAMP = ['time', 'date', 'at'];
const ELSEWHERE: Readonly<Record<ExperimentEventType, Readonly<Record<string, readonly string[]>>>> = {
  impression: {
    userId: USER,
    attributes: ATTRIBUTES,
    timestamp: TIMESTAMP,
    flagKey: ['flag', 'feature', 'featurekey'],
    ruleKey: ['rule', 'experiment', 'experimentkey'],
    variationKey: ['variation', 'variant', 'variantkey'],
  },
  conversion: {
    userId: [...USER, 'usercontext'],
    attributes: ATTRIBUTES,
    timestamp: TIMESTAMP,
    eventKey: ['event', 'eventname', 'eventtype', 'key', 'name'],
    tags: ['tag', 'eventtags', 'properties', 'data'],
    'tags.revenue': ['revenue', 'price', 'amount'],
    'tags.value': ['value'],
  },
};

/** By type and name: comparing letters for each event would cost more than all else. */
const MEANT = {
  impression: new Map<string, string | undefined>(),
  conversion: new Map<string, string | undefined>(),
};
const MOST_REMEMBERED = 500;

/** @returns the member that a name which is not read most likely means, if there is one */
function meantMember(type: ExperimentEventType, name: string): string | undefined {
  const remembered = MEANT[type];
  if (remembered.has(name)) return remembered.get(name);
  const meant = isPlainName(name) ? compare(type, name) : undefined;
  if (remembered.size < MOST_REMEMBERED) remembered.set(name, meant);
  return meant;
}

function compare(type: ExperimentEventType, name: string): string | undefined {
  const plain = plainName(name);
  return (
    [...READ[type]].find(member => plainName(member) === plain) ??
    Object.entries(ELSEWHERE[type]).find(([, names]) => names.includes(plain))?.[0] ??
    [...READ[type]].find(member => isMisspelled(plain, plainName(member)))
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
  const members = READ[type];
  let left = MOST;
  for (const name in input) {
    // What every object has is nothing that was given.
    if (members.has(name) || name in Object.prototype) continue;
    if (left-- === 0) return undefined;
    const meant = meantMember(type, name);
    if (meant === undefined || (wanted !== undefined && meant !== wanted)) continue;
    if (!isGiven(input, meant) && input[name] !== undefined && input[name] !== null) return { name, meant };
  }
  return undefined;
}

/** Other names are not misspelled members, and may be a user's data. */
function isPlainName(name: string): boolean {
  return name.length <= 40 && hasOnly(name, isOfName);
}

const OTHERS = new Set(['_', '$', '-'].map(character => character.charCodeAt(0)));

function isOfName(code: number): boolean {
  return isLetter(code) || isDigit(code) || OTHERS.has(code);
}

/** With more of them, the object holds other things. */
const MOST = 30;

function isGiven(input: Readonly<Record<string, unknown>>, member: string): boolean {
  const given: unknown = memberOf(input, member);
  if (!member.startsWith('tags.')) return given !== undefined && given !== null;
  const tags: unknown = memberOf(input, 'tags');
  return typeof tags === 'object' && tags !== null && Object.hasOwn(tags, member.slice('tags.'.length));
}

function isMisspelled(plain: string, member: string): boolean {
  return plain.length >= 4 && editDistance(plain, member) <= Math.max(1, Math.floor(member.length / 4));
}
