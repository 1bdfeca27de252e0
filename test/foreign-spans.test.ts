// SPDX-License-Identifier: Apache-2.0
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import { OptimizelySpanProcessor } from 'opentelemetry-exporter-optimizely';
import { makeDatafile } from './support/datafile.js';
import { RecordingDispatcher, RecordingLogger } from './support/fakes.js';

type EndedSpan = Parameters<OptimizelySpanProcessor['onEnd']>[0];

const AT = 1_700_000_000_123;

function makeProcessor() {
  const eventDispatcher = new RecordingDispatcher();
  const logger = new RecordingLogger();
  const processor = new OptimizelySpanProcessor({ datafile: makeDatafile(), eventDispatcher, logger });
  return {
    processor,
    logger,
    end: (span: unknown) => processor.onEnd(span as EndedSpan),
    sent: async () => {
      await processor.shutdown();
      return eventDispatcher.visitors;
    },
    ledger: () => processor.ledger(),
  };
}

function conversion(overrides: Record<string, unknown> = {}) {
  return {
    name: 'optimizely.conversion',
    attributes: { 'feature_flag.context.id': 'ada', 'optimizely.event.key': 'purchase' },
    time: [AT / 1_000 - 0.123, 123_456_789],
    ...overrides,
  };
}

const UNREADABLE =
  "span events can't be read from this tracer provider's spans, which have no list `events`: experiment events that " +
  'are added with span.addEvent do not reach Optimizely; record them with recordImpression and recordConversion';

describe('spans of other tracers', () => {
  for (const [name, span] of [
    ['no events', { name: 'GET /', resource: {}, attributes: {} }],
    ['events that are null', { events: null }],
    ['events that are a text', { events: 'optimizely.conversion' }],
    ['events that are a number', { events: 3 }],
    ['events that are a function', { events: () => [] }],
    ['events that are an object without a list', { events: { count: 0 } }],
    ['nothing at all', undefined],
    ['null in their place', null],
  ] as const) {
    it(`with ${name} are told in one line that says what to do instead, and counted nowhere`, async () => {
      const { end, logger, sent, ledger } = makeProcessor();
      for (let time = 0; time < 3; time++) end(span);
      expect(logger.at('warn')).to.deep.equal([UNREADABLE]);
      expect(logger.at('error')).to.deep.equal([]);
      expect(await sent()).to.deep.equal([]);
      expect(ledger()).to.deep.include({ recorded: 0, dropped: {} });
    });
  }

  for (const [name, events] of [
    ['a Set', new Set([conversion()])],
    ['a Map', new Map([['first', conversion()]])],
    [
      'an iterable',
      {
        *[Symbol.iterator]() {
          yield conversion();
        },
      },
    ],
    ['an array of another realm', runInNewContext('[event]', { event: conversion() })],
    ['a frozen array of frozen events', Object.freeze([Object.freeze(conversion())])],
    ['a Proxy of an array', new Proxy([conversion()], {})],
  ] as [string, unknown][]) {
    it(`that keep their events in ${name} are harvested`, async () => {
      const { end, sent, logger } = makeProcessor();
      end({ events });
      expect((await sent()).map(({ visitor_id }) => visitor_id)).to.deep.equal(['ada']);
      expect([...logger.at('warn'), ...logger.at('error')]).to.deep.equal([]);
    });
  }

  it('whose iterator never ends cost a bounded time', async () => {
    const { end, sent } = makeProcessor();
    const event = { name: 'other' };
    let asked = 0;
    end({
      events: {
        [Symbol.iterator]: () => ({ next: () => ({ done: asked++ > 1_000_000, value: event }) }),
      },
    });
    expect(asked).to.be.lessThan(100_000);
    await sent();
  });

  it('that throw are told once, whatever they throw', async () => {
    const { end, sent, logger } = makeProcessor();
    const fail = () => {
      throw new Error('secret');
    };
    for (let time = 0; time < 3; time++) {
      end(Object.defineProperty({}, 'events', { get: fail }));
      end({ events: { [Symbol.iterator]: fail } });
      end({ events: new Proxy([], { get: fail }) });
    }
    expect(logger.at('error')).to.deep.equal(['reading experiment events failed: Error']);
    await sent();
  });

  for (const [name, time, timestamp] of [
    ['seconds and nanoseconds', [1_700_000_000, 123_456_789], AT],
    ['seconds and nanoseconds in a typed array', Float64Array.of(1_700_000_000, 123_456_789), AT],
    ['milliseconds', AT, AT],
    ['a Date', new Date(AT), AT],
    ['a Date of another realm', runInNewContext(`new Date(${AT})`), AT],
    ['no time', undefined, undefined],
    ['null', null, undefined],
    ['an empty list', [], undefined],
    ['a text', '2023-11-14T22:13:20Z', undefined],
    ['nanoseconds as a BigInt', 1_700_000_000_123_456_789n, AT],
  ] as [string, unknown, number | undefined][]) {
    it(`may give the time of an event as ${name}${timestamp ? '' : ': it is that of the harvest'}`, async () => {
      const { end, sent } = makeProcessor();
      const before = Date.now();
      end({ events: [conversion({ time })] });
      const [visitor] = await sent();
      const found = visitor?.snapshots[0]?.events[0]?.timestamp;
      if (timestamp === undefined) expect(found).to.be.at.least(before);
      else expect(found).to.equal(timestamp);
    });
  }

  for (const [name, event] of [
    ['without attributes', conversion({ attributes: undefined })],
    [
      'whose attributes throw when read',
      Object.defineProperty(conversion(), 'attributes', {
        get() {
          throw new Error('secret');
        },
      }),
    ],
    [
      'with an attribute that throws when read',
      conversion({
        attributes: {
          get 'feature_flag.context.id'() {
            throw new Error('secret');
          },
        },
      }),
    ],
    ['whose time is not one', conversion({ time: [Number.NaN, 0] })],
    ['whose time is an object', conversion({ time: {} })],
  ] as [string, object][]) {
    it(`may have an event ${name}: it is counted as invalid, and those behind it are sent`, async () => {
      const { end, sent, ledger, logger } = makeProcessor();
      end({ events: [event, conversion()] });
      expect(await sent()).to.have.lengthOf(1);
      expect(ledger()).to.deep.include({ recorded: 2, delivered: 1, dropped: { invalid: 1 } });
      expect(logger.at('warn').filter(line => line.startsWith('conversion refused: '))).to.have.lengthOf(1);
      expect(JSON.stringify(logger.lines)).not.to.include('secret');
    });
  }
});

describe('values of another realm', () => {
  it('are taken as the timestamp, attributes and tags of a record call', async () => {
    const { processor, sent } = makeProcessor();
    const conversionOf = runInNewContext(
      `({ userId: 'ada', eventKey: 'purchase', timestamp: new Date(${AT}), attributes: { plan: 'gold' }, tags: { revenue: 1, list: [1] } })`,
    );
    expect(processor.recordConversion(conversionOf)).to.be.a('string');
    const [visitor] = await sent();
    const event = visitor?.snapshots[0]?.events[0];
    expect(event).to.deep.include({ timestamp: AT, revenue: 1, tags: { revenue: 1, list: [1] } });
    expect(visitor?.attributes).to.have.lengthOf(1);
  });

  it('are known as promises, keys and errors', async () => {
    const logger = new RecordingLogger();
    const eventDispatcher = new RecordingDispatcher();
    const beforeSend = runInNewContext(`event => Promise.reject(new Error('secret'))`);
    const userIdHashKey = runInNewContext('new Uint8Array(32)');
    const common = { datafile: makeDatafile(), eventDispatcher, logger };
    const asking = new OptimizelySpanProcessor({ ...common, beforeSend });
    const hashing = new OptimizelySpanProcessor({ ...common, userIdHashKey });
    asking.recordConversion({ userId: 'ada', eventKey: 'purchase' });
    hashing.recordConversion({ userId: 'ada', eventKey: 'purchase' });
    await Promise.all([asking.shutdown(), hashing.shutdown()]);
    expect(asking.ledger().dropped).to.deep.equal({ before_send: 1 });
    expect(logger.at('error')).to.deep.equal([
      'events are dropped: beforeSend returned a promise; it must be synchronous',
    ]);
    expect(eventDispatcher.visitors.map(({ visitor_id }) => visitor_id.length)).to.deep.equal([64]);
  });

  it('are named by their class where they are errors', async () => {
    const logger = new RecordingLogger();
    const beforeSend = runInNewContext(`event => { throw new RangeError('secret') }`);
    const processor = new OptimizelySpanProcessor({ datafile: makeDatafile(), beforeSend, logger });
    processor.recordConversion({ userId: 'ada', eventKey: 'purchase' });
    await processor.shutdown();
    expect(logger.at('error')).to.deep.equal(['events are dropped: beforeSend threw RangeError']);
  });
});
