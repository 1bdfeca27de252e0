// SPDX-License-Identifier: Apache-2.0

/** More and longer keys are not remembered: those of tags, and those that begin with `$opt_`, could be anything. */
const MOST_KEYS = 10_000;
const LONGEST_KEY = 256;

/** What `make` makes of a key, made once. undefined is made again. */
export function remembered<T>(make: (key: string) => T): (key: string) => T {
  const known = new Map<string, T>();
  return key => {
    const before = known.get(key);
    if (before !== undefined) return before;
    const made = make(key);
    if (made !== undefined && known.size < MOST_KEYS && key.length <= LONGEST_KEY) known.set(key, made);
    return made;
  };
}
