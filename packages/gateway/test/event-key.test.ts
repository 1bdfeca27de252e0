// SPDX-License-Identifier: Apache-2.0
import { isDeepStrictEqual } from 'node:util';
import { expect } from 'chai';
import fc from 'fast-check';
import type { ExperimentEvent } from 'opentelemetry-exporter-optimizely';
import { keyOfEvent } from '../src/intake/event-key.js';

/** Few characters, so that texts run into one another in many ways. */
const text = fc.string({ unit: fc.constantFrom('1', ':', ' ', 'a'), maxLength: 4 });
const maybe = fc.option(text, { nil: undefined });
const shared = { uuid: text, userId: text, timestamp: fc.integer({ min: 0, max: 30 }) };
const event: fc.Arbitrary<ExperimentEvent> = fc.oneof(
  fc.record({ ...shared, type: fc.constant('conversion' as const), eventKey: text, eventId: maybe }),
  fc.record({
    ...shared,
    type: fc.constant('impression' as const),
    enabled: fc.constant(true),
    flagKey: text,
    ruleKey: text,
    variationKey: text,
    ruleType: fc.constantFrom('experiment' as const, 'rollout' as const, undefined),
    experimentId: maybe,
    campaignId: maybe,
    variationId: maybe,
  }),
);

describe('the key of an event', () => {
  it('is another one for another event, whatever its texts are', () => {
    fc.assert(
      fc.property(event, event, (one, other) => {
        expect(keyOfEvent(one) === keyOfEvent(other)).to.equal(isDeepStrictEqual(one, other));
      }),
      { numRuns: 2_000 },
    );
  });

  it('is another one if any of what tells it apart is changed', () => {
    fc.assert(
      fc.property(event, text, (one, given) => {
        for (const [name, value] of Object.entries(one)) {
          if (typeof value !== 'string' || name === 'type' || value === given) continue;
          expect(keyOfEvent({ ...one, [name]: given }), name).not.to.equal(keyOfEvent(one));
        }
      }),
    );
  });

  it('is the same with other attributes and tags, which Optimizely counts once', () => {
    fc.assert(
      fc.property(event, one => {
        expect(keyOfEvent({ ...one, attributes: { plan: 'gold' } })).to.equal(keyOfEvent(one));
      }),
    );
  });
});
