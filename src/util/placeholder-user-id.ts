// SPDX-License-Identifier: Apache-2.0

/** What a missing value becomes where it is made text of. */
const OF_MISSING_VALUES: ReadonlySet<string> = new Set([
  'undefined',
  'null',
  'NaN',
  '[object Object]',
  '[object Promise]',
]);
/** What the texts above begin with, by their first letter: `un`, `nu`, `Na`, `[o`. */
const SECOND_LETTERS: Uint8Array = new Uint8Array(0x80);
for (const text of OF_MISSING_VALUES) SECOND_LETTERS[text.charCodeAt(0)] = text.charCodeAt(1);

/**
 * Whether a user id is no one's: empty, nothing but white space, or the text of a missing value. Optimizely takes any
 * string, so all events that have it count as those of one visitor.
 *
 * @returns what it is, as a log line may say it; undefined if it may be a visitor's
 */
export function placeholderUserId(userId: string): string | undefined {
  if (userId === '') return 'empty';
  // Each event is looked at, and a longer look at most of them would cost time.
  if (isVisible(userId.charCodeAt(0), userId.charCodeAt(1))) return undefined;
  if (OF_MISSING_VALUES.has(userId)) return 'the text of a missing value';
  return userId.trim() === '' ? 'nothing but white space' : undefined;
}

/** Whether an id that begins with these is neither white space nor one of the texts. */
function isVisible(first: number, second: number): boolean {
  if (first <= 0x20 || first >= 0x80) return false;
  return SECOND_LETTERS[first] !== second;
}
