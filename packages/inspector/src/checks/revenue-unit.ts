// SPDX-License-Identifier: Apache-2.0
import { type EventReading, quote } from 'opentelemetry-exporter-optimizely/testing';
import type { Problem } from '../inspection/problem.js';
import { isObject } from '../util/json.js';

const MOST_TAGS = 50;

/**
 * Tells a revenue that was given in dollars: it is a whole number, and another tag, or the value, has the same amount with its
 * cents. Fractions in `revenue` itself have problems of their own.
 */
export function checkRevenueUnit({ wire }: EventReading): Problem | undefined {
  const { revenue, value, tags } = wire;
  if (typeof revenue !== 'number' || !Number.isInteger(revenue) || revenue <= 0) return undefined;
  const amounts: [key: string, amount: unknown][] = [['value', value]];
  if (isObject(tags)) amounts.push(...Object.entries(tags).slice(0, MOST_TAGS));
  for (const [key, amount] of amounts) {
    const number = typeof amount === 'string' ? Number(amount) : amount;
    if (key === 'revenue' || typeof number !== 'number' || Number.isInteger(number)) continue;
    if (Math.trunc(number) !== revenue && Math.round(number) !== revenue) continue;
    const message = `revenue is ${revenue} cents, and the tag ${quote(key)} is ${quote(amount)}: send cents, ${Math.round(number * 100)}`;
    return { code: 'revenue_in_dollars', message };
  }
  return undefined;
}
