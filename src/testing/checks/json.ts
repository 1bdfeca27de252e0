// SPDX-License-Identifier: Apache-2.0

/** A string, or `''`. */
export function stringOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** A string, or null. */
export function stringOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
