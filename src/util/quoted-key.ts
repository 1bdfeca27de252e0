// SPDX-License-Identifier: Apache-2.0
import { hasOnly, isDigit, isLetter } from './characters.js';

/** What keys look like at Optimizely. Anything else is not shown: it may be a user's data in the wrong place. */
function isKey(key: string): boolean {
  return key.length <= 64 && hasOnly(key, code => isLetter(code) || isDigit(code) || MARKS.has(code));
}

const MARKS: ReadonlySet<number> = new Set(Buffer.from('_.:-'));

/** A key as a log line may show it. */
export function quotedKey(key: string): string {
  return isKey(key) ? `"${key}"` : `of ${key.length} characters (not shown)`;
}
