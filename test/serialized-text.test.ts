// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import fc from 'fast-check';
import {
  type DatafileIndex,
  type ExperimentConversion,
  type ExperimentImpression,
  UserEventFactory,
} from 'opentelemetry-exporter-optimizely';
import { CONVERSION, indexOf, visitorIn } from './support/checked-events.js';
import { makeDatafile } from './support/datafile.js';

/** Keys and texts that need escapes, take more bytes than characters, or are long. */
const text = fc.oneof(
  fc.constantFrom('plan', 'SE', 'a"b', 'back\\slash', 'tab\t', 'é', '✓', '😀', '\ud800', 'x'.repeat(70), ''),
  fc.string({ unit: 'binary', maxLength: 12 }),
);
const scalar = fc.oneof(
  text,
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.boolean(),
);
const ATTRIBUTES = ['plan', 'länd', 'qu"ote', '$opt_x', 'logins'];
/** Some inherit members, which are not an object's own, and are not sent. */
const members = (key: fc.Arbitrary<string>, value: fc.Arbitrary<unknown>) => {
  const own = fc.dictionary(key, value, { maxKeys: 5, noNullPrototype: true });
  const inherited = fc.constantFrom(Object.prototype, null, {
    plan: 'inherited',
    $opt_x: 1,
    sku: 'inherited',
  });
  return fc
    .tuple(own, inherited)
    .map(([given, parent]) => Object.create(parent, Object.getOwnPropertyDescriptors(given))) as fc.Arbitrary<
    Record<string, unknown>
  >;
};
const attributes = members(fc.constantFrom(...ATTRIBUTES, 'not in the datafile'), scalar);
const tags = members(
  fc.oneof(fc.constantFrom('sku', 'größe', 'revenue'), text),
  fc.oneof(scalar, fc.constantFrom(null, undefined, { a: ['✓'] }, [1, 'b'])),
);
const eventKey = fc.constantFrom('purchase', 'kjøp');

const LARGEST = 2 ** 53;

function makeConfig(botFiltering: boolean | undefined): DatafileIndex {
  const datafile = makeDatafile({
    botFiltering,
    attributes: ATTRIBUTES.slice(0, 3).map((key, n) => ({ id: `40${n}`, key })),
    events: ['purchase', 'kjøp'].map((key, n) => ({ id: `30${n}`, key, experimentIds: [] })),
  });
  return indexOf(datafile);
}

/** What the visitor's attributes are to be, in the simplest way. */
function attributesOf(given: Record<string, unknown>, botFiltering: boolean | undefined): unknown[] {
  const idOf = (key: string) => (key === '$opt_x' ? key : `40${ATTRIBUTES.indexOf(key)}`);
  const sent = Object.entries(given).filter(
    ([key, value]) =>
      ['$opt_x', ...ATTRIBUTES.slice(0, 3)].includes(key) &&
      !(typeof value === 'number' && Math.abs(value) > LARGEST),
  );
  const bot = {
    entity_id: '$opt_bot_filtering',
    key: '$opt_bot_filtering',
    type: 'custom',
    value: botFiltering,
  };
  return [
    ...sent.map(([key, value]) => ({ entity_id: idOf(key), key, type: 'custom', value })),
    ...(botFiltering === undefined ? [] : [bot]),
  ];
}

const asJson = (value: unknown) => JSON.parse(JSON.stringify(value)) as unknown;

describe('the text of an event', () => {
  // One factory for all: what it remembers of one event must not show in the next.
  const factory = new UserEventFactory();
  const makeCase = (botFiltering: boolean | undefined) => ({
    botFiltering,
    config: makeConfig(botFiltering),
  });
  const configs = [undefined, true, false].map(makeCase);
  const datafile = fc.constantFrom(...configs);
  const timestamp = fc.integer({ min: 1_700_000_000_000, max: 1_700_000_000_003 });

  it('says what a conversion has, in as many bytes as it tells', () => {
    const conversion = fc.record({ userId: text, uuid: text, eventKey, timestamp, attributes, tags });
    fc.assert(
      fc.property(datafile, conversion, ({ botFiltering, config }, members) => {
        const event = { type: 'conversion', ...members } as ExperimentConversion;
        const visitor = visitorIn(factory.createUserEvent(event, config, 0));
        const { userId, uuid, eventKey, timestamp, attributes, tags } = members;
        expect(visitor.visitor_id).to.equal(asJson(userId));
        expect(visitor.attributes).to.deep.equal(asJson(attributesOf(attributes, botFiltering)));
        const [sent] = visitor.snapshots[0]?.events ?? [];
        expect(sent).to.include(asJson({ key: eventKey, uuid, timestamp }) as object);
        const given = Object.entries(tags).filter(([, value]) => value !== null);
        expect(sent?.tags).to.deep.equal(asJson(Object.fromEntries(given)));
      }),
    );
  });

  it('says what an impression has, in as many bytes as it tells', () => {
    const impression = fc.record({
      userId: text,
      uuid: text,
      timestamp,
      attributes,
      enabled: fc.boolean(),
      cmabUuid: fc.option(text, { nil: undefined }),
      variationKey: text,
    });
    fc.assert(
      fc.property(datafile, impression, ({ botFiltering, config }, members) => {
        const keys = { flagKey: 'checkout', ruleKey: 'checkout_test' };
        const event = { type: 'impression', ...keys, ...members } as ExperimentImpression;
        const visitor = visitorIn(factory.createUserEvent(event, config, 0));
        const { userId, uuid, timestamp, attributes, enabled, cmabUuid, variationKey } = members;
        expect(visitor.visitor_id).to.equal(asJson(userId));
        expect(visitor.attributes).to.deep.equal(asJson(attributesOf(attributes, botFiltering)));
        const [{ decisions, events } = { decisions: [], events: [] }] = visitor.snapshots;
        expect(events[0]).to.include(asJson({ uuid, timestamp, key: 'campaign_activated' }) as object);
        expect(decisions?.[0]?.metadata).to.deep.include(
          asJson({
            flag_key: 'checkout',
            variation_key: variationKey,
            enabled,
            cmab_uuid: cmabUuid,
          }) as object,
        );
      }),
    );
  });

  it('has each number as JSON has it, whatever numbers came before', () => {
    // Many that are alike in their hundredths, or in the hundredths of a multiple of 2.56.
    const near = fc
      .tuple(
        fc.integer({ min: -9, max: 9 }),
        fc.integer({ min: -9, max: 9 }),
        fc.constantFrom(0.5, 0.501, 3.06, 1e9),
      )
      .map(([multiple, thousandths, base]) => base + multiple * 2.56 + thousandths / 1000);
    const number = fc.oneof(near, fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer());
    const { config } = makeCase(undefined);
    fc.assert(
      fc.property(fc.array(number, { minLength: 2, maxLength: 12 }), numbers => {
        for (const value of [...numbers, ...numbers]) {
          const event = {
            type: 'conversion',
            userId: 'ada',
            eventKey: 'purchase',
            uuid: 'u',
            timestamp: 1e12,
          } as const;
          const attributes = { plan: value % LARGEST };
          const visitor = visitorIn(
            factory.createUserEvent({ ...event, attributes, tags: { value } }, config, 0),
          );
          expect(visitor.attributes[0]?.value).to.equal(asJson(value % LARGEST));
          expect(visitor.snapshots[0]?.events[0]).to.deep.include({
            value: asJson(value),
            tags: { value: asJson(value) },
          });
        }
      }),
    );
  });

  for (const [what, members] of Object.entries({
    'the user id': { userId: 'adä' },
    'an attribute': { attributes: { plan: 'gröss' } },
    "an attribute's key": { attributes: { länd: 'se' } },
    'a tag': { tags: { sku: '✓' } },
    "a tag's key": { tags: { größe: 1 } },
    'a tag in a tag': { tags: { cart: ['✓'] } },
    'the event key': { eventKey: 'kjøp' },
    'the uuid': { uuid: 'ü' },
  })) {
    it(`is counted in bytes where ${what} is not ASCII`, () => {
      const event = CONVERSION;
      const { config } = makeCase(undefined);
      visitorIn(factory.createUserEvent({ ...event, ...members } as ExperimentConversion, config, 0));
      // What was made for the first one is there for the second.
      visitorIn(factory.createUserEvent({ ...event, ...members } as ExperimentConversion, config, 0));
    });
  }

  it('is counted in bytes where the variation key is not ASCII', () => {
    const { config } = makeCase(undefined);
    const impression = {
      type: 'impression',
      userId: 'ada',
      uuid: 'u',
      timestamp: 1e12,
      enabled: true,
    } as const;
    const keys = { flagKey: 'checkout', ruleKey: 'checkout_test', variationKey: 'ø' };
    visitorIn(factory.createUserEvent({ ...impression, ...keys }, config, 0));
  });
});
