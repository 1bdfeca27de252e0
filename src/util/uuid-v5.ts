// SPDX-License-Identifier: Apache-2.0

const NAMESPACE_BYTES = 16;
/** Bytes of the longest name that is hashed without memory of its own; nearly all are shorter. */
const USUAL_BYTES = 4_096;

/**
 * Makes name-based UUIDs of version 5 ([RFC 9562](https://www.rfc-editor.org/rfc/rfc9562.html#name-uuid-version-5)) in one
 * namespace: the same name has the same one. Names are hashed as UTF-8.
 */
export function uuidV5In(namespace: string): (name: string) => string {
  const digits = namespace.replaceAll('-', '');
  const usual = Buffer.alloc(NAMESPACE_BYTES + USUAL_BYTES);
  usual.write(digits, 'hex');
  return name => {
    // A character takes three bytes at most, so most names need no counting.
    const fits = name.length * 3 <= USUAL_BYTES;
    const bytes = fits ? usual : Buffer.concat([usual.subarray(0, NAMESPACE_BYTES), Buffer.from(name)]);
    const length = fits ? NAMESPACE_BYTES + usual.write(name, NAMESPACE_BYTES) : bytes.length;
    return uuidOf(sha1(bytes.subarray(0, length)));
  };
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
