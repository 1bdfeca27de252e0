// SPDX-License-Identifier: Apache-2.0

const UUID = /^[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}$/i;

/**
 * Makes the UUID (version 5, [RFC 9562](https://www.rfc-editor.org/rfc/rfc9562.html#name-uuid-version-5)) that a name has
 * in a namespace: always the same one, for what has to keep its uuid when it is read again.
 *
 * @param namespace a UUID
 * @throws TypeError if the namespace is not a UUID
 */
export function nameBasedUuid(namespace: string, name: string): string {
  if (!UUID.test(namespace)) throw new TypeError('the namespace must be a UUID');
  return uuidV5Of(Buffer.concat([Buffer.from(namespace.replaceAll('-', ''), 'hex'), Buffer.from(name)]));
}

/** As `nameBasedUuid`, of bytes that are there: those of the namespace, and the name as UTF-8. */
export function uuidV5Of(bytes: Uint8Array): string {
  return uuidOf(sha1(bytes));
}

let crypto: typeof import('node:crypto') | undefined;

/** Loaded when the first one is made: most processes make none. A Hash object would cost twice as much. */
function sha1(bytes: Uint8Array): string {
  crypto ??= process.getBuiltinModule('node:crypto');
  return crypto.hash('sha1', bytes);
}

/** @param hex 32 digits or more, of which the version and the variant take the place of some bits */
function uuidOf(hex: string): string {
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 0x3) | 0x8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
