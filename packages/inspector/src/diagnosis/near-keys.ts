// SPDX-License-Identifier: Apache-2.0
import { editDistance } from '../util/edit-distance.js';

const LONGEST = 100;

/**
 * Whether a key that was received is most likely meant to be another one.
 *
 * @returns how they differ, undefined if they are the same or too different
 */
export function nearKey(found: string, expected: string): string | undefined {
  if (found === expected || found === '' || expected === '' || found.length > LONGEST) return undefined;
  if (found.trim() === expected.trim()) return 'white space';
  if (found.toLowerCase() === expected.toLowerCase()) return 'case';
  const [a, b] = [lettersOf(found), lettersOf(expected)];
  if (a !== '' && a === b) return 'separators';
  if (a === '' || b === '') return undefined;
  // Short keys are near to many others: a quarter of the letters may be wrong, three at most.
  const most = Math.min(3, Math.floor(Math.min(a.length, b.length) / 4));
  const edits = editDistance(a, b);
  if (edits > most) return undefined;
  return edits === 1 ? 'one letter' : `${edits} letters`;
}

function lettersOf(key: string): string {
  return key
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '');
}
