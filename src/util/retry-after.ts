// SPDX-License-Identifier: Apache-2.0

/**
 * `Retry-After` as milliseconds from now; it is given in seconds or as a date.
 *
 * @param now milliseconds since the epoch
 */
export function parseRetryAfter(header: unknown, now: number): number | undefined {
  const text: unknown = Array.isArray(header) ? header[0] : header;
  if (typeof text === 'number') return text >= 0 ? text * 1000 : undefined;
  if (typeof text !== 'string') return undefined;
  if (/^\s*\d+(?:\.\d+)?\s*$/.test(text)) return Number(text) * 1000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
