// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import fc from 'fast-check';
import { meanDifference, meanOf, rateDifference, relativeLift } from '../src/statistics/differences.js';
import { MISMATCH_P_VALUE } from '../src/statistics/sample-ratio-monitor.js';
import { SequentialRatio } from '../src/statistics/sequential-ratio.js';
import { wilsonInterval } from '../src/statistics/wilson-interval.js';
import { simulateRatios } from './simulate-ratios.js';

/** The counts that have the published Bayes factor; no others of ten visitors do. */
const REGRESSION = [2, 1, 7];

describe('statistics', () => {
  describe('the sequential sample ratio', () => {
    const weightsOf = (weights: readonly number[]) =>
      new Map(weights.map((weight, place) => [String(place), weight]));
    const countAll = (ratio: SequentialRatio, counts: readonly number[]) => {
      for (const [place, count] of counts.entries()) for (let n = 0; n < count; n++) ratio.add(String(place));
      return ratio;
    };

    // github.com/optimizely/ssrm, ssrm_test/test_ssrm_test.py, test_sequential_posteriors: the logarithms of both marginal
    // likelihoods, a visitor at a time, and for counts that come together.
    it("agrees with the examples of Optimizely's ssrm, visitor by visitor", () => {
      const ratio = new SequentialRatio(weightsOf([0.4, 0.4, 0.2]), [weightsOf([1, 1, 1])]);
      const published: [variation: string, model: number, expected: number][] = [
        ['0', -1.0986122886681096, -0.916290731874155],
        ['1', -2.4849066497880004, -1.83258146374831],
        ['0', -3.401197381662155, -2.748872195622465],
        ['1', -4.499809670330265, -3.66516292749662],
        ['2', -6.4457198193855785, -5.27460083993072],
      ];
      for (const [variation, model, expected] of published) {
        ratio.add(variation);
        expect(ratio.logEvidence).to.be.closeTo(model - expected, 1e-12);
      }
    });

    it("agrees with the examples of Optimizely's ssrm, some visitors at a time", () => {
      const ratio = new SequentialRatio(weightsOf([0.4, 0.4, 0.2]), [weightsOf([1, 1, 1])]);
      const published: [counts: readonly number[], model: number, expected: number][] = [
        [[20, 17, 9], -7.028201432058012, -4.0776406466061985],
        [[18, 21, 8], -11.947847738358888, -8.265946861099877],
        [[4, 6, 4], -15.471401950257842, -11.610743519545139],
        [[18, 19, 11], -19.96484521090386, -15.781031228536165],
      ];
      for (const [counts, model, expected] of published) {
        countAll(ratio, counts);
        expect(ratio.logEvidence).to.be.closeTo(model - expected, 1e-11);
      }
    });

    it("agrees with the regression test of Optimizely's ssrm, whose prior is around the expected shares", () => {
      // Ten visitors of numpy's generator with the seed 0 for [0.1, 0.49, 0.41].
      const ratio = new SequentialRatio(weightsOf([0.1, 0.5, 0.4]), [weightsOf([1_000, 5_000, 4_000])]);
      countAll(ratio, REGRESSION);
      expect(Math.exp(ratio.logEvidence)).to.be.closeTo(1.0017496120131435, 1e-9);
    });

    it('depends on who has come, not on their order, and takes back what it has counted', () => {
      fc.assert(
        fc.property(
          fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 2, maxLength: 5 }),
          fc.array(fc.nat(4), { maxLength: 60 }),
          fc.array(fc.nat(4), { maxLength: 30 }),
          (weights, kept, taken) => {
            const idOf = (n: number) => String(n % weights.length);
            const [one, other] = [
              new SequentialRatio(weightsOf(weights)),
              new SequentialRatio(weightsOf(weights)),
            ];
            for (const n of [...taken, ...kept]) one.add(idOf(n));
            for (const n of taken) one.remove(idOf(n));
            for (const n of kept.toReversed()) other.add(idOf(n));
            expect(one.logEvidence).to.be.closeTo(other.logEvidence, 1e-9);
            expect(one.total).to.equal(other.total);
          },
        ),
      );
    });

    it('tells the mismatch that a well-known case missed by eye, and large ones of few visitors', () => {
      // Fabijan et al., "Diagnosing Sample Ratio Mismatch", KDD 2019: 821,588 against 815,482, which is 50.2 %.
      const evidenceOf = (counts: readonly number[]) =>
        countAll(new SequentialRatio(weightsOf([1, 1])), counts).logEvidence;
      expect(evidenceOf([821_588, 815_482])).to.be.above(Math.log(1_000));
      expect(evidenceOf([60, 20])).to.be.above(-Math.log(MISMATCH_P_VALUE));
      expect(evidenceOf([508, 492])).to.be.below(0);
    });

    it('is looked at after each visitor of 200 experiments without a defect, and stays quiet', () => {
      const { alarmed } = simulateRatios({ experiments: 200, visitors: 2_000, seed: 20_261_130 });
      expect(alarmed).to.be.at.most(2);
    });

    it('tells a defect of one part in ten before two thousand visitors', () => {
      const { alarmed } = simulateRatios({ experiments: 50, visitors: 2_000, seed: 7, actual: [0.6, 0.4] });
      expect(alarmed).to.equal(50);
    });
  });

  describe('differences', () => {
    // Newcombe, "Interval estimation for the difference between independent proportions", Statistics in Medicine 17 (1998),
    // table II, method 10.
    const published: [
      a: readonly [number, number],
      b: readonly [number, number],
      low: number,
      high: number,
    ][] = [
      [[56, 70], [48, 80], 0.0524, 0.3339],
      [[9, 10], [3, 10], 0.1705, 0.809],
      [[6, 7], [2, 7], 0.0582, 0.8062],
      [[5, 56], [0, 29], -0.0381, 0.1926],
      [[0, 10], [0, 20], -0.1611, 0.2775],
      [[10, 10], [0, 20], 0.6791, 1],
    ];
    for (const [[a, m], [b, n], low, high] of published) {
      it(`of rates agree with the published one of ${a}/${m} and ${b}/${n}`, () => {
        const found = rateDifference({ successes: a, trials: m }, { successes: b, trials: n });
        expect(found?.estimate).to.be.closeTo(a / m - b / n, 1e-12);
        expect(found?.low).to.be.closeTo(low, 0.00006);
        expect(found?.high).to.be.closeTo(high, 0.00006);
      });
    }

    it('as a share of the baseline agree with a published relative risk', () => {
      // Physicians' Health Study, NEJM 321 (1989): 104 of 11,037 against 189 of 11,034: 0.55 (0.43 to 0.70).
      const lift = relativeLift({ successes: 104, trials: 11_037 }, { successes: 189, trials: 11_034 });
      expect(lift?.estimate).to.be.closeTo(0.55 - 1, 0.005);
      expect(lift?.low).to.be.closeTo(0.43 - 1, 0.005);
      expect(lift?.high).to.be.closeTo(0.7 - 1, 0.005);
      expect(relativeLift({ successes: 1, trials: 9 }, { successes: 0, trials: 9 })).to.equal(undefined);
    });

    it('of what visitors bring go by the variance of their totals', () => {
      // 0, 0, 10, 30 and 0, 0, 0, 4: means 10 and 1, squared errors 200/4 and 4/4.
      const [a, b] = [
        { visitors: 4, sum: 40, squares: 1_000 },
        { visitors: 4, sum: 4, squares: 16 },
      ];
      expect(meanOf(a)).to.deep.include({ estimate: 10 });
      expect(meanOf(a)?.high).to.be.closeTo(10 + 1.959964 * Math.sqrt(200 / 4), 1e-5);
      expect(meanDifference(a, b)?.low).to.be.closeTo(9 - 1.959964 * Math.sqrt(50 + 1), 1e-5);
      expect(meanOf({ visitors: 1, sum: 4, squares: 16 })).to.equal(undefined);
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
