// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import fc from 'fast-check';
import { deriveEventUuid, type EventOrigin } from 'opentelemetry-exporter-optimizely/capture';
import { codeBlocks } from '../docs/markdown.js';
import { SEED } from '../support/seed.js';
import { skip } from '../support/skip.js';

interface Event {
  readonly name: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly time: string;
  readonly origin: EventOrigin;
}

const PROGRAM = fileURLToPath(new URL('./derive_uuid.py', import.meta.url));
const EVENTS = 1_000;

const string = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.string({ unit: 'grapheme', maxLength: 12 }),
);
const key = fc.oneof(string, fc.constantFrom('__proto__', 'revenue', '10', '9', ''));
const number = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer(),
  fc.constantFrom(-0, 1e21, 1e-7, 2 ** 53, -(2 ** 63), 5e-324, 1.7976931348623157e308),
);
const { value } = fc.letrec(tie => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.oneof(string, number, fc.boolean(), fc.constant(null)),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(key, tie('value'), { maxKeys: 5 }),
  ),
}));
const tags = fc
  .tuple(fc.dictionary(key, value, { maxKeys: 5 }), fc.boolean(), fc.constantFrom(0, 2))
  .map(([members, isText, space]) => (isText ? JSON.stringify(members, null, space) : members));
const hexadecimal = (digits: number) =>
  fc.oneof(
    fc.string({ unit: fc.constantFrom(...'0123456789abcdefABCDEF'), minLength: digits, maxLength: digits }),
    fc.constantFrom('0'.repeat(digits), '1'.repeat(digits - 1), ''),
  );
const event: fc.Arbitrary<Event> = fc.record({
  name: fc.constantFrom('optimizely.conversion', 'optimizely.impression', 'feature_flag.evaluation'),
  attributes: fc.record(
    {
      'feature_flag.context.id': string,
      'feature_flag.key': fc.oneof(string, number),
      'optimizely.rule.key': string,
      'feature_flag.result.variant': fc.oneof(string, fc.boolean()),
      'optimizely.experiment.id': string,
      'optimizely.campaign.id': string,
      'optimizely.variation.id': string,
      'optimizely.event.key': string,
      'optimizely.event.id': fc.oneof(string, fc.constant(null)),
      'optimizely.event.tags': tags,
    },
    { requiredKeys: [] },
  ),
  time: fc.bigInt(1n, 2n ** 64n - 1n).map(String),
  origin: fc.record(
    { traceId: hexadecimal(32), spanId: hexadecimal(16), serviceInstanceId: string },
    { requiredKeys: [] },
  ),
});

describe('a uuid derived in Python, from the semantic conventions alone', () => {
  const vectors = codeBlocks('docs/semantic-conventions.md')
    .filter(({ marks }) => marks.includes('vectors'))
    .flatMap(({ code }) => JSON.parse(code) as (Event & { readonly uuid: string })[]);

  /** Fractions lose their sign of zero in JSON, which the conventions do not tell apart. */
  function uuidsInPython(context: Mocha.Context, events: readonly Event[]): string[] {
    const input = events.map(given => `${JSON.stringify(given)}\n`).join('');
    const { status, stdout, stderr, error } = spawnSync('python3', [PROGRAM], { input, encoding: 'utf8' });
    if (error !== undefined) skip(context, 'no python3');
    expect(status, stderr).to.equal(0);
    return stdout.trim().split('\n');
  }

  it('is what the vectors say', function () {
    expect(uuidsInPython(this, vectors)).to.deep.equal(vectors.map(({ uuid }) => uuid));
  });

  it(`is the one that is derived here, of ${EVENTS} events (seed ${SEED})`, function () {
    const events = fc.sample(event, { numRuns: EVENTS, seed: SEED });
    expect(uuidsInPython(this, events)).to.deep.equal(
      events.map(({ time, origin, ...given }) => deriveEventUuid({ ...given, time: BigInt(time) }, origin)),
    );
  });
});
