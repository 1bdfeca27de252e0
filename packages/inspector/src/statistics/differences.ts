// SPDX-License-Identifier: Apache-2.0
import { type Interval, wilsonInterval, Z } from './wilson-interval.js';

/** An estimate with the ends of its 95 % interval. */
export interface Estimate extends Interval {
  readonly estimate: number;
}

export interface Proportion {
  readonly successes: number;
  readonly trials: number;
}

/** A sum over visitors, and the sum of the squares of what each of them brought. */
export interface Total {
  readonly visitors: number;
  readonly sum: number;
  readonly squares: number;
}

/**
 * Rate of `a` minus that of `b`, with Newcombe's hybrid score interval (method 10), which is made of both Wilson intervals and
 * holds for small counts too.
 *
 * @see https://doi.org/10.1002/(SICI)1097-0258(19980430)17:8%3C873::AID-SIM779%3E3.0.CO;2-I
 * @returns undefined if one of them has no trials
 */
export function rateDifference(a: Proportion, b: Proportion): Estimate | undefined {
  if (a.trials <= 0 || b.trials <= 0) return undefined;
  const [p, q] = [a.successes / a.trials, b.successes / b.trials];
  const [first, second] = [wilsonInterval(a.successes, a.trials), wilsonInterval(b.successes, b.trials)];
  return {
    estimate: p - q,
    low: p - q - Math.hypot(p - first.low, second.high - q),
    high: p - q + Math.hypot(first.high - p, q - second.low),
  };
}

/**
 * Rate of `a` divided by that of `b`, minus 1, with the interval of the ratio's logarithm (Katz).
 *
 * @see https://doi.org/10.2307/2530610
 * @returns undefined if no visitor of one of them has converted
 */
export function relativeLift(a: Proportion, b: Proportion): Estimate | undefined {
  if (a.successes <= 0 || b.successes <= 0) return undefined;
  const ratio = a.successes / a.trials / (b.successes / b.trials);
  const spread = Z * Math.sqrt(1 / a.successes - 1 / a.trials + 1 / b.successes - 1 / b.trials);
  return {
    estimate: ratio - 1,
    low: ratio * Math.exp(-spread) - 1,
    high: ratio * Math.exp(spread) - 1,
  };
}

/** What a visitor brings on average, with the normal interval. @returns undefined for fewer than two visitors */
export function meanOf(total: Total): Estimate | undefined {
  if (total.visitors < 2) return undefined;
  const mean = total.sum / total.visitors;
  return around(mean, squaredError(total));
}

/** Difference of means, with Welch's variance. @returns undefined if one has fewer than two visitors */
export function meanDifference(a: Total, b: Total): Estimate | undefined {
  if (a.visitors < 2 || b.visitors < 2) return undefined;
  return around(a.sum / a.visitors - b.sum / b.visitors, squaredError(a) + squaredError(b));
}

function squaredError({ visitors, sum, squares }: Total): number {
  // Rounding can make what is 0 a little less.
  return Math.max(0, squares - (sum * sum) / visitors) / (visitors - 1) / visitors;
}

function around(estimate: number, variance: number): Estimate {
  const spread = Z * Math.sqrt(variance);
  return { estimate, low: estimate - spread, high: estimate + spread };
}
