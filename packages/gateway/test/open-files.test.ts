// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import fc from 'fast-check';
import { bearableConnections } from '../src/util/open-files.js';

describe('the connections that a gateway takes', () => {
  it('are as many as it is told where files are not limited', () => {
    expect(bearableConnections(16_384, undefined, 1)).to.equal(16_384);
    expect(bearableConnections(16_384, 1_048_000, 1)).to.equal(16_384);
  });

  it('leave files for delivery, more for more projects, and at least half of few', () => {
    expect(bearableConnections(16_384, 1_000, 1)).to.equal(1_000 - 64 - 12);
    expect(bearableConnections(16_384, 1_000, 10)).to.equal(1_000 - 64 - 120);
    expect(bearableConnections(16_384, 40, 1)).to.equal(20);
    expect(bearableConnections(16_384, 1_000, 200)).to.equal(500);
  });

  it('are at least one, and never more than it is told', () => {
    const count = (least: number) => fc.integer({ min: least, max: 2_000_000 });
    fc.assert(
      fc.property(count(1), count(-10), fc.integer({ min: 1, max: 500 }), (most, left, projects) => {
        const connections = bearableConnections(most, left, projects);
        expect(connections).to.be.within(1, most);
        if (left > 1) expect(connections).to.be.at.most(left);
      }),
    );
  });
});
