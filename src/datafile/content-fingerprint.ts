// SPDX-License-Identifier: Apache-2.0

/**
 * Tells whether two datafiles hold the same, without keeping either: the length and a 53-bit hash of what the object
 * is as JSON.
 *
 * @returns undefined if the object can't be written as JSON
 */
export function contentFingerprint(content: object): string | undefined {
  let text: string | undefined;
  try {
    text = JSON.stringify(content);
  } catch {
    // Circular, too deep, a bigint: it can't be compared.
  }
  return text === undefined ? undefined : `${text.length}.${hashOf(text)}`;
}

/** cyrb53: https://github.com/bryc/code/blob/master/jshash/experimental/cyrb53.js (public domain). */
function hashOf(text: string): number {
  let high = 0xdeadbeef;
  let low = 0x41c6ce57;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    high = Math.imul(high ^ unit, 2654435761);
    low = Math.imul(low ^ unit, 1597334677);
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  return 4294967296 * (2097151 & low) + (high >>> 0);
}
