// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import fc from 'fast-check';
import { decodeText, TextCollector } from '../src/util/decode-text.js';

const marks = ['', '\ufeff'];
const encodings = {
  'utf-8': (text: string) => Buffer.from(text),
  'utf-16le': (text: string) => Buffer.from(text, 'utf16le'),
  'utf-16be': (text: string) => Buffer.from(text, 'utf16le').swap16(),
};

describe('text that comes in pieces', () => {
  const collect = (bytes: Uint8Array, cuts: readonly number[]) => {
    const collector = new TextCollector();
    const places = [0, ...cuts.map(cut => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
    for (let n = 1; n < places.length; n++) collector.add(bytes.subarray(places[n - 1], places[n]));
    return collector.end();
  };

  for (const [name, encode] of Object.entries(encodings)) {
    it(`is what all of its bytes say in ${name}, wherever they are cut`, () => {
      fc.assert(
        fc.property(
          fc.constantFrom(...marks),
          fc.string({ unit: 'grapheme' }),
          fc.array(fc.nat(), { maxLength: 6 }),
          (mark, text, cuts) => {
            const content = `{"${text}`;
            expect(collect(encode(mark + content), cuts)).to.equal(content);
          },
        ),
      );
    });
  }

  it('is what all of its bytes say where they are no text', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.array(fc.nat(), { maxLength: 6 }), (bytes, cuts) => {
        expect(collect(bytes, cuts)).to.equal(decodeText(bytes));
      }),
      { numRuns: 1_000 },
    );
  });
});
