// SPDX-License-Identifier: Apache-2.0

interface Keyed<K> {
  readonly size: number;
  keys(): Iterator<K>;
  delete(key: K): boolean;
}

/** Call it after each entry that is added to a Map or a Set: past `most`, the oldest leaves. */
export function keepNewest<K>(entries: Keyed<K>, most: number): void {
  if (entries.size <= most) return;
  const oldest = entries.keys().next();
  if (oldest.done !== true) entries.delete(oldest.value);
}
