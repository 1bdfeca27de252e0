// SPDX-License-Identifier: Apache-2.0
import { DEEPEST_TAGS } from '../util/deepest-tags.js';

/**
 * Makes of what attributes may hold what JSON can hold: of a bigint the number next to it, and of bytes their Base64 form.
 *
 * @returns the value itself if it holds neither
 * @throws RangeError if it nests deeper than 500 levels, as a circle does
 */
export function jsonReady(value: unknown, levels = DEEPEST_TAGS): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (typeof value !== 'object' || value === null) return value;
  if (levels === 0) throw new RangeError('nests too deep');
  if (value instanceof Uint8Array) return base64(value);
  let isChanged = false;
  const ready = (member: unknown) => {
    const made = jsonReady(member, levels - 1);
    isChanged ||= made !== member;
    return made;
  };
  if (Array.isArray(value)) {
    const items = value.map(ready);
    return isChanged ? items : value;
  }
  const members = Object.entries(value).map(([key, member]) => [key, ready(member)] as const);
  // It defines members, so that one named __proto__ stays a member.
  return isChanged ? Object.fromEntries(members) : value;
}

export function base64({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64');
}
