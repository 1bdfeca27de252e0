// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import fc from 'fast-check';
import {
  OptimizelySpanProcessor,
  type OptimizelySpanProcessorOptions,
  recordConversion,
  recordImpression,
} from 'opentelemetry-exporter-optimizely';
import { createSpanEventDispatcher } from 'opentelemetry-exporter-optimizely/optimizely-sdk';
import { checkReadings, readBatch } from 'opentelemetry-exporter-optimizely/testing';
import { makeClient } from './optimizely-sdk/clients.js';
import { readDatafile } from './optimizely-sdk/datafiles.js';
import { makeDatafile } from './support/datafile.js';
import { RecordingDispatcher, RecordingLogger } from './support/fakes.js';

const IMPRESSION = {
  userId: 'visitor',
  flagKey: 'checkout',
  ruleKey: 'checkout_test',
  variationKey: 'control',
};
const CONVERSION = { userId: 'visitor', eventKey: 'purchase', attributes: {} };

describe('an event that counts as something else than it says', () => {
  const opened: OptimizelySpanProcessor[] = [];

  function makeHarness(options: Partial<OptimizelySpanProcessorOptions> = {}) {
    const [eventDispatcher, logger] = [new RecordingDispatcher(), new RecordingLogger()];
    const processor = new OptimizelySpanProcessor({
      datafile: makeDatafile(),
      eventDispatcher,
      logger,
      ...options,
    });
    opened.push(processor);
    return {
      processor,
      logger,
      /** What was sent, and what the checks of the local endpoint and the inspector find in it. */
      sent: async () => {
        await processor.forceFlush();
        return eventDispatcher.sent.flatMap(params => {
          const read = readBatch(params as never);
          const { events } = checkReadings(read, { index: undefined, now: Date.now() });
          return read.readings.map(({ wire, visitor }, i) => ({
            visitorId: visitor.visitor_id,
            revenue: wire.revenue,
            value: wire.value,
            tags: wire.tags as Record<string, unknown>,
            problems: (events[i]?.problems ?? []).map(({ code }) => code),
          }));
        });
      },
    };
  }

  afterEach(async () => {
    await Promise.all(opened.splice(0).map(processor => processor.shutdown()));
  });

  const purchase = 'of a conversion (event key "purchase")';
  const amounts: [unknown, unknown, string | undefined][] = [
    [42.99, 42, 'is not a whole number: 42 cents are counted'],
    [1.5, 1, 'is not a whole number: 1 cent is counted'],
    [-0.5, -0, 'is not a whole number: 0 cents are counted'],
    ['42.00', 42, 'is not a whole number: 42 cents are counted'],
    ['12abc', 12, 'is not a whole number: 12 cents are counted'],
    ['1e3', 1, 'is not a whole number: 1 cent is counted'],
    ['4111111111111111 visa', 4_111_111_111_111_111, 'is not a whole number: a part of it is counted'],
    ['abc', undefined, 'is not a number: no revenue is counted'],
    ['', undefined, 'is not a number: no revenue is counted'],
    [' ', undefined, 'is not a number: no revenue is counted'],
    [Number.NaN, undefined, 'is not a number: no revenue is counted'],
    [Number.POSITIVE_INFINITY, undefined, 'is not a number: no revenue is counted'],
    [true, undefined, 'is not a number: no revenue is counted'],
    [[42], undefined, 'is not a number: no revenue is counted'],
    [{ cents: 42 }, undefined, 'is not a number: no revenue is counted'],
    [2 ** 53, 2 ** 53, 'is beyond 2^53: it is not counted exactly'],
    [4200, 4200, undefined],
    [0, 0, undefined],
    [-4200, -4200, undefined],
    ['4200', 4200, undefined],
    [' -4200 ', -4200, undefined],
    [null, undefined, undefined],
    [undefined, undefined, undefined],
  ];
  for (const [revenue, counted, message] of amounts) {
    const name = typeof revenue === 'string' ? `'${revenue}'` : (JSON.stringify(revenue) ?? String(revenue));
    it(`revenue ${name} is sent as the SDKs send it, and ${message === undefined ? 'nothing is said' : 'said once'}`, async () => {
      const { processor, logger, sent } = makeHarness();
      for (let n = 0; n < 3; n++) processor.recordConversion({ ...CONVERSION, tags: { revenue } });
      const events = await sent();
      expect(events).to.have.lengthOf(3);
      for (const event of events) {
        expect(event.revenue ?? undefined).to.equal(Object.is(counted, -0) ? 0 : counted);
        expect(event.problems).to.deep.equal(message === undefined ? [] : ['revenue_misread']);
      }
      expect(logger.at('warn')).to.deep.equal(
        message === undefined
          ? []
          : [`the revenue ${purchase} ${message}; give the amount in cents, as an integer`],
      );
    });
  }

  const values: [unknown, number | undefined, string | undefined][] = [
    ['abc', undefined, 'is not a number: no value is counted'],
    ['', undefined, 'is not a number: no value is counted'],
    [true, undefined, 'is not a number: no value is counted'],
    [[1], undefined, 'is not a number: no value is counted'],
    [Number.NaN, undefined, 'is not a number: no value is counted'],
    ['12abc', 12, 'is text that is a number only in part: 12 is counted'],
    ['1,5', 1, 'is text that is a number only in part: 1 is counted'],
    ['0x10', 0, 'is text that is a number only in part: 0 is counted'],
    [42.99, 42.99, undefined],
    ['42.99', 42.99, undefined],
    ['1e3', 1000, undefined],
    [2 ** 60, 2 ** 60, undefined],
    [null, undefined, undefined],
  ];
  for (const [value, counted, message] of values) {
    it(`value ${JSON.stringify(value)} is sent as the SDKs send it, and ${message === undefined ? 'nothing is said' : 'said once'}`, async () => {
      const { processor, logger, sent } = makeHarness();
      for (let n = 0; n < 3; n++) processor.recordConversion({ ...CONVERSION, tags: { value } });
      for (const event of await sent()) {
        expect(event.value).to.equal(counted);
        expect(event.problems).to.deep.equal(message === undefined ? [] : ['value_misread']);
      }
      expect(logger.at('warn')).to.deep.equal(
        message === undefined ? [] : [`the value ${purchase} ${message}; give a number`],
      );
    });
  }

  it('is said for every amount that is not the tag, and for no other, here and by the checks alike', async () => {
    const amount = fc.oneof(
      fc.integer(),
      fc.double(),
      fc.maxSafeInteger(),
      fc.integer().map(String),
      fc.double().map(String),
      fc.integer().map(n => `${n}.00`),
      fc.string({ maxLength: 6 }),
      fc.constantFrom<unknown>(true, false, null, undefined, [], {}, [1], '0x10', '1e3', '+5', '-0', -0),
    );
    await fc.assert(
      fc.asyncProperty(fc.record({ revenue: amount, value: amount }), async tags => {
        const { processor, logger, sent } = makeHarness();
        processor.recordConversion({ ...CONVERSION, tags });
        const [event] = await sent();
        const says = (name: string, what: RegExp) =>
          event?.problems.includes(name as never) === what.test(logger.at('warn').join('\n'));
        expect(says('revenue_misread', /the revenue of/), 'revenue').to.equal(true);
        expect(says('value_misread', /the value of/), 'value').to.equal(true);
        const isWhole = (given: unknown) =>
          given === null ||
          given === undefined ||
          (typeof given === 'number' && Number.isSafeInteger(given)) ||
          (typeof given === 'string' &&
            /^\s*[-+]?\d+\s*$/.test(given) &&
            Number.isSafeInteger(Number(given)));
        expect(event?.problems.includes('revenue_misread')).to.equal(!isWhole(tags.revenue));
        const isNumber = (given: unknown) =>
          given === null ||
          given === undefined ||
          (typeof given === 'number' && Number.isFinite(given)) ||
          (typeof given === 'string' &&
            given.trim() !== '' &&
            Number(given) === Number.parseFloat(given) &&
            Number.isFinite(Number(given)));
        expect(event?.problems.includes('value_misread')).to.equal(!isNumber(tags.value));
        await processor.shutdown();
      }),
      { numRuns: 300 },
    );
  });

  const userIds: [string, string | undefined][] = [
    ['', 'empty'],
    [' ', 'nothing but white space'],
    ['\t\n\u00a0', 'nothing but white space'],
    [' '.repeat(100), 'nothing but white space'],
    ['undefined', 'the text of a missing value'],
    ['null', 'the text of a missing value'],
    ['[object Object]', 'the text of a missing value'],
    ['0', undefined],
    ['nadia', undefined],
    ['über', undefined],
    [' ada ', undefined],
    ['undefined visitor', undefined],
  ];
  for (const [userId, what] of userIds) {
    it(`user id ${JSON.stringify(userId)} is sent, and ${what === undefined ? 'nothing is said' : 'said once'}`, async () => {
      const { processor, logger, sent } = makeHarness();
      for (let n = 0; n < 2; n++) processor.recordImpression({ ...IMPRESSION, userId, attributes: {} });
      processor.recordConversion({ ...CONVERSION, userId, tags: {} });
      const events = await sent();
      expect(events.map(({ visitorId }) => visitorId)).to.deep.equal([userId, userId, userId]);
      for (const { problems } of events) {
        expect(problems).to.deep.equal(what === undefined ? [] : ['placeholder_visitor_id']);
      }
      expect(logger.at('warn')).to.deep.equal(
        what === undefined
          ? []
          : [
              `the userId of an impression is ${what}: all such events count as one visitor; give each visitor an id of its own`,
            ],
      );
    });
  }

  it('is said behind the privacy filter too, unless beforeSend has mended it', async () => {
    const tags = { revenue: 42.99, value: 'abc' };
    const kept = makeHarness({ allowedAttributes: [], userIdHashKey: 'a key of sixteen' });
    kept.processor.recordConversion({ ...CONVERSION, userId: '', tags });
    expect(kept.logger.at('warn')).to.have.lengthOf(3);
    const mended = makeHarness({
      beforeSend: event =>
        event.type === 'conversion' ? { ...event, userId: 'ada', tags: { revenue: 4299, value: 1 } } : null,
    });
    mended.processor.recordConversion({ ...CONVERSION, userId: '', tags });
    expect(mended.logger.at('warn')).to.deep.equal([]);
    const dropped = makeHarness({ beforeSend: () => null });
    dropped.processor.recordConversion({ ...CONVERSION, userId: '', tags });
    expect(dropped.logger.at('warn')).to.deep.equal([]);
  });

  it('is said of raw span events and of the events of the official SDK', async () => {
    const raw = makeHarness();
    raw.processor.onEnd({
      events: [
        {
          name: 'optimizely.conversion',
          time: [1_700_000_000, 0],
          attributes: {
            'feature_flag.context.id': 'ada',
            'optimizely.event.key': 'purchase',
            'optimizely.event.tags': '{"revenue":42.99}',
          },
        },
      ],
    } as never);
    const official = makeHarness({ datafile: readDatafile() });
    const client = makeClient(6, {
      datafile: readDatafile(),
      eventDispatcher: createSpanEventDispatcher(official.processor),
    });
    client.track('purchase', 'ada', {}, { revenue: 42.99 });
    await client.close();
    for (const { logger, sent } of [raw, official]) {
      expect(logger.at('warn').join()).to.include('42 cents are counted');
      expect((await sent()).map(({ problems }) => problems)).to.deep.equal([['revenue_misread']]);
    }
  });

  it('is said once of attributes and tags in a collection, whose entries are no members', async () => {
    const collections = [new Map([['plan', 'pro']]), new Set(['plan']), new URLSearchParams({ plan: 'pro' })];
    const { processor, logger, sent } = makeHarness();
    for (const collection of collections) {
      const members = collection as unknown as Record<string, string>;
      processor.recordImpression({ ...IMPRESSION, attributes: members });
      processor.recordConversion({ ...CONVERSION, attributes: members, tags: members });
      processor.recordConversion({ ...CONVERSION, tags: Object.assign(collection, { sku: 'A' }) as never });
    }
    expect((await sent()).map(({ tags }) => tags ?? {})).to.deep.equal(
      collections.flatMap(() => [{}, {}, { sku: 'A' }]),
    );
    const advice = 'of which nothing is sent; pass Object.fromEntries(…) of it';
    expect(logger.at('warn')).to.deep.equal([
      `the attributes of an impression are a collection, such as a Map, ${advice}`,
      `the tags of a conversion are a collection, such as a Map, ${advice}`,
    ]);
  });

  it('never shows a tag as it was given, a user id, or a key that is not a key', async () => {
    const { processor, logger } = makeHarness();
    const secrets = ['ada@example.org', '4111111111111111 visa', '0170 5551234.50 home', '2 Baker Street'];
    for (const secret of secrets) {
      processor.recordConversion({ ...CONVERSION, tags: { revenue: secret, value: secret } });
      processor.recordConversion({ userId: '', eventKey: secret, eventId: '300', tags: { revenue: 0.5 } });
    }
    expect(logger.at('warn')).not.to.deep.equal([]);
    for (const secret of [...secrets, '4111111111111111']) {
      expect(logger.at('warn').join('\n')).not.to.include(secret);
    }
  });

  it('costs the application nothing where its tags throw when they are read again', async () => {
    const { processor, sent } = makeHarness();
    let reads = 0;
    const tags = Object.defineProperty({}, 'revenue', {
      enumerable: true,
      get: () => {
        if (reads++ > 3) throw new Error('enough');
        return 42.99;
      },
    });
    for (let n = 0; n < 8; n++) processor.recordConversion({ ...CONVERSION, tags });
    expect((await sent()).length).to.be.above(0);
    const { recorded, delivered, dropped } = processor.ledger();
    expect(delivered + (dropped.invalid ?? 0)).to.equal(recorded);
  });
});

describe('a member of a record call that is not read', () => {
  const opened: OptimizelySpanProcessor[] = [];

  function makeHarness() {
    const logger = new RecordingLogger();
    const eventDispatcher = new RecordingDispatcher();
    const processor = new OptimizelySpanProcessor({ datafile: makeDatafile(), eventDispatcher, logger });
    opened.push(processor);
    return { processor, logger };
  }

  afterEach(async () => {
    await Promise.all(opened.splice(0).map(processor => processor.shutdown()));
  });

  const impress = recordImpression as (given: object) => unknown;
  const convert = recordConversion as (given: object) => unknown;
  const user = { userId: 'ada@example.org' };
  const unread: [(given: object) => unknown, object, string | undefined][] = [
    [
      convert,
      { ...user, eventKey: 'purchase', revenue: 4200 },
      '"revenue": write tags: { revenue } in its place',
    ],
    [convert, { ...user, eventKey: 'purchase', value: 4 }, '"value": write tags: { value } in its place'],
    [convert, { ...user, eventKey: 'purchase', eventTags: {} }, '"eventTags": write tags in its place'],
    [convert, { ...user, eventKey: 'purchase', tag: {} }, '"tag": write tags in its place'],
    [
      convert,
      { ...user, eventKey: 'purchase', tags: {}, user_attributes: {} },
      '"user_attributes": write attributes in its place',
    ],
    [
      impress,
      { ...user, ruleKey: 'banner', variation: 'control' },
      '"variation": write variationKey in its place',
    ],
    [
      impress,
      { ...user, flagKey: 'checkout', variationKey: 'control', rule_key: 'checkout_test' },
      '"rule_key": write ruleKey in its place',
    ],
    [convert, { ...user, eventKey: 'purchase', currency: 'EUR' }, undefined],
    [convert, { ...user, eventKey: 'purchase', tags: { revenue: 4200 }, revenue: 4200 }, undefined],
    [convert, { ...user, eventKey: 'purchase', revenue: undefined }, undefined],
    [impress, { ...user, ruleKey: 'banner', variationKey: 'control', variables: {}, reasons: [] }, undefined],
  ];
  for (const [call, input, message] of unread) {
    const names = Object.keys(input).slice(1).join(', ');
    it(`is ${message === undefined ? 'not spoken of' : 'named once, and the event is sent'}: ${call.name} with ${names}`, () => {
      const { processor, logger } = makeHarness();
      expect([call(input), call({ ...input })]).not.to.include(undefined);
      expect(logger.at('warn')).to.deep.equal(
        message === undefined ? [] : [`${call.name} does not read ${message}`],
      );
      expect(processor.ledger()).to.deep.include({ recorded: 2, pending: 2 });
    });
  }
});
