// SPDX-License-Identifier: Apache-2.0

import { hasOnly, isDigit, isLetter } from '../characters.js';
import { nameOfManager, namesElsewhere } from './option-names-elsewhere.js';
import type { AnyOptionTable, OptionUnit } from './option-table.js';

interface Candidate {
  readonly name: string;
  readonly unit: OptionUnit | undefined;
}

/** @returns the option that `unknown` most likely means, if there is one */
export function nearestName(unknown: string, table: AnyOptionTable): Candidate | undefined {
  const candidates = candidatesOf(table, '');
  const plain = plainName(unknown);
  const elsewhere = namesElsewhere(plain);
  const called = (name: string) => candidates.find(candidate => candidate.name === name);
  return (
    candidates.find(({ name }) => plainName(name) === plain) ??
    elsewhere.map(called).find(candidate => candidate !== undefined) ??
    ofManager(plain, table) ??
    misspelled(plain, candidates) ??
    candidates.find(({ name }) => contains(plainName(name), plain))
  );
}

function ofManager(plain: string, table: AnyOptionTable): Candidate | undefined {
  const name = 'projectConfigManager' in table ? nameOfManager(plain, plainName) : undefined;
  return name === undefined ? undefined : { name, unit: name.includes('Millis') ? 'ms' : undefined };
}

function candidatesOf(table: AnyOptionTable, prefix: string): Candidate[] {
  return Object.entries(table).flatMap(([name, { unit, members = {} }]) => [
    { name: prefix + name, unit },
    ...candidatesOf(members, `${prefix}${name}.`),
  ]);
}

const PREFIXES = ['with', 'optimizely'];
/** A longer one first where both fit. */
const UNITS = [
  ...['milliseconds', 'millisecond', 'millis', 'msecs', 'msec', 'ms'],
  ...['seconds', 'second', 'secs', 'sec'],
];

/** `flush_interval`, `flushIntervalMs` and `withFlushInterval` are spellings of one name. Needs no regular expression. */
export function plainName(name: string): string {
  let plain = '';
  for (const character of name.slice(0, 80).toLowerCase())
    if (hasOnly(character, isPlain)) plain += character;
  const prefix = PREFIXES.find(prefix => plain.startsWith(prefix));
  if (prefix !== undefined) plain = plain.slice(prefix.length);
  const unit = UNITS.find(unit => plain.endsWith(unit));
  if (unit === undefined) return plain;
  const withoutUnit = plain.slice(0, -unit.length);
  return withoutUnit.endsWith('in') ? withoutUnit.slice(0, -2) : withoutUnit;
}

function isPlain(code: number): boolean {
  return isLetter(code) || isDigit(code);
}

function misspelled(plain: string, candidates: readonly Candidate[]): Candidate | undefined {
  let best: Candidate | undefined;
  let least = Math.max(1, Math.floor(plain.length / 4));
  for (const candidate of candidates) {
    const distance = editDistance(plain, plainName(candidate.name));
    if (distance > least || (distance === least && best !== undefined)) continue;
    best = candidate;
    least = distance;
  }
  return best;
}

/** One is a part of the other, and long enough to be no coincidence. */
function contains(one: string, other: string): boolean {
  const [shorter = '', longer = ''] = [one, other].sort((a, b) => a.length - b.length);
  return shorter.length >= 5 && longer.includes(shorter);
}

/** Levenshtein's: how many letters to insert, leave out or change. */
export function editDistance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let i = 1; i <= one.length; i++) {
    const next = [i];
    for (let j = 1; j <= other.length; j++) {
      const changed = (row[j - 1] ?? 0) + (one[i - 1] === other[j - 1] ? 0 : 1);
      next.push(Math.min(changed, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[other.length] ?? 0;
}
