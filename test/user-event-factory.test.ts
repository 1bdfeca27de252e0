// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import {
  type ExperimentConversion,
  OptimizelySpanProcessor,
  UserEventFactory,
} from 'opentelemetry-exporter-optimizely';
import { CONVERSION, indexOf, type Visitor, visitorIn } from './support/checked-events.js';
import { makeDatafile } from './support/datafile.js';
import { RecordingDispatcher } from './support/fakes.js';

const config = indexOf();

function create(members: Record<string, unknown>) {
  return new UserEventFactory().createUserEvent(
    { ...CONVERSION, ...members } as ExperimentConversion,
    config,
    0,
  );
}

function amountsIn(visitor: Visitor | undefined) {
  const { revenue, value, tags } = visitor?.snapshots[0]?.events[0] ?? {};
  return { revenue, value, tags };
}

function amountsMade(members: Record<string, unknown>) {
  return amountsIn(visitorIn(create(members)));
}

async function amountsRecorded(tags: Record<string, unknown>) {
  const eventDispatcher = new RecordingDispatcher();
  const processor = new OptimizelySpanProcessor({ datafile: makeDatafile(), eventDispatcher });
  processor.recordConversion({ ...CONVERSION, tags });
  await processor.shutdown();
  return amountsIn(eventDispatcher.visitors[0]);
}

describe('UserEventFactory', () => {
  for (const [revenue, cents] of [
    [4200, 4200],
    [4200.9, 4200],
    [-4200.9, -4200],
    [0, 0],
    ['4200', 4200],
    ['42.9 EUR', 42],
    ['EUR 42', undefined],
    ['', undefined],
    [true, undefined],
    [null, undefined],
    [Number.NaN, undefined],
    [Number.POSITIVE_INFINITY, undefined],
    [[4200], undefined],
    [{ valueOf: () => 4200 }, undefined],
  ] as const) {
    it(`reads the revenue tag ${JSON.stringify(revenue)} of type ${typeof revenue} as recordConversion does`, async () => {
      const made = amountsMade({ tags: { revenue } });
      expect(made.revenue).to.equal(cents);
      expect(made).to.deep.equal(await amountsRecorded({ revenue }));
    });
  }

  for (const [value, number] of [
    [1.5, 1.5],
    [-0.5, -0.5],
    ['1.5', 1.5],
    ['many', undefined],
    [false, undefined],
    [null, undefined],
    [Number.NaN, undefined],
  ] as const) {
    it(`reads the value tag ${JSON.stringify(value)} of type ${typeof value} as recordConversion does`, async () => {
      const made = amountsMade({ tags: { value } });
      expect(made.value).to.equal(number);
      expect(made).to.deep.equal(await amountsRecorded({ value }));
    });
  }

  it('prefers the amounts that the event names to those among its tags', () => {
    const tags = { revenue: 1, value: 2 };
    expect(amountsMade({ tags, revenue: 4200, value: 1.5 })).to.deep.equal({
      revenue: 4200,
      value: 1.5,
      tags,
    });
    expect(amountsMade({ tags, revenue: 0, value: 0 })).to.deep.equal({ revenue: 0, value: 0, tags });
    expect(amountsMade({ tags, revenue: undefined })).to.deep.equal({ ...tags, tags });
    expect(amountsMade({ revenue: 4200 })).to.deep.equal({
      revenue: 4200,
      value: undefined,
      tags: undefined,
    });
  });

  it('sends no amount that JSON or Optimizely has no place for', () => {
    for (const revenue of [Number.NaN, 'none', {}, true]) {
      expect(amountsMade({ revenue, value: revenue })).to.include({ revenue: undefined, value: undefined });
    }
    expect(amountsMade({ revenue: 42.5 })).to.include({ revenue: 42 });
  });

  it('takes no amounts that are not among the own tags', () => {
    const inherited = Object.create({ revenue: 4200, value: 1.5 });
    expect(amountsMade({ tags: inherited })).to.deep.equal({
      revenue: undefined,
      value: undefined,
      tags: {},
    });
  });

  const IMPRESSION = {
    ...CONVERSION,
    type: 'impression',
    flagKey: '',
    ruleKey: 'banner',
    variationKey: 'control',
    enabled: true,
  };
  for (const [type, event] of [
    ['conversion', CONVERSION],
    ['impression', IMPRESSION],
  ] as const) {
    for (const member of Object.keys(event).filter(
      key => key !== 'type' && (key !== 'eventKey' || type === 'conversion'),
    )) {
      it(`names ${member} of ${type === 'impression' ? 'an' : 'a'} ${type} where its type is not the one documented`, () => {
        for (const value of [undefined, null, {}, Symbol('s'), 1n, [], Number.NaN, new Date()]) {
          expect(create({ ...event, [member]: value })).to.deep.equal({
            type: 'unresolved',
            reason: 'invalid',
            field: member,
          });
        }
      });
    }
  }

  it('names ids of an impression that are not texts, and takes null for none', () => {
    for (const id of ['experimentId', 'campaignId', 'variationId', 'cmabUuid']) {
      expect(create({ ...IMPRESSION, [id]: Symbol('s') })).to.deep.equal({
        type: 'unresolved',
        reason: 'invalid',
        field: id,
      });
      expect(create({ ...IMPRESSION, [id]: null })).to.have.property('json');
    }
  });

  it('answers, and does not throw, where it is given no event', () => {
    for (const nothing of [undefined, null, 5, 'event']) {
      const made = new UserEventFactory().createUserEvent(
        nothing as unknown as ExperimentConversion,
        config,
        0,
      );
      expect(made).to.have.property('reason', 'invalid');
    }
  });

  it('names the tags where one of them throws when read', () => {
    const throwing = {
      get revenue() {
        throw new Error('secret');
      },
    };
    expect(create({ tags: throwing })).to.deep.equal({
      type: 'unresolved',
      reason: 'invalid',
      field: 'tags',
    });
  });
});

describe('an event that was resolved already, shown without its amounts', () => {
  const tags = { revenue: 4200, value: 1.5, sku: 'a-1' };
  const shown: ExperimentConversion = { ...CONVERSION, tags };

  async function sent(options: object) {
    const eventDispatcher = new RecordingDispatcher();
    const processor = new OptimizelySpanProcessor({ datafile: makeDatafile(), eventDispatcher, ...options });
    const made = create({ tags });
    if ('reason' in made) throw new Error(made.reason);
    processor.process(made, shown);
    await processor.shutdown();
    return amountsIn(eventDispatcher.visitors[0]);
  }

  it('keeps them where the allow list takes their tags out', async () => {
    expect(await sent({ allowedAttributes: ['sku'] })).to.deep.equal({
      ...{ revenue: 4200, value: 1.5, tags: { sku: 'a-1' } },
    });
  });

  it('has those that beforeSend leaves among its tags', async () => {
    const beforeSend = (event: ExperimentConversion) => ({
      ...event,
      tags: { ...event.tags, revenue: 1, sku: 'b' },
    });
    expect(await sent({ beforeSend })).to.deep.equal({
      ...{ revenue: 1, value: 1.5, tags: { revenue: 1, value: 1.5, sku: 'b' } },
    });
  });
});
