// SPDX-License-Identifier: Apache-2.0

/** Above it people may well mean milliseconds, whatever the option. */
const LONGEST = 120;
/** A value of more than this many defaults, read as seconds, is implausible. */
const MOST_DEFAULTS = 12;

/**
 * Whether a number of milliseconds reads like the same option in seconds: `flushIntervalMillis: 30`. Optimizely's Python
 * SDK and Java's `TimeUnit` count in seconds.
 */
export function looksLikeSeconds(value: number, defaultMillis: number): boolean {
  const defaultSeconds = defaultMillis / 1_000;
  if (!Number.isInteger(value) || value === 0) return false;
  return value === defaultSeconds || value <= Math.min(LONGEST, defaultSeconds * MOST_DEFAULTS);
}
