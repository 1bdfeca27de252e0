// SPDX-License-Identifier: Apache-2.0
import type { OptionsOwner } from './option-table.js';

/** @throws TypeError it is not a path */
export function requireDirectory(directory: unknown, { example }: OptionsOwner): string {
  if (typeof directory === 'string' && directory !== '' && !directory.includes('\0')) return directory;
  throw new TypeError(`directory must be a path: ${example}`);
}
