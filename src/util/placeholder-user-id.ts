// SPDX-License-Identifier: Apache-2.0

/** What a missing value becomes where it is made text of. */
const OF_MISSING_VALUES: ReadonlySet<string> = new Set([
  'undefined',
  'null',
  'NaN',
  '[object Object]',
  '[object Promise]',
]);
const LONGEST = 16;

/**
 * Whether a user id is no one's: empty, nothing but white space, or the text of a missing value. Optimizely takes any
 * string, so all events that have it count as those of one visitor.
 *
 * @returns what it is, as a log line may say it; undefined if it may be a visitor's
 */
export function placeholderUserId(userId: string): string | undefined {
  if (userId === '') return 'empty';
  // A longer one has more to it; looking at each would cost time.
  if (userId.length > LONGEST) return undefined;
  if (OF_MISSING_VALUES.has(userId)) return 'the text of a missing value';
  return userId.trim() === '' ? 'nothing but white space' : undefined;
}
