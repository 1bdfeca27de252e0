// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import fc from 'fast-check';
import { ArrivingBytes } from '../src/server/arriving-bytes.js';

/** What a body has, and when the latest of it came. */
interface Expected {
  byteLength: number;
  at: number;
}

describe('bytes that are arriving', () => {
  const step = fc.record({
    body: fc.nat(3),
    what: fc.constantFrom('add' as const, 'add' as const, 'end' as const),
    byteLength: fc.nat(1_000),
    millis: fc.oneof(fc.nat(20), fc.nat(400)),
  });

  it('are those of bodies of which something came in this eighth of a second, or in the one before', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), steps => {
        let now = 0;
        const arriving = new ArrivingBytes({ monotonic: () => now });
        const bodies = Array.from({ length: 4 }, () => arriving.begin());
        const expected: Expected[] = bodies.map(() => ({ byteLength: 0, at: 0 }));
        for (const { body, what, byteLength, millis } of steps) {
          now += millis;
          if (what === 'add') bodies[body]?.add(byteLength);
          else bodies[body]?.end();
          const held = what === 'add' ? (expected[body]?.byteLength ?? 0) + byteLength : 0;
          expected[body] = { byteLength: held, at: now };
          const lately = expected.filter(({ at }) => Math.floor(now / 125) - Math.floor(at / 125) <= 1);
          expect(arriving.byteLength).to.equal(lately.reduce((sum, each) => sum + each.byteLength, 0));
        }
      }),
      { numRuns: 500 },
    );
  });
});
