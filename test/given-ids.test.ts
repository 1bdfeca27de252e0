// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import {
  type EventBatchParams,
  type ExperimentImpression,
  OptimizelySpanProcessor,
  UserEventFactory,
} from 'opentelemetry-exporter-optimizely';
import { indexOf } from './support/checked-events.js';
import { makeDatafile } from './support/datafile.js';
import { RecordingDispatcher } from './support/fakes.js';

const IMPRESSION = {
  userId: 'ada',
  flagKey: 'checkout',
  ruleKey: 'checkout_test',
  variationKey: 'treatment',
};
const FROM_DATAFILE = { campaign: '20', experiment: '200', variation: '2002' };

type Given = Partial<Pick<ExperimentImpression, 'campaignId' | 'experimentId' | 'variationId'>>;

function idsIn(visitor: Visitor | undefined) {
  const [snapshot] = visitor?.snapshots ?? [];
  const [decision] = snapshot?.decisions ?? [];
  expect(snapshot?.events[0]?.entity_id, 'the entity is the campaign').to.equal(decision?.campaign_id);
  return {
    campaign: decision?.campaign_id,
    experiment: decision?.experiment_id,
    variation: decision?.variation_id,
  };
}

/** The ids sent for each impression, recorded one after the other on one processor. */
async function idsSent(...impressions: Record<string, unknown>[]) {
  const eventDispatcher = new RecordingDispatcher();
  const processor = new OptimizelySpanProcessor({ datafile: makeDatafile(), eventDispatcher });
  for (const members of impressions) processor.recordImpression({ ...IMPRESSION, ...members });
  await processor.shutdown();
  return eventDispatcher.visitors.map(idsIn);
}

type Visitor = EventBatchParams['visitors'][number];

describe('ids given with an impression', () => {
  const givens: [Given, typeof FROM_DATAFILE][] = [
    [{ experimentId: '777' }, { campaign: '777', experiment: '777', variation: '2002' }],
    [{ campaignId: '888' }, { ...FROM_DATAFILE, campaign: '888' }],
    [{ variationId: '999' }, { ...FROM_DATAFILE, variation: '999' }],
    [
      { campaignId: '1', experimentId: '2', variationId: '3' },
      { campaign: '1', experiment: '2', variation: '3' },
    ],
  ];
  for (const [given, sent] of givens) {
    const names = Object.keys(given).join(', ');

    it(`are sent with it: ${names}`, async () => {
      expect(await idsSent(given)).to.deep.equal([sent]);
    });

    it(`are sent with no other impression of the same decision: ${names}`, async () => {
      expect(await idsSent(given, {}, given, {})).to.deep.equal([sent, FROM_DATAFILE, sent, FROM_DATAFILE]);
    });

    it(`win where the decision was sent without them before: ${names}`, async () => {
      expect(await idsSent({}, given, {})).to.deep.equal([FROM_DATAFILE, sent, FROM_DATAFILE]);
    });
  }

  it('name the rule, whose campaign and variations are sent', async () => {
    // The keys lead nowhere, the id does.
    expect(
      await idsSent({ flagKey: '', ruleKey: '', variationKey: 'control', experimentId: '100' }),
    ).to.deep.equal([{ campaign: '10', experiment: '100', variation: '1001' }]);
    // Both lead somewhere: the id wins.
    expect(await idsSent({ experimentId: '100' })).to.deep.equal([
      { campaign: '10', experiment: '100', variation: '1002' },
    ]);
  });

  it('are needed in part only where the datafile does not know the keys', async () => {
    const unknown = { flagKey: 'new_flag', ruleKey: 'new_rule', variationKey: 'new' };
    expect(await idsSent({ ...unknown, experimentId: '5', variationId: '6' })).to.deep.equal([
      { campaign: '5', experiment: '5', variation: '6' },
    ]);
    expect(await idsSent({ ...unknown, campaignId: '7', variationId: '6' })).to.deep.equal([
      { campaign: '7', experiment: '', variation: '6' },
    ]);
    expect(await idsSent({ ...unknown, variationId: '6' }), 'a variation needs a rule').to.deep.equal([]);
  });

  it('are null where a variation id is not made of digits', async () => {
    expect((await idsSent({ variationId: 'treatment' }))[0]?.variation).to.equal(null);
  });

  it('make one event of UserEventFactory, and leave the next as the datafile has it', () => {
    const config = indexOf();
    const factory = new UserEventFactory();
    const event = (members: Given): ExperimentImpression => ({
      type: 'impression',
      ...IMPRESSION,
      enabled: true,
      uuid: '00000000-0000-4000-8000-000000000001',
      timestamp: 1_700_000_000_000,
      ...members,
    });
    const made = [{ experimentId: '777' }, {}].map(members =>
      factory.createUserEvent(event(members), config, 0),
    );
    const ids = made.map(one => ('json' in one ? idsIn(JSON.parse(one.json)) : one));
    expect(ids).to.deep.equal([{ campaign: '777', experiment: '777', variation: '2002' }, FROM_DATAFILE]);
  });
});

describe('uuids given with an event', () => {
  const UUID = '6f1c1d6e-6f5c-4f6d-9a65-0f4b1f3a7c11';
  const CONVERSION = { userId: 'ada', eventKey: 'purchase' };

  it('are sent with it, and with no other', async () => {
    const dispatcher = new RecordingDispatcher();
    const processor = new OptimizelySpanProcessor({ datafile: makeDatafile(), eventDispatcher: dispatcher });
    const uuids = [
      processor.recordImpression({ ...IMPRESSION, uuid: UUID }),
      processor.recordImpression(IMPRESSION),
      processor.recordConversion({ ...CONVERSION, uuid: UUID.replace('6', '7') }),
      processor.recordConversion(CONVERSION),
    ];
    await processor.shutdown();
    expect(uuids[0]).to.equal(UUID);
    expect(uuids[2]).to.equal(UUID.replace('6', '7'));
    expect(new Set(uuids).size).to.equal(4);
    expect(dispatcher.uuids).to.deep.equal(uuids);
  });
});
