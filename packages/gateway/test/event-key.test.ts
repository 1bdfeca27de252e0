// SPDX-License-Identifier: Apache-2.0
import { isDeepStrictEqual } from 'node:util';
import { expect } from 'chai';
import fc from 'fast-check';
import type { ExperimentEvent, SerializedEvent } from 'opentelemetry-exporter-optimizely';
import { keyOfDerived, keyOfEvent, keyOfVisitor } from '../src/intake/event-key.js';

const SERIALIZED: SerializedEvent = {
  type: 'conversion',
  uuid: '',
  json: '{"visitor_id":"1"}',
  byteLength: 18,
  acceptedAt: 7,
  context: {
    region: 'US',
    accountId: '1',
    projectId: '2',
    revision: '3',
    clientName: 'test',
    clientVersion: '1',
    anonymizeIP: false,
    botFiltering: undefined,
  },
};

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

  it('is its uuid where that is derived of all else; only the type of a rule is not part of that', () => {
    fc.assert(
      fc.property(event, event, (one, other) => {
        const uuids = { one: '11111111-2222-5333-8444-555555555555', other: keyOfDerived(other) };
        const derived = { ...one, uuid: uuids.one };
        const type = derived.type === 'impression' ? derived.ruleType : undefined;
        expect(keyOfDerived(derived)).to.equal(type === undefined ? uuids.one : `${uuids.one} ${type}`);
        expect(keyOfDerived(derived)).not.to.equal(uuids.other);
        // What was sent with that uuid may be another event.
        expect(keyOfDerived(derived)).not.to.equal(keyOfEvent(derived));
      }),
    );
  });

  it('in a batch is that of the event, however its text is written; of a visitor with several events, its text', () => {
    fc.assert(
      fc.property(event, fc.nat(9), (one, index) => {
        fc.pre(one.uuid !== '');
        const serialized = { ...SERIALIZED, uuid: one.uuid };
        expect(keyOfVisitor(serialized, one, index)).to.equal(keyOfEvent(one));
        expect(keyOfVisitor(serialized, undefined, index)).to.equal(serialized.json);
      }),
    );
  });

  it('in a batch is another one each time without a uuid, as Optimizely counts each', () => {
    const keys = [0, 1, 2].map(index => keyOfVisitor(SERIALIZED, undefined, index));
    expect(new Set([...keys, keyOfVisitor({ ...SERIALIZED, acceptedAt: 8 }, undefined, 0)])).to.have.lengthOf(
      4,
    );
  });
});
