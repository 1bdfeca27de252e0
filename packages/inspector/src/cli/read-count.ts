// SPDX-License-Identifier: Apache-2.0
import { CommandError } from './command-error.js';

/** @throws CommandError not a whole number within these limits */
export function readCount(
  option: string,
  given: string | undefined,
  fallback: number,
  { least, most }: { least: number; most: number },
): number {
  if (given === undefined) return fallback;
  const value = Number(given);
  if (/^\d+$/.test(given) && value >= least && value <= most) return value;
  throw new CommandError(`${option} must be a whole number from ${least} to ${most}`, 2);
}
