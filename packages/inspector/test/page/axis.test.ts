// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import fc from 'fast-check';
import { axisFor } from '../../src/page/experiments/axis.js';

const share = fc.double({ min: 0, max: 1, noNaN: true });
const rate = fc.record({ visitors: fc.nat(10), high: share });

describe('inspect: the axis of the bars', () => {
  it('holds every interval, and is hardly longer than needed', () => {
    fc.assert(
      fc.property(fc.array(rate), rates => {
        const { end } = axisFor(rates);
        const highest = Math.max(0, ...rates.filter(({ visitors }) => visitors > 0).map(({ high }) => high));
        expect(end).to.be.at.least(highest).and.at.most(1);
        if (highest > 0.001) expect(end).to.be.below(highest * 2.51);
      }),
    );
  });

  it('has labels from 0 to its end, in equal steps', () => {
    fc.assert(
      fc.property(fc.array(rate), rates => {
        const { end, ticks } = axisFor(rates);
        expect([ticks[0], ticks.at(-1)]).to.deep.equal([0, end]);
        for (const [place, tick] of ticks.entries()) {
          expect(tick).to.be.closeTo((end * place) / (ticks.length - 1), 1e-9);
        }
      }),
    );
  });
});
