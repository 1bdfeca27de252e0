// SPDX-License-Identifier: Apache-2.0
import { CommandError } from './command-error.js';

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  kib: 1_024,
  mib: 1_048_576,
  gib: 1_073_741_824,
  kb: 1_000,
  mb: 1_000_000,
  gb: 1_000_000_000,
};

/**
 * @returns bytes
 * @throws CommandError if the text is not a size such as `16MiB` or `16777216`
 */
export function readSize(flag: string, text: string): number {
  const [, digits = '', unit = ''] = /^(\d{1,12}) ?([a-z]*)$/i.exec(text.trim()) ?? [];
  const factor = Object.hasOwn(UNITS, unit.toLowerCase()) ? UNITS[unit.toLowerCase()] : undefined;
  const bytes = Number(digits) * (factor ?? 0);
  if (bytes > 0 && Number.isSafeInteger(bytes)) return bytes;
  throw new CommandError(`${flag} must be a size such as 16MiB, 500kB or 1000000 (bytes)`, 2);
}
