// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';

/** Hexadecimal digits that are always the same for the same text, so that each run of the demo is alike. */
export function hexOf(text: string, digits: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, digits);
}

/** As `hexOf`, a number from 0 to 1. */
export function fractionOf(text: string): number {
  return Number.parseInt(hexOf(text, 8), 16) / 2 ** 32;
}
