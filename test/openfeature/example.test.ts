// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { runScript, scriptOf } from '../support/run-example.js';
import { patience } from '../support/slowness.cjs';

const LIMIT_MILLIS = patience(6_000);

describe('npm run example:openfeature', function () {
  this.timeout(2 * LIMIT_MILLIS);

  it('shows one impression a visitor, the conversions, and no problem', async () => {
    const { code, out: stdout, err } = await runScript(scriptOf('example:openfeature'), LIMIT_MILLIS);
    expect(code, stdout + err).to.equal(0);
    const figures = (pattern: RegExp) =>
      [...stdout.matchAll(pattern)].map(([, ...groups]) => groups.map(Number));
    expect(figures(/impressions received (\d+), evaluations that added nothing (\d+)/g)).to.deep.equal([
      [40, 80],
    ]);
    expect(figures(/conversions received (\d+)/g)).to.deep.equal([[14]]);
    expect(figures(/problems found (\d+)/g), stdout).to.deep.equal([[0]]);
    const arms = figures(/(\d+) visitors, (\d+) bought/g);
    expect(arms).to.have.length(2);
    for (const [shown, bought] of arms) {
      expect(shown).to.be.above(0);
      expect(bought).to.be.above(0);
    }
    expect(arms.reduce((sum, [shown = 0]) => sum + shown, 0)).to.equal(40);
    expect(arms.reduce((sum, [, bought = 0]) => sum + bought, 0)).to.equal(14);
  });
});
