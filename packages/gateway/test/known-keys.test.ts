// SPDX-License-Identifier: Apache-2.0

import { expect } from 'chai';
import fc from 'fast-check';
import { KnownKeys } from '../src/otlp/known-keys.js';

function find(keys: KnownKeys, key: string): string | undefined {
  const bytes = Buffer.from(`<${key}>`);
  return keys.find(bytes, 1, bytes.length - 1);
}

describe('known keys', () => {
  it('are found by their bytes, and no other key is', () => {
    // Of two characters, many share a place.
    const key = fc.string({ unit: fc.constantFrom('a', 'b', 'é', 'Ã', '©', '😀'), maxLength: 8 });
    fc.assert(
      fc.property(fc.array(key, { maxLength: 50 }), key, (added, wanted) => {
        const keys = new KnownKeys();
        for (const each of added) {
          keys.add(each, Buffer.byteLength(each));
          expect([each, undefined]).to.include(find(keys, each));
        }
        expect([wanted, undefined]).to.include(find(keys, wanted));
      }),
      { numRuns: 1_000 },
    );
  });

  it('take no bytes that are not UTF-8 for a character', () => {
    const keys = new KnownKeys();
    keys.add('é', Buffer.byteLength('é'));
    expect(keys.find(Buffer.from([0xe9]), 0, 1)).to.equal(undefined);
  });

  it('are kept if they are in ASCII and short', () => {
    const keys = new KnownKeys();
    for (const key of ['k', 'feature_flag.context.id', 'x'.repeat(64)]) {
      keys.add(key, key.length);
      expect(find(keys, key)).to.equal(key);
    }
    const long = 'x'.repeat(65);
    keys.add(long, long.length);
    expect(find(keys, long)).to.equal(undefined);
  });
});
