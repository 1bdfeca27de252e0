// SPDX-License-Identifier: Apache-2.0

const RELATIVE_PRECISION = 1e-14;
const MOST_TERMS = 10_000;

/**
 * The probability that a chi-squared variable exceeds `statistic`: the p-value of a chi-squared test.
 *
 * It is the regularized upper incomplete gamma function Q(df/2, statistic/2), by its series or its continued fraction
 * (Abramowitz and Stegun 6.5.29 and 6.5.31), whichever converges.
 *
 * @param degreesOfFreedom a positive whole number
 */
export function chiSquaredPValue(statistic: number, degreesOfFreedom: number): number {
  if (!(statistic > 0)) return 1;
  if (statistic === Number.POSITIVE_INFINITY) return 0;
  const a = degreesOfFreedom / 2;
  const x = statistic / 2;
  const scale = Math.exp(a * Math.log(x) - x - logGammaOfHalf(degreesOfFreedom));
  return x < a + 1 ? 1 - scale * lowerSeries(a, x) : scale * upperFraction(a, x);
}

/** ln Γ(n / 2), from Γ(1/2) = √π and Γ(1) = 1 by Γ(z + 1) = z Γ(z). */
function logGammaOfHalf(n: number): number {
  let z = n % 2 === 0 ? 1 : 0.5;
  let sum = n % 2 === 0 ? 0 : Math.log(Math.PI) / 2;
  for (; z < n / 2; z++) sum += Math.log(z);
  return sum;
}

function lowerSeries(a: number, x: number): number {
  let term = 1 / a;
  let sum = term;
  for (let n = 1; n < MOST_TERMS && term > sum * RELATIVE_PRECISION; n++) {
    term *= x / (a + n);
    sum += term;
  }
  return sum;
}

/** Evaluated from the front, by Lentz's method. */
function upperFraction(a: number, x: number): number {
  let b = x + 1 - a;
  let c = Number.POSITIVE_INFINITY;
  let d = 1 / b;
  let value = d;
  for (let n = 1; n < MOST_TERMS; n++) {
    const numerator = n * (a - n);
    b += 2;
    d = 1 / (b + numerator * d);
    c = b + numerator / c;
    value *= c * d;
    if (Math.abs(c * d - 1) < RELATIVE_PRECISION) break;
  }
  return value;
}
