// SPDX-License-Identifier: Apache-2.0

/** What keys look like at Optimizely. Anything else is not shown: it may be a user's data in the wrong place. */
const KEY = /^[\w.:-]{1,64}$/;

/** A key as a log line may show it. */
export function quotedKey(key: string): string {
  return KEY.test(key) ? `"${key}"` : `of ${key.length} characters (not shown)`;
}
