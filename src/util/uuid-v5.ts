// SPDX-License-Identifier: Apache-2.0

const VERSION_5 = 0x50;
const VARIANT = 0x80;

/**
 * Makes a name-based UUID, version 5 of
 * [RFC 9562](https://www.rfc-editor.org/rfc/rfc9562.html#name-uuid-version-5): the same name has the same one.
 *
 * @param name hashed as UTF-8
 */
export function uuidV5(namespace: string, name: string): string {
  // Loaded when the first one is made: most processes make none.
  const { createHash } = process.getBuiltinModule('node:crypto');
  const space = Buffer.from(namespace.replaceAll('-', ''), 'hex');
  const bytes = createHash('sha1').update(space).update(name, 'utf8').digest().subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | VERSION_5;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | VARIANT;
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
