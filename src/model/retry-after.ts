// SPDX-License-Identifier: Apache-2.0

/**
 * `Retry-After` as milliseconds from now; it is given in seconds or as a date.
 *
 * @param now milliseconds since the epoch
 */
export function parseRetryAfter(header: string | string[] | undefined, now: number): number | undefined {
  const text = Array.isArray(header) ? header[0] : header;
  if (text === undefined) return undefined;
  if (/^\s*\d+\s*$/.test(text)) return Number(text) * 1000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
