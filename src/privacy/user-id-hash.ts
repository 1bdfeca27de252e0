// SPDX-License-Identifier: Apache-2.0

/**
 * Makes of a user id its HMAC-SHA-256, 64 hexadecimal digits: the same visitor stays the same, and without the
 * key the id can't be found by trying.
 */
export function userIdHash(key: string | Uint8Array): (userId: string) => string {
  // Only where it is asked for: the package is imported without loading it.
  const { createHmac, createSecretKey } = process.getBuiltinModule('node:crypto');
  // A copy: the application may wipe its own.
  const secret = createSecretKey(Buffer.from(key));
  return userId => createHmac('sha256', secret).update(userId).digest('hex');
}
