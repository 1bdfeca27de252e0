// SPDX-License-Identifier: Apache-2.0

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** The 97.5 % point of the normal distribution: intervals hold the true rate 95 times of 100. */
export const Z = 1.959963984540054;

/**
 * Wilson's score interval of a rate, without continuity correction: usable for small counts and for rates near 0
 * and 1, where the textbook's ± 1.96 standard errors is not.
 *
 * @param successes at most `trials`
 */
export function wilsonInterval(successes: number, trials: number): Interval {
  if (trials <= 0) return { low: 0, high: 1 };
  const rate = successes / trials;
  const z2 = Z * Z;
  const center = rate + z2 / (2 * trials);
  const spread = Z * Math.sqrt((rate * (1 - rate)) / trials + z2 / (4 * trials * trials));
  const scale = 1 + z2 / trials;
  // Rounding must not move an end that is exactly 0 or 1.
  const low = successes === 0 ? 0 : Math.max(0, (center - spread) / scale);
  const high = successes === trials ? 1 : Math.min(1, (center + spread) / scale);
  return { low, high };
}
