// SPDX-License-Identifier: Apache-2.0
import { visibleText } from '../util/visible-text.js';

const LONGEST_KEY = 60;
const MOST_NAMED = 3;

/** `1 impression`, `2 impressions`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? one : many}`;
}

/** A key or an id as it may stand in a sentence. */
export function quoted(text: string): string {
  const shown = visibleText(text);
  return `"${shown.length > LONGEST_KEY ? `${shown.slice(0, LONGEST_KEY)}…` : shown}"`;
}

/** `"a", "b" and 3 more`. */
export function named(keys: readonly string[]): string {
  const first = keys.slice(0, MOST_NAMED).map(quoted);
  const more = keys.length - first.length;
  if (more > 0) return `${first.join(', ')} and ${more} more`;
  const last = first.pop() ?? '';
  return first.length === 0 ? last : `${first.join(', ')} and ${last}`;
}
