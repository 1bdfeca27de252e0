// SPDX-License-Identifier: Apache-2.0
import { visibleText } from '../util/visible-text.js';
import type { ExampleView } from '../view/types.js';
import { canonical, encodedForms, type Form, looksHashed, plainForms, prefixOf } from './id-forms.js';

/** Ids of visitors who converted and were never exposed, beside those who were exposed. */
export interface IdGroups {
  readonly unexposed: readonly string[];
  /** Some of the exposed ones. */
  readonly exposed: readonly string[];
  /** Of all of them, not only of some. */
  readonly isExposed: (id: string) => boolean;
  readonly isUnexposed: (id: string) => boolean;
}

export interface Lookalikes {
  readonly examples: readonly ExampleView[];
  /** Unexposed ids that look like exposed ones, of those that were looked at. */
  readonly matched: number;
  readonly looked: number;
  /** Whether the matches can be no coincidence. */
  readonly certain: boolean;
}

const MOST_EXAMPLES = 5;
const MOST_PREFIXES = 10;
/** So many that are the same but for a prefix, of 100 that were looked at, are no coincidence. */
const LEAST_UNCERTAIN_SHARE = 0.2;

/** Finds out whether visitors who converted are exposed ones whose ids were changed on the way. */
export function findLookalikes(groups: IdGroups): Lookalikes {
  const found = new Map<string, { expected: string; form: Form }>();
  const note = (id: string, expected: string, form: Form) => {
    if (!found.has(id)) found.set(id, { expected, form });
  };
  // Hashing costs more than all else: only where the other side has hashes.
  const [hashed, plain] = [groups.exposed.some(looksHashed), groups.unexposed.some(looksHashed)];
  const canonicals = new Map(groups.exposed.map(id => [canonical(id), id]));
  const prefixes = prefixesOf(groups.exposed);
  for (const id of groups.unexposed) {
    for (const form of [...plainForms(id), ...prefixed(id, prefixes), ...encodedForms(id, hashed)]) {
      if (form.id !== id && groups.isExposed(form.id)) note(id, form.id, form);
    }
    const same = canonicals.get(canonical(id));
    if (same !== undefined && same !== id)
      note(id, same, { id: same, difference: writing(id, same), certain: true });
  }
  for (const id of groups.exposed) {
    for (const form of [...plainForms(id), ...encodedForms(id, plain)]) {
      if (form.id !== id && groups.isUnexposed(form.id)) note(form.id, id, form);
    }
  }
  const all = [...found];
  const certain = all.filter(([, { form }]) => form.certain);
  const isMany = all.length >= groups.unexposed.length * LEAST_UNCERTAIN_SHARE;
  const told = isMany ? all : certain;
  return {
    examples: told.slice(0, MOST_EXAMPLES).map(([id, { expected, form }]) => ({
      found: visibleText(id),
      expected: visibleText(expected),
      difference: form.difference,
      visitorId: id,
    })),
    matched: told.length,
    looked: groups.unexposed.length,
    certain: certain.length > 0 || (isMany && all.length > 1),
  };
}

/** An id that may be the same visitor as another one. */
export interface LikeId {
  readonly id: string;
  readonly difference: string;
}

/**
 * Finds ids that look like one.
 *
 * @param others some of those that are known
 * @param knows whether any other id is known
 */
export function idsLike(id: string, others: Iterable<string>, knows: (id: string) => boolean): LikeId[] {
  const found = new Map<string, string>();
  const note = (other: string, difference: string) => {
    if (other !== id && !found.has(other)) found.set(other, difference);
  };
  for (const form of [...plainForms(id), ...encodedForms(id, true)]) {
    if (knows(form.id)) note(form.id, form.difference);
  }
  const same = canonical(id);
  const isHashed = looksHashed(id);
  for (const other of others) {
    if (canonical(other) === same) note(other, writing(id, other));
    for (const form of [...plainForms(other), ...encodedForms(other, isHashed)]) {
      if (form.id === id) note(other, form.difference);
    }
    if (found.size >= MOST_EXAMPLES) break;
  }
  return [...found].map(([other, difference]) => ({ id: other, difference }));
}

function writing(a: string, b: string): string {
  if (a.toLowerCase() === b.toLowerCase()) return 'case';
  if (a.trim() === b.trim()) return 'white space';
  return a.normalize('NFC') === b.normalize('NFC')
    ? 'Unicode form'
    : 'invisible characters, case or white space';
}

function prefixesOf(ids: readonly string[]): ReadonlySet<string> {
  const prefixes = new Set<string>();
  for (const id of ids) {
    const prefix = prefixOf(id);
    if (prefix !== undefined && prefixes.size < MOST_PREFIXES) prefixes.add(prefix);
  }
  return prefixes;
}

function* prefixed(id: string, prefixes: ReadonlySet<string>): Generator<Form> {
  for (const prefix of prefixes) yield { id: prefix + id, difference: 'prefix', certain: false };
}
