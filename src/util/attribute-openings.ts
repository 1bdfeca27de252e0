// SPDX-License-Identifier: Apache-2.0
import { type JsonObject, objectsOf } from './json.js';
import { textOf } from './text-of.js';

/** Attributes that begin so are Optimizely's own and are known without a datafile entry. */
const RESERVED_PREFIX = '$opt_';

/** JSON text of an attribute up to its value: it never changes, so it is made when the datafile arrives. */
export function attributeOpening(id: string, key: string): string {
  return `{"entity_id":${JSON.stringify(id)},"key":${JSON.stringify(key)},"type":"custom","value":`;
}

/** By attribute key; the last of a key counts, and one without an id is never sent. */
export function indexAttributes(datafile: JsonObject): Map<string, string | undefined> {
  const openings = new Map<string, string | undefined>();
  for (const attribute of objectsOf(datafile.attributes)) {
    const [id, key] = [textOf(attribute.id), textOf(attribute.key)];
    openings.set(key, id === '' ? undefined : attributeOpening(id, key));
  }
  return openings;
}

export function isReserved(key: string): boolean {
  return key.startsWith(RESERVED_PREFIX);
}
