// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import fc from 'fast-check';
import { OptimizelySpanProcessor } from 'opentelemetry-exporter-optimizely';
import { hasOnly, isAscii, isCapital, isDigit, isHexDigit, isLetter } from '../src/util/characters.js';
import { RecordingLogger } from './support/fakes.js';
import { ManualRuntime } from './support/manual-runtime.js';

describe('what texts are made of', () => {
  const all = Array.from({ length: 0x1_0000 }, (_, code) => code);
  const kinds: [string, (code: number) => boolean, RegExp][] = [
    ['digits', isDigit, /^[0-9]$/],
    ['capitals', isCapital, /^[A-Z]$/],
    ['letters', isLetter, /^[A-Za-z]$/],
    ['hexadecimal digits', isHexDigit, /^[0-9a-f]$/i],
  ];
  for (const [name, isOne, pattern] of kinds) {
    it(`is told by a character: ${name}`, () => {
      expect(all.filter(isOne)).to.deep.equal(all.filter(code => pattern.test(String.fromCharCode(code))));
    });
  }

  it('is told of whole texts', () => {
    const text = fc.string({ unit: fc.constantFrom('7', '0', 'a', '\u0661', '\ud800', '\u{1f600}', ' ') });
    fc.assert(
      fc.property(text, given => {
        expect(hasOnly(given, isDigit)).to.equal(/^[0-9]+$/.test(given));
        expect(isAscii(given)).to.equal(![...given].some(character => character > '\x7f'));
      }),
    );
  });
});

describe("an event that is recorded at the end of the application's stack", () => {
  it('ends no process, though each text has been looked at before', async () => {
    const events = [{ id: '9', key: 'purchase', experimentIds: [] }];
    const datafile = { version: '4', accountId: '1', projectId: '2', revision: '3', events };
    // With the second, V8 would compile regular expressions once more, and end the process where there is no room for it.
    for (let n = 0; n < 2; n++) {
      const processor = new OptimizelySpanProcessor({
        datafile,
        eventDispatcher: { dispatchEvent: async () => ({ statusCode: 204 }) },
        logger: new RecordingLogger(),
        runtime: new ManualRuntime(),
      });
      let left = 3_000;
      const descend = (): void => {
        try {
          descend();
        } catch (error) {
          try {
            processor.recordConversion({ userId: 'u', eventKey: 'purchase' });
          } catch {
            // Not even the call had room.
          }
          if (left-- > 0) throw error;
        }
      };
      descend();
      expect(processor.ledger().recorded).to.be.above(0);
      await processor.shutdown();
    }
  });
});
