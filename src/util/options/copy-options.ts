// SPDX-License-Identifier: Apache-2.0
import { isThenable } from '../guard.js';
import { hasMember, memberOf } from '../own-members.js';
import { isOwnMethod } from '../wrong-place.js';
import type { AnyOptionTable, OptionsOwner } from './option-table.js';

/** Two of these, and it is a datafile and not options. */
const DATAFILE_MEMBERS = [
  'version',
  'accountId',
  'projectId',
  'revision',
  'experiments',
  'featureFlags',
  'rollouts',
  'audiences',
  'typedAudiences',
  'groups',
  'events',
];

/**
 * Reads what the application gave as options: each option once, also from a class instance, a Proxy, or an object whose
 * prototype has them.
 *
 * @returns a copy that is the package's own, with the options that the owner has; null counts as no options at all
 * @throws TypeError if the argument is not options (but a datafile, text, a list, a promise), or an option can't be read
 */
export function copyOptions<Options extends object>(
  owner: OptionsOwner,
  given: Options | null | undefined,
): Partial<Options> {
  const mistaken = given === undefined || given === null ? undefined : mistakenFor(given);
  if (mistaken !== undefined)
    throw new TypeError(`${owner.name} takes options, not ${mistaken}: ${owner.example}`);
  return copyMembers(owner, owner.table, given ?? {}, '') as Partial<Options>;
}

function copyMembers(owner: OptionsOwner, table: AnyOptionTable, given: object, prefix: string): object {
  const members: Record<string, unknown> = {};
  for (const [name, row] of Object.entries(table)) {
    try {
      members[name] = memberOf(given, name);
    } catch {
      throw new TypeError(`${owner.name} cannot read its option ${prefix}${name}: ${owner.example}`);
    }
    const value = members[name];
    if (row.kind !== 'options' || typeof value !== 'object' || value === null) continue;
    members[name] = copyMembers(owner, row.members ?? {}, value, `${prefix}${name}.`);
  }
  return members;
}

/** @returns undefined if it may be options */
function mistakenFor(given: object | string): string | undefined {
  try {
    if (typeof given === 'string')
      return /^\s*\ufeff?\s*\{/.test(given) ? 'the text of a datafile' : 'a string';
    if (typeof given !== 'object') return `a ${typeof given}`;
    if (Array.isArray(given)) return 'a list';
    if (ArrayBuffer.isView(given)) return 'bytes';
    if (isThenable(given)) return 'a promise';
    if (isOwnMethod(memberOf(given, 'export'))) return 'an exporter';
    if (isOwnMethod(memberOf(given, 'onEnd'))) return 'a span processor';
    return isDatafile(given) ? 'a datafile' : undefined;
  } catch {
    return 'an object that cannot be read';
  }
}

function isDatafile(given: object): boolean {
  // A datafile as a manager's getConfig() returns it.
  if (hasMember(given, 'attributeOpening')) return true;
  return DATAFILE_MEMBERS.filter(name => hasMember(given, name)).length >= 2;
}
