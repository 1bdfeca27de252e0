// SPDX-License-Identifier: Apache-2.0
import type { PackageLogger } from '../../model/logger.js';
import { nearestName } from './nearest-name.js';
import type { AnyOptionTable, OptionsOwner } from './option-table.js';

/** More names than these in one object are not misspelled options: it holds other things besides. */
const MOST_NAMED = 5;
/** Others are named by their length: they may be a user's data. */
const PLAIN_NAME = /^[\w$.-]{1,60}$/;

/** Tells of options that the owner does not have, in one line, with the names that are nearest. Never throws. */
export function noteUnknownOptions(owner: OptionsOwner, given: unknown, logger: PackageLogger): void {
  for (const line of unknownOptions(owner, given)) logger.alert('OPTIMIZELY_BAD_OPTION', 'warn', line);
}

/** @returns the line that tells of options that the owner does not have, if there are any */
export function unknownOptions(owner: OptionsOwner, given: unknown): string[] {
  const unknown = unknownNames(owner.table, given, '');
  if (unknown.length === 0) return [];
  const named = unknown.slice(0, MOST_NAMED).map(name => describe(name, owner.table));
  const more = unknown.length - named.length;
  const list = more > 0 ? `${named.join(', ')} and ${more} more` : named.join(', ');
  return [`${owner.name} ignores options that it does not have: ${list}`];
}

function describe(name: string, table: AnyOptionTable): string {
  const near = nearestName(name, table);
  const shown = PLAIN_NAME.test(name) ? name : `one whose name has ${name.length} characters`;
  if (near === undefined) return shown;
  return `${shown} (did you mean ${near.name}${near.unit === 'ms' ? ', in milliseconds' : ''}?)`;
}

function unknownNames(table: AnyOptionTable, given: unknown, prefix: string): string[] {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return [];
  const members = given as Record<string, unknown>;
  const unknown: string[] = [];
  try {
    // Inherited ones too: a configuration may have its defaults as prototype.
    for (const name in members) {
      if (name in Object.prototype || members[name] === undefined) continue;
      const row = Object.hasOwn(table, name) ? table[name] : undefined;
      if (row === undefined) unknown.push(prefix + name);
      else if (row.members) unknown.push(...unknownNames(row.members, members[name], `${prefix}${name}.`));
    }
  } catch {
    // An object that does not let its names be listed: what the owner knows of it was read.
  }
  return unknown;
}
