// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { chiSquaredPValue } from '../src/statistics/chi-squared.js';
import { checkSampleRatio } from '../src/statistics/sample-ratio.js';
import { wilsonInterval } from '../src/statistics/wilson-interval.js';

describe('statistics', () => {
  describe('chi-squared p-values', () => {
    // NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.4: upper critical values.
    const significances = [0.1, 0.05, 0.025, 0.01, 0.001] as const;
    const critical: [degreesOfFreedom: number, values: [number, number, number, number, number]][] = [
      [1, [2.706, 3.841, 5.024, 6.635, 10.828]],
      [2, [4.605, 5.991, 7.378, 9.21, 13.816]],
      [3, [6.251, 7.815, 9.348, 11.345, 16.266]],
      [4, [7.779, 9.488, 11.143, 13.277, 18.467]],
      [9, [14.684, 16.919, 19.023, 21.666, 27.877]],
      [30, [40.256, 43.773, 46.979, 50.892, 59.703]],
      [99, [117.407, 123.225, 128.422, 134.642, 148.23]],
    ];
    for (const [degreesOfFreedom, values] of critical) {
      it(`agree with the published table at ${degreesOfFreedom} degrees of freedom`, () => {
        for (const [place, value] of values.entries()) {
          const expected = significances[place] ?? 0;
          // The table has three decimals: a step in the last one is this much of the probability.
          expect(chiSquaredPValue(value, degreesOfFreedom)).to.be.closeTo(expected, expected * 0.0015);
        }
      });
    }

    it('have a closed form at two degrees of freedom, which they keep far into the tail', () => {
      for (const statistic of [0.01, 1, 3.9, 4.1, 20, 100, 600]) {
        const expected = Math.exp(-statistic / 2);
        expect(chiSquaredPValue(statistic, 2) / expected).to.be.closeTo(1, 1e-11);
      }
    });

    it('are the two-sided ones of the normal distribution at one degree of freedom', () => {
      // Abramowitz and Stegun, table 26.2 and 26.5: Q(x) = 0.15865525, 0.02275013, 1.3498980e-3, 9.8659e-10.
      const tail = { 1: 0.15865525393, 2: 0.02275013195, 3: 1.349898032e-3, 6: 9.86587645e-10 };
      for (const [z, q] of Object.entries(tail)) {
        expect(chiSquaredPValue(Number(z) ** 2, 1) / (2 * q)).to.be.closeTo(1, 1e-8);
      }
    });

    it('are 1 where nothing deviates, and 0 where everything does', () => {
      expect(chiSquaredPValue(0, 3)).to.equal(1);
      expect(chiSquaredPValue(Number.POSITIVE_INFINITY, 3)).to.equal(0);
    });
  });

  describe('sample ratio', () => {
    it("agrees with Pearson's test of Mendel's peas", () => {
      // Mendel 1866, as in every textbook: 315, 108, 101 and 32 against 9:3:3:1 give 0.470 and p = 0.925.
      const observed = [315, 108, 101, 32];
      const ratio = checkSampleRatio(
        [9, 3, 3, 1].map((weight, place) => ({ weight, observed: observed[place] ?? 0 })),
      );
      if (!('pValue' in ratio)) throw new Error(ratio.verdict);
      expect(ratio.verdict).to.equal('as_expected');
      expect(ratio.statistic).to.be.closeTo(0.47, 0.0005);
      expect(ratio.pValue).to.be.closeTo(0.925, 0.0005);
    });

    it('tells the mismatch that a well-known case missed by eye', () => {
      // Fabijan et al., "Diagnosing Sample Ratio Mismatch", KDD 2019: 821,588 against 815,482 has a p-value of 1.8e-6.
      const ratio = checkSampleRatio([
        { weight: 1, observed: 821_588 },
        { weight: 1, observed: 815_482 },
      ]);
      if (!('pValue' in ratio)) throw new Error(ratio.verdict);
      expect(ratio.verdict).to.equal('mismatch');
      expect(ratio.pValue).to.be.closeTo(1.8e-6, 0.05e-6);
    });

    it('warns below 0.001, and not at it', () => {
      const verdictOf = (a: number, b: number) =>
        checkSampleRatio([
          { weight: 1, observed: a },
          { weight: 1, observed: b },
        ]).verdict;
      expect(verdictOf(1_073, 927)).to.equal('as_expected'); // 10.658: p = 0.0011
      expect(verdictOf(1_074, 926)).to.equal('mismatch'); // 10.952: p = 0.0009
    });

    it('says nothing of fewer than five expected visitors, or fewer than two variations with traffic', () => {
      const [few, enough] = [4, 5].map(observed => [
        { weight: 1, observed },
        { weight: 1, observed },
      ]);
      expect(checkSampleRatio(few ?? []).verdict).to.equal('too_few');
      expect(checkSampleRatio(enough ?? []).verdict).to.equal('as_expected');
      expect(
        checkSampleRatio([
          { weight: 1, observed: 99 },
          { weight: 0, observed: 3 },
        ]).verdict,
      ).to.equal('untestable');
    });
  });

  describe('intervals of rates', () => {
    // Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in Medicine 17 (1998), method 3.
    const published: [successes: number, trials: number, low: number, high: number][] = [
      [81, 263, 0.2553, 0.3662],
      [15, 148, 0.0624, 0.1605],
      [0, 20, 0, 0.1611],
      [1, 29, 0.0061, 0.1718],
    ];
    for (const [successes, trials, low, high] of published) {
      it(`agree with the published one of ${successes} out of ${trials}`, () => {
        const interval = wilsonInterval(successes, trials);
        expect(interval.low).to.be.closeTo(low, 0.00005);
        expect(interval.high).to.be.closeTo(high, 0.00005);
      });
    }

    it('end at 1 where all converted, and are unknown without visitors', () => {
      expect(wilsonInterval(20, 20).high).to.equal(1);
      expect(wilsonInterval(20, 20).low).to.be.closeTo(1 - 0.1611, 0.00005);
      expect(wilsonInterval(0, 0)).to.deep.equal({ low: 0, high: 1 });
    });
  });
});
