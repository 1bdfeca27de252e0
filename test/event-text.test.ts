// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import fc from 'fast-check';
import {
  type ExperimentConversion,
  type ExperimentImpression,
  UserEventFactory,
} from 'opentelemetry-exporter-optimizely';
import { CONVERSION, IMPRESSION, indexOf, type Visitor, visitorIn } from './support/checked-events.js';

const config = indexOf();
const factory = new UserEventFactory();

function visitorOf(event: ExperimentConversion | ExperimentImpression): Visitor {
  return visitorIn(factory.createUserEvent(event, config, 0));
}

function tagsSent(tags: Record<string, unknown>): unknown {
  return visitorOf({ ...CONVERSION, tags }).snapshots[0]?.events[0]?.tags;
}

const UNUSABLE_TAGS = { type: 'unresolved', reason: 'invalid', field: 'tags' };

/** Why an event with the tags is refused, if it is. */
function refusalOf(tags: Record<string, unknown>): unknown {
  const made = factory.createUserEvent({ ...CONVERSION, tags }, config, 0);
  return 'reason' in made ? made : 'sent';
}

/** Each text goes everywhere that a text of the application goes. */
function expectSentAsItIs(text: string): void {
  const attributes = { plan: text, country: text };
  const conversion = visitorOf({
    ...CONVERSION,
    userId: text,
    uuid: text,
    attributes,
    tags: { [text]: text, t: text },
  });
  expect(conversion.visitor_id).to.equal(text);
  expect(conversion.attributes.map(({ key, value }) => [key, value])).to.deep.equal(
    Object.entries(attributes),
  );
  expect(conversion.snapshots[0]?.events[0]?.uuid).to.equal(text);
  // Defined, so that a tag named __proto__ is one.
  const tags = Object.fromEntries([
    [text, text],
    ['t', text],
  ]);
  expect(conversion.snapshots[0]?.events[0]?.tags).to.deep.equal(tags);
  const impression = visitorOf({ ...IMPRESSION, userId: text, uuid: text, cmabUuid: text });
  expect(impression.visitor_id).to.equal(text);
  expect(impression.snapshots[0]?.events[0]?.uuid).to.equal(text);
  expect(impression.snapshots[0]?.decisions?.[0]?.metadata.cmab_uuid).to.equal(text);
}

describe('the text of an event', () => {
  for (const special of ['"', '\\', '\n', '\u0000', '\u001f', ' ', '!', '~', '\u007f', 'é', '😀']) {
    it(`has ${JSON.stringify(special)} as it is, wherever it stands in texts of any length`, () => {
      for (const length of [0, 1, 2, 61, 62, 63, 64, 65, 200]) {
        for (const at of [0, Math.floor(length / 2), length]) {
          expectSentAsItIs(`${'a'.repeat(at)}${special}${'b'.repeat(length - at)}`);
        }
      }
    });
  }

  it('has every text as it is', () => {
    const unit = fc.nat({ max: 0xffff }).map(code => String.fromCharCode(code));
    fc.assert(fc.property(fc.string({ unit, maxLength: 100 }), expectSentAsItIs));
  });

  it('has the attributes that Optimizely takes, and leaves out the others', () => {
    const sent = (plan: unknown) =>
      visitorOf({ ...CONVERSION, attributes: { country: 'NO', plan: plan as never } }).attributes.flatMap(
        ({ key, value }) => (key === 'plan' ? [value] : []),
      );
    for (const value of ['', 'gold', 0, -1.5, true, false, 2 ** 53, -(2 ** 53)]) {
      expect(sent(value), String(value)).to.deep.equal([value]);
    }
    const others: unknown[] = [
      ...[2 ** 53 + 2, -(2 ** 53) - 2, Number.NaN, Number.POSITIVE_INFINITY],
      ...[null, undefined, [], [5], {}, new Date(5), { valueOf: () => 5 }, 5n, Symbol('s'), () => 5],
    ];
    for (const value of others) expect(sent(value), typeof value).to.deep.equal([]);
  });

  it('is none where an attribute throws when it is read', () => {
    const attributes = {
      get plan(): string {
        throw new Error('secret');
      },
    };
    for (const event of [CONVERSION, IMPRESSION]) {
      expect(factory.createUserEvent({ ...event, attributes }, config, 0)).to.deep.equal({
        type: 'unresolved',
        reason: 'invalid',
        field: 'attributes',
      });
    }
  });

  describe('with tags', () => {
    const json = fc.jsonValue({ maxDepth: 3 });

    it('has them as JSON does, but for null and undefined ones', () => {
      const members = fc.dictionary(fc.string(), fc.oneof(json, fc.constant(undefined)), { maxKeys: 6 });
      fc.assert(
        fc.property(members, tags => {
          const given = Object.entries(tags).filter(([, value]) => value !== null && value !== undefined);
          const expected = JSON.parse(JSON.stringify(Object.fromEntries(given)));
          expect(tagsSent(tags)).to.deep.equal(expected);
        }),
      );
    });

    it('has keys that it has not seen, and the same again', () => {
      const [first, second] = [`"${randomUUID()}`, `\n${randomUUID()}`];
      for (let n = 0; n < 3; n++) {
        expect(tagsSent({ [first]: n, [second]: true })).to.deep.equal({ [first]: n, [second]: true });
        expect(tagsSent({ [second]: n, [first]: true })).to.deep.equal({ [second]: n, [first]: true });
      }
    });

    const values: [string, unknown, unknown][] = [
      ['a Date', new Date(0), '1970-01-01T00:00:00.000Z'],
      ['a toJSON, told the key of its tag', { toJSON: (key: string) => ({ key }) }, { key: 'it:"s"' }],
      ['a number that JSON has not', Number.NaN, null],
      ['an infinite number', Number.NEGATIVE_INFINITY, null],
      ['a boxed text', Object('text'), 'text'],
      ['a text in braces', ['}', '{', ':'], ['}', '{', ':']],
      ['a function', () => 5, undefined],
      ['a symbol', Symbol('s'), undefined],
      ['a toJSON of nothing', { toJSON: () => undefined }, undefined],
      ['a toJSON of null', { toJSON: () => null }, null],
    ];
    for (const [name, value, sent] of values) {
      it(`has the tag as JSON does: ${name}`, () => {
        const expected = sent === undefined ? {} : { 'it:"s"': sent };
        expect(tagsSent({ 'it:"s"': value })).to.deep.equal(expected);
        expect(tagsSent({ a: 1, 'it:"s"': value, z: 2 })).to.deep.equal({ a: 1, ...expected, z: 2 });
      });
    }

    it('has them as JSON does where the host indents all JSON', () => {
      const { stringify } = JSON;
      const tags = { 'it:"s"': { deep: ['}', { more: 1 }] }, list: [':', 2], when: new Date(0) };
      let made: ReturnType<typeof factory.createUserEvent>;
      try {
        JSON.stringify = (value: unknown) => stringify(value, undefined, 2);
        made = factory.createUserEvent({ ...CONVERSION, tags }, config, 0);
      } finally {
        JSON.stringify = stringify;
      }
      if ('reason' in made) throw new Error(made.reason);
      const visitor = JSON.parse(made.json) as Visitor;
      expect(visitor.snapshots[0]?.events[0]?.tags).to.deep.equal(JSON.parse(JSON.stringify(tags)));
    });

    it('has what a toJSON of all tags makes of them, where that is an object', () => {
      class Cart {
        readonly total = 5;
        readonly coupon: string | null;

        constructor(coupon: string | null) {
          this.coupon = coupon;
        }

        toJSON(): unknown {
          return { cart: this.total };
        }
      }
      expect(tagsSent(new Cart('c') as never)).to.deep.equal({ cart: 5 });
      expect(tagsSent({ none: null, unset: undefined, toJSON: () => ({ asked: true }) })).to.deep.equal({
        asked: true,
      });
      // A null or undefined tag is left out before, which leaves a plain object of the others.
      expect(tagsSent(new Cart(null) as never)).to.deep.equal({ total: 5 });
      for (const answer of ['text', 5, true, null, undefined, ['{'], '{', '}{']) {
        expect(refusalOf({ toJSON: () => answer }), String(answer)).to.deep.equal(UNUSABLE_TAGS);
      }
    });

    for (const [name, wrap] of [
      ['lists', (inner: unknown) => [inner]],
      ['objects', (inner: unknown) => ({ m: inner })],
      ['lists with text before', (inner: unknown) => ['"]}\\', 'a"', inner]],
    ] as const) {
      const nested = (levels: number) => {
        let made: unknown = 'innermost';
        for (let level = 0; level < levels; level++) made = wrap(made);
        return made;
      };

      it(`nests 500 levels deep at most: ${name}`, () => {
        expect(refusalOf({ deep: nested(499) })).to.equal('sent');
        expect(refusalOf({ deep: nested(500) })).to.deep.equal(UNUSABLE_TAGS);
        const throughToJson = (levels: number) => ({ toJSON: () => ({ deep: nested(levels) }) });
        expect(refusalOf(throughToJson(499))).to.equal('sent');
        expect(refusalOf(throughToJson(500))).to.deep.equal(UNUSABLE_TAGS);
      });
    }

    it('may have any number of lists and objects beside each other, and any brackets in texts', () => {
      const beside = Array.from({ length: 1_200 }, (_, n) => (n % 2 === 0 ? [] : {}));
      const texts = ['['.repeat(1_200), '{'.repeat(1_200), `${'\\"['.repeat(1_200)}"`];
      for (const tag of [beside, texts, ...texts]) {
        expect(tagsSent({ tag })).to.deep.equal({ tag });
      }
      expect(refusalOf({ deep: [...texts, ...beside] })).to.equal('sent');
    });
  });
});
