// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import fc from 'fast-check';
import {
  deriveEventUuid,
  EVENT_UUID_NAMESPACE,
  type EventOrigin,
  eventIdentity,
  nameBasedUuid,
  type RawEvent,
} from 'opentelemetry-exporter-optimizely/capture';
import { v5 } from 'uuid';
import { originOfRecord } from '../../src/capture/event-origin.js';
import type { EmittedLogRecord } from '../../src/model/log-record-port.js';
import { codeBlocks } from '../docs/markdown.js';
import { SEED } from '../support/seed.js';

interface Vector extends Omit<RawEvent, 'time'> {
  readonly time: string;
  readonly origin: EventOrigin;
  readonly identity: string;
  readonly uuid: string;
}

const PAGE = 'docs/semantic-conventions.md';
const ORIGIN = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' };
const TIME = 1_700_000_000_123_456_789n;
const TAGS = 'optimizely.event.tags';

const vectors = codeBlocks(PAGE)
  .filter(({ marks }) => marks.includes('vectors'))
  .flatMap(({ code }) => JSON.parse(code) as Vector[]);

function conversion(attributes: Record<string, unknown> = {}, time: RawEvent['time'] = TIME): RawEvent {
  const given = { 'feature_flag.context.id': 'ada', 'optimizely.event.key': 'purchase' };
  return { name: 'optimizely.conversion', attributes: { ...given, ...attributes }, time };
}

/** Undefined can't stand for a uuid. */
function uuidOf(event: RawEvent, origin: EventOrigin = ORIGIN): string {
  const uuid = deriveEventUuid(event, origin);
  expect(uuid).to.be.a('string');
  return String(uuid);
}

describe('a derived uuid', () => {
  it('is what the test vectors of the semantic conventions say', () => {
    expect(vectors.length).to.be.at.least(5);
    for (const { time, origin, identity, uuid, ...event } of vectors) {
      expect(eventIdentity({ ...event, time: BigInt(time) }, origin)).to.equal(identity);
      expect(uuidOf({ ...event, time: BigInt(time) }, origin)).to.equal(uuid);
    }
  });

  it('is of version 5, as other libraries make it, in the namespace of the conventions', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), userId => {
        const event = conversion({ 'feature_flag.context.id': userId });
        expect(uuidOf(event)).to.equal(v5(eventIdentity(event, ORIGIN) ?? '', EVENT_UUID_NAMESPACE));
      }),
      { seed: SEED },
    );
  });

  const tag = fc.letrec(tie => ({
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.string({ unit: 'grapheme' }),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.string({ unit: 'grapheme' }), tie('value'), { maxKeys: 4 }),
    ),
  })).value;
  const tags = fc.dictionary(fc.string({ unit: 'grapheme' }), tag, { maxKeys: 5 });

  it('stays when the event is encoded anew', () => {
    fc.assert(
      fc.property(tags, given => {
        const written = uuidOf(conversion({ [TAGS]: JSON.stringify(given) }));
        expect(uuidOf(conversion({ [TAGS]: given }))).to.equal(written);
        expect(uuidOf(conversion({ [TAGS]: JSON.stringify(given, null, 2) }))).to.equal(written);
        expect(uuidOf(conversion({ [TAGS]: turned(given) }))).to.equal(written);
        const { name, attributes, time } = conversion({ [TAGS]: given, 'service.name': 'shop' });
        expect(uuidOf({ name, attributes: turned(attributes) as Record<string, unknown>, time })).to.equal(
          written,
        );
      }),
      { seed: SEED },
    );
  });

  it('has tags in the order of their bytes, and lengths in bytes, of however many characters of any kind', () => {
    const around = fc.integer({ min: 0x78, max: 0x88 }).map(code => String.fromCharCode(code));
    const units = ['binary', 'binary-ascii', around] as const;
    const tagsOfUnit = units.map(unit => {
      const text = fc.string({ unit, maxLength: 80 });
      return fc.dictionary(text, text, { maxKeys: 40, size: 'max' });
    });
    const bytes = (item: string) => `s${Buffer.byteLength(item)}:${item}`;
    fc.assert(
      fc.property(fc.oneof(...tagsOfUnit), tags => {
        const members = Object.entries(tags)
          .sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
          .map(([key, value]) => bytes(key) + bytes(value));
        const identity = eventIdentity(conversion({ [TAGS]: tags }), ORIGIN);
        expect(identity?.slice(identity.indexOf('{'))).to.equal(`{${members.join('')}}]`);
      }),
      { seed: SEED },
    );
  });

  it('differs where the tags differ', () => {
    fc.assert(
      fc.property(tags, tags, (one, other) => {
        const isSame = written(one) === written(other);
        const [first, second] = [one, other].map(given => uuidOf(conversion({ [TAGS]: given })));
        expect(first === second).to.equal(isSame);
      }),
      { seed: SEED, numRuns: 500 },
    );
  });

  it('differs where a string moves from one element to the next', () => {
    const elements = [
      'feature_flag.context.id',
      'feature_flag.key',
      'optimizely.rule.key',
      'feature_flag.result.variant',
      'optimizely.experiment.id',
      'optimizely.campaign.id',
      'optimizely.variation.id',
      'optimizely.event.key',
      'optimizely.event.id',
    ];
    const part = fc.constantFrom('', 'a', 's1:a', 's0:', 'n]', 'ä');
    const parts = fc.tuple(...elements.map(() => part));
    const eventOf = (values: readonly string[]): RawEvent => ({
      name: 'optimizely.impression',
      attributes: Object.fromEntries(elements.map((name, index) => [name, values[index]])),
      time: TIME,
    });
    fc.assert(
      fc.property(parts, parts, (one, other) => {
        expect(uuidOf(eventOf(one)) === uuidOf(eventOf(other))).to.equal(one.join('\0') === other.join('\0'));
      }),
      { seed: SEED, numRuns: 500 },
    );
  });

  for (const [what, event, origin] of [
    ['a nanosecond', conversion({}, TIME + 1n), ORIGIN],
    ['the trace', conversion(), { ...ORIGIN, traceId: 'ff'.repeat(16) }],
    ['the span', conversion(), { ...ORIGIN, spanId: 'ff'.repeat(8) }],
    ['the name', { ...conversion(), name: 'optimizely.impression' }, ORIGIN],
    ['the user', conversion({ 'feature_flag.context.id': 'Ada' }), ORIGIN],
    ['an id', conversion({ 'optimizely.event.id': '300' }), ORIGIN],
    ['a tag', conversion({ [TAGS]: '{"revenue":1}' }), ORIGIN],
    ['having tags at all', conversion({ [TAGS]: '{}' }), ORIGIN],
    ['having no trace', conversion(), {}],
  ] as [string, RawEvent, EventOrigin][]) {
    it(`differs by ${what}`, () => {
      expect(uuidOf(event, origin)).not.to.equal(uuidOf(conversion()));
    });
  }

  for (const [what, event, origin] of [
    ['user attributes', conversion({ 'optimizely.user.attributes': '{"plan":"gold"}' }), ORIGIN],
    ['what else describes the event', conversion({ 'optimizely.decision.enabled': false, a: 1 }), ORIGIN],
    ['keys that are empty', conversion({ 'feature_flag.key': '', 'optimizely.event.id': null }), ORIGIN],
    ['capitals in ids', conversion(), { ...ORIGIN, traceId: ORIGIN.traceId.toUpperCase() }],
    ['the instance, where there is a trace', conversion(), { ...ORIGIN, serviceInstanceId: 'a' }],
    ['tags of null', conversion({ [TAGS]: null }), ORIGIN],
  ] as [string, RawEvent, EventOrigin][]) {
    it(`stays whatever ${what}`, () => {
      expect(uuidOf(event, origin)).to.equal(uuidOf(conversion()));
    });
  }

  it('goes by the instance of the service where there is no trace, in any way of saying so', () => {
    const none = [
      {},
      { traceId: '', spanId: '' },
      { traceId: '0'.repeat(32), spanId: '0'.repeat(16) },
      { traceId: ORIGIN.traceId.slice(1), spanId: `${ORIGIN.spanId}0` },
      { traceId: 'g'.repeat(32), spanId: 'g'.repeat(16) },
    ];
    const uuids = none.map(ids => uuidOf(conversion(), { ...ids, serviceInstanceId: 'a' }));
    expect(new Set(uuids)).to.have.property('size', 1);
    expect(uuidOf(conversion(), { serviceInstanceId: 'b' })).not.to.equal(uuids[0]);
    expect(uuidOf(conversion(), {})).not.to.equal(uuids[0]);
  });

  it('goes by the first instance that a resource has a value for, however it says so', () => {
    const record = (resource: object) =>
      ({ ...{ attributes: {}, hrTime: [0, 0], setAttribute() {} }, resource }) as EmittedLogRecord;
    const key = 'service.instance.id';
    const raw = [['service.name', 'shop'], ...[undefined, null, 'a', 'b'].map(value => [key, value])];
    for (const [resource, serviceInstanceId] of [
      [{ getRawAttributes: () => raw, attributes: { [key]: 'other' } }, 'a'],
      [{ getRawAttributes: () => [] }, undefined],
      [{ getRawAttributes: () => [[key, 7]] }, undefined],
      [{ attributes: { [key]: 'c' } }, 'c'],
    ] as const) {
      expect(originOfRecord(record(resource))).to.deep.equal({ serviceInstanceId });
    }
    const broken = {
      get attributes(): never {
        throw new Error('broken');
      },
    };
    expect(originOfRecord(record(broken))).to.equal(undefined);
  });

  it('counts numbers as doubles, and their kinds as one', () => {
    const uuidOfTag = (tag: unknown) => uuidOf(conversion({ [TAGS]: { tag } }));
    expect(uuidOfTag(42n)).to.equal(uuidOfTag(42));
    expect(uuidOfTag(9_007_199_254_740_993n)).to.equal(uuidOfTag(2 ** 53));
    expect(uuidOfTag(-0)).to.equal(uuidOfTag(0));
    expect(uuidOfTag(Number.NaN)).to.equal(uuidOfTag(undefined));
    expect(uuidOfTag('42')).not.to.equal(uuidOfTag(42));
    expect(uuidOfTag(1)).not.to.equal(uuidOfTag(true));
    expect(uuidOfTag(0.1 + 0.2)).not.to.equal(uuidOfTag(0.3));
  });

  it('tells bytes from their Base64 form, wherever they lie in memory', () => {
    const bytes = Uint8Array.of(1, 2, 3, 4).subarray(1, 3);
    const uuid = uuidOf(conversion({ [TAGS]: { bytes } }));
    expect(uuidOf(conversion({ [TAGS]: { bytes: Buffer.from([2, 3]) } }))).to.equal(uuid);
    expect(uuidOf(conversion({ [TAGS]: { bytes: 'AgM=' } }))).not.to.equal(uuid);
  });

  it('is made of texts of any length', () => {
    for (const length of [1_000, 1_365, 1_366, 100_000])
      for (const character of ['a', '€']) {
        const event = conversion({ 'feature_flag.context.id': character.repeat(length) });
        expect(uuidOf(event)).to.equal(v5(eventIdentity(event, ORIGIN) ?? '', EVENT_UUID_NAMESPACE));
      }
  });

  it('is made of texts of any length one after the other, whatever was read before', () => {
    const uuids = [10, 100_000, 10, 5_000, 10].map(length =>
      uuidOf(conversion({ 'feature_flag.context.id': 'a'.repeat(length) })),
    );
    expect(uuids[2]).to.equal(uuids[0]);
    expect(uuids[4]).to.equal(uuids[0]);
    expect(new Set(uuids)).to.have.lengthOf(3);
  });

  it('is the same where an object that is read derives another one meanwhile', () => {
    const other = conversion({ 'feature_flag.context.id': 'grace' });
    const recording = {
      get a() {
        return uuidOf(other);
      },
    };
    expect(uuidOf(conversion({ [TAGS]: recording }))).to.equal(
      uuidOf(conversion({ [TAGS]: { a: uuidOf(other) } })),
    );
  });

  it('is the same for a pair of seconds and nanoseconds', () => {
    fc.assert(
      fc.property(fc.integer({ min: -10, max: 9e9 }), fc.integer({ min: 0, max: 2e9 }), (seconds, nanos) => {
        const time = BigInt(seconds) * 1_000_000_000n + BigInt(nanos);
        expect(uuidOf(conversion({}, [seconds, nanos]))).to.equal(uuidOf(conversion({}, time)));
      }),
      { seed: SEED },
    );
    expect(uuidOf(conversion({}, [1_700_000_000, 123_456_789]))).to.equal(uuidOf(conversion()));
    expect(uuidOf(conversion({}, [1_699_999_999, 1_123_456_789.9]))).to.equal(uuidOf(conversion()));
  });

  const times: [string, unknown, bigint][] = [
    ['a number of milliseconds', 1_700_000_000_123, 1_700_000_000_123_000_000n],
    ['a number of milliseconds with a fraction', 1_700_000_000_123.5, 1_700_000_000_123_500_000n],
    ['a Date', new Date(1_700_000_000_123), 1_700_000_000_123_000_000n],
    ['a pair without nanoseconds', [1_700_000_000, 0], 1_700_000_000_000_000_000n],
    ['a pair with few nanoseconds', [1_700_000_000, 7], 1_700_000_000_000_000_007n],
    ['a pair with a whole second of nanoseconds', [1_700_000_000, 1e9], 1_700_000_001_000_000_000n],
    ['a pair with negative nanoseconds', [1_700_000_000, -1], 1_699_999_999_999_999_999n],
    ['a pair with a fraction', [1_700_000_000, 7.9], 1_700_000_000_000_000_007n],
    ['a pair of seconds with a fraction', [1_700_000_000.9, 7], 1_700_000_000_000_000_007n],
    ['a pair of 1970', [0, 5], 5n],
    ['a pair of before 1970', [-1, 5], -999_999_995n],
    ['a pair of a distant time', [1e12, 5], 1_000_000_000_000_000_000_005n],
  ];
  for (const [name, time, nanos] of times) {
    it(`is the same for the same time, given as ${name}`, () => {
      expect(eventIdentity(conversion({}, time as RawEvent['time']), ORIGIN)).to.equal(
        eventIdentity(conversion({}, nanos), ORIGIN),
      );
    });
  }

  it('is not made of what cannot be read', () => {
    const cycle: Record<string, unknown> = {};
    cycle.cycle = cycle;
    const unreadable = {
      get a() {
        throw new Error('secret');
      },
    };
    for (const tags of ['{', cycle, unreadable])
      expect(deriveEventUuid(conversion({ [TAGS]: tags }), ORIGIN)).to.equal(undefined);
    for (const time of [undefined, null, 'now', [], [Number.NaN, 0], {}])
      expect(deriveEventUuid({ ...conversion(), time: time as never }, ORIGIN)).to.equal(undefined);
  });
});

describe('a name-based uuid', () => {
  it('is the one that other libraries make, in any namespace', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.string({ unit: 'grapheme' }), (namespace, name) => {
        expect(nameBasedUuid(namespace, name)).to.equal(v5(name, namespace));
        expect(nameBasedUuid(namespace.toUpperCase(), name)).to.equal(v5(name, namespace));
      }),
      { seed: SEED },
    );
  });

  it('is not made in a namespace that is not a UUID', () => {
    for (const namespace of [
      '',
      'optimizely',
      `${EVENT_UUID_NAMESPACE}0`,
      EVENT_UUID_NAMESPACE.replace('-', ''),
    ])
      expect(() => nameBasedUuid(namespace, 'a')).to.throw(TypeError, 'must be a UUID');
  });
});

/** The same with each object's members the other way round. */
function turned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(turned);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).map(([key, member]) => [key, turned(member)]);
  return Object.fromEntries(members.reverse());
}

/** A text that two values share only if they are the same to a reader of JSON. */
function written(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(written).join()}]`;
  if (typeof value === 'number') return JSON.stringify(value + 0);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).filter(([, member]) => member !== null);
  return `{${members
    .map(([key, member]) => `${JSON.stringify(key)}:${written(member)}`)
    .sort()
    .join()}}`;
}
