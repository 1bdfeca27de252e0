// SPDX-License-Identifier: Apache-2.0
import { chiSquaredPValue } from './chi-squared.js';

/** A sample ratio this unlikely is a defect of the experiment, not chance. */
export const MISMATCH_P_VALUE = 0.001;
/** Below this expected count the chi-squared approximation is not to be trusted. */
const LEAST_EXPECTED = 5;

/**
 * Whether visitors were divided as they should have been. `too_few`: it is too early to tell; `untestable`: there are
 * not two variations that could be compared.
 */
export type SampleRatio =
  | { readonly verdict: 'as_expected' | 'mismatch'; readonly statistic: number; readonly pValue: number }
  | { readonly verdict: 'too_few' | 'untestable' };

export interface Share {
  /** Visitors. */
  readonly observed: number;
  /** In any unit; 0 where the variation gets no traffic. */
  readonly weight: number;
}

/** Pearson's chi-squared test of the visitors that variations with traffic have. */
export function checkSampleRatio(shares: readonly Share[]): SampleRatio {
  const compared = shares.filter(share => share.weight > 0);
  if (compared.length < 2) return { verdict: 'untestable' };
  const visitors = compared.reduce((sum, share) => sum + share.observed, 0);
  const weights = compared.reduce((sum, share) => sum + share.weight, 0);
  let statistic = 0;
  for (const { observed, weight } of compared) {
    const expected = (visitors * weight) / weights;
    if (expected < LEAST_EXPECTED) return { verdict: 'too_few' };
    statistic += (observed - expected) ** 2 / expected;
  }
  const pValue = chiSquaredPValue(statistic, compared.length - 1);
  return { verdict: pValue < MISMATCH_P_VALUE ? 'mismatch' : 'as_expected', statistic, pValue };
}
