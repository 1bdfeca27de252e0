// SPDX-License-Identifier: Apache-2.0
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { expect } from 'chai';
import fc from 'fast-check';
import {
  type AnyEventDispatcher,
  OptimizelySpanProcessor,
  recordConversion,
  recordImpression,
} from 'opentelemetry-exporter-optimizely';
import { trackConversion } from 'opentelemetry-exporter-optimizely/openfeature';
import { createSpanEventDispatcher } from 'opentelemetry-exporter-optimizely/optimizely-sdk';
import { RegionReader } from '../src/optimizely-sdk/region-reader.js';
import { hasOnly, isAscii, isCapital, isDigit, isHexDigit, isLetter } from '../src/util/characters.js';
import { plainName } from '../src/util/options/nearest-name.js';
import { makeDatafile } from './support/datafile.js';
import { RecordingLogger } from './support/fakes.js';
import { ManualRuntime, settle } from './support/manual-runtime.js';

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

describe('names and addresses, which are read without regular expressions', () => {
  it('are read as with them: the names of members and options', () => {
    const plain = (name: string) =>
      name
        .slice(0, 80)
        .toLowerCase()
        .replaceAll(/[^a-z0-9]/g, '')
        .replace(/^(with|optimizely)/, '')
        .replace(/(in)?(millis(econds?)?|msecs?|ms|seconds?|secs?)$/, '');
    const parts = [
      'with',
      'Optimizely',
      'flush',
      '_',
      'in',
      'In',
      'milli',
      's',
      'ms',
      'sec',
      'ond',
      'Seconds',
    ];
    const part = fc.oneof(
      fc.constantFrom(...parts, 'millis', '\u0130', '\u212a'),
      fc.string({ maxLength: 3 }),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), given => {
        expect(plainName(given.join(''))).to.equal(plain(given.join('')));
      }),
      { numRuns: 2_000 },
    );
  });

  it("are read as with them: Optimizely's two addresses", () => {
    const host = /^https?:\/\/(eu\.)?logx\.optimizely\.com(?![^:/?#])/i;
    const parts = [
      'http',
      'HTTPS',
      'https',
      '://',
      'eu.',
      'logx',
      '.optimizely',
      '.com',
      ':443',
      '/v1',
      '?a',
      '#',
      '@',
    ];
    const usual = fc.constantFrom('https://logx.optimizely.com', 'https://EU.logx.optimizely.com');
    const part = fc.oneof(fc.constantFrom(...parts), fc.string({ maxLength: 2 }));
    fc.assert(
      fc.property(fc.oneof(usual, fc.constant('')), fc.array(part, { maxLength: 6 }), (start, more) => {
        const url = start + more.join('');
        let others = 0;
        const region = new RegionReader(() => others++).read(url);
        const match = host.exec(url);
        expect({ region, others }).to.deep.equal({
          region: match?.[1] === undefined ? 'US' : 'EU',
          others: Number(match === null),
        });
      }),
      { numRuns: 2_000 },
    );
  });
});

/** @returns the regular expressions that run within the call */
function expressionsWithin(call: () => unknown): string[] {
  const { exec } = RegExp.prototype;
  const found = new Set<string>();
  RegExp.prototype.exec = function (text) {
    found.add(String(this.source));
    return exec.call(this, text);
  };
  try {
    call();
  } finally {
    RegExp.prototype.exec = exec;
  }
  return [...found];
}

describe('a call of the application', () => {
  it('runs no regular expression, whatever is odd about the event', async () => {
    const datafile = makeDatafile();
    const answers = [
      { status: '503 Service Unavailable', headers: { 'retry-after': '5' } },
      { statusCode: 401, headers: { 'retry-after': 'Wed, 21 Oct 2015 07:28:00 GMT' } },
      { statusCode: 400 },
    ];
    let requests = 0;
    const dispatchEvent = (_: unknown, callback: (answer: object) => void) =>
      callback(answers[requests++ % answers.length] ?? {});
    const logger = new RecordingLogger();
    const processor = new OptimizelySpanProcessor({
      datafile,
      eventDispatcher: { dispatchEvent } as AnyEventDispatcher,
      batchSize: 1,
      logger,
      runtime: new ManualRuntime(),
      selfObsMeterProvider: new MeterProvider(),
    });
    const sdk = createSpanEventDispatcher(processor, { logger });
    const official = (url: string) => sdk.dispatchEvent({ url, params: { visitors: [{ visitor_id: 'v' }] } });
    const tags = { revenue: '12.5', value: 'x', big: 10n, date: new Date(0), map: new Map() };
    const calls: (() => unknown)[] = [
      () => recordConversion({ userId: 'u', event_key: 'purchase', tag: {} } as never),
      () => recordConversion({ userId: 'u', eventKey: 'purchase', attribute: {}, tags } as never),
      () =>
        recordConversion({ userId: 'u', eventKey: 'purchase', uuid: '"\ud800', attributes: { 'a b': 1 } }),
      () => recordConversion({ userId: 'u', eventKey: 'no such' }),
      () => recordConversion('purchase' as never),
      () => recordImpression({ userId: 'u', flag_key: 'checkout', ruleKey: 'checkout_test' } as never),
      () =>
        recordImpression({ userId: 'u', flagKey: 'checkout', ruleKey: 'checkout_test', variationKey: '?' }),
      () => recordImpression({ userId: 'u', experimentId: 'abc', campaignId: '12' }),
      () => processor.process({} as never),
      () => processor.ledger(),
      () => trackConversion('purchase', { targetingKey: 'u' }),
      () => official('https://eu.logx.optimizely.com/v1/events'),
      () => official('https://user:password@other.example/v1/events?a#b'),
    ];
    for (const call of calls) {
      expect(expressionsWithin(call), call.toString()).to.deep.equal([]);
      await settle();
    }
    expect(requests).to.be.above(0);
    expect(logger.lines).to.not.deep.equal([]);
    // Uninstalls it at once; under a clock that stands still it does not end.
    void processor.shutdown();
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
