// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import fc from 'fast-check';
import { type Address, readAddress, writeAddress } from '../../src/page/state/address.js';

const text = fc.string({ unit: 'grapheme', maxLength: 30 });
const address: fc.Arbitrary<Address> = fc.record({
  visitor: text,
  experiment: text,
  event: text,
  problem: text,
  search: text,
  check: text,
  sort: fc.constantFrom('newest', 'oldest'),
  open: fc.oneof(
    fc.constant(''),
    fc.nat().map(sequence => `${sequence}`),
    fc.tuple(fc.nat(), fc.nat({ max: 999_999_999 })).map(place => place.join('/')),
  ),
  timeline: text,
  view: fc.constantFrom('experiments', 'events'),
});

describe('inspect: what is chosen on the page', () => {
  it('is read from a URL as it was written there', () => {
    fc.assert(
      fc.property(address, chosen => {
        expect(readAddress(writeAddress(chosen))).to.deep.equal(chosen);
      }),
    );
  });

  it('leaves nothing in the URL if nothing is chosen', () => {
    expect(writeAddress(readAddress(''))).to.equal('');
    expect(writeAddress({ ...readAddress(''), visitor: 'a&b' })).to.equal('?visitor=a%26b');
  });

  it('is what can be chosen, whatever the URL says', () => {
    const given = '?sort=sideways&open=../../clear&view=<b>&unknown=1&visitor=a&visitor=b';
    expect(readAddress(given)).to.deep.equal({ ...readAddress(''), visitor: 'a' });
  });
});
