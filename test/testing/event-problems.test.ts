// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { batchOf, codesOf, conversion, DATAFILE, impression, makeEndpoint, NOW } from './batches.js';

/** Sends an impression of ada, then the visitor, and tells the codes of the visitor's event. */
async function codesFor(
  visitor: unknown,
  { datafile = DATAFILE as object | string | null, params = {} } = {},
): Promise<string[]> {
  await using local = await makeEndpoint({ datafile: datafile ?? undefined });
  await local.send(impression());
  const { status } = await local.post(batchOf([visitor], params));
  expect(status).to.equal(204);
  const [event, ...others] = local.endpoint.batches[1]?.events ?? [];
  expect(others).to.deep.equal([]);
  for (const { message } of event?.problems ?? []) {
    expect(message.length).to.be.within(20, 140);
    expect(message).not.to.contain('ada');
  }
  return event === undefined ? [] : codesOf(event);
}

const decided = (experiment_id: unknown, campaign_id: unknown, variation_id: unknown, flag_key = '') =>
  impression({ decision: { experiment_id, campaign_id, variation_id }, metadata: { flag_key } });
/** Of the flag that the datafile has, by no rule. */
const undecided = (
  experiment_id: unknown,
  campaign_id: unknown,
  variation_id: unknown,
  event?: Record<string, unknown>,
) =>
  impression({
    decision: { experiment_id, campaign_id, variation_id },
    metadata: { flag_key: 'checkout', rule_key: '', rule_type: 'rollout', variation_key: '', enabled: false },
    ...(event && { event }),
  });
const holdout = (campaign_id: unknown, experiment_id = '500') =>
  impression({
    decision: { experiment_id, campaign_id, variation_id: '5001' },
    metadata: { flag_key: 'checkout', rule_key: 'all', rule_type: 'holdout' },
  });
const NO_IDS = { experiment_id: '', campaign_id: '', variation_id: null };
const long = 'x'.repeat(10_000);

describe('what Optimizely would not count', () => {
  it('finds nothing wrong with an impression and a conversion after it', async () => {
    expect(await codesFor(impression())).to.deep.equal([]);
    expect(await codesFor(conversion({ event: { revenue: 4_200, value: 1.5, tags: {} } }))).to.deep.equal([]);
  });

  it('reads a datafile given as text', async () => {
    const datafile = JSON.stringify(DATAFILE);
    expect(await codesFor(impression(), { datafile })).to.deep.equal([]);
    expect(await codesFor(decided('8', '10', '1001'), { datafile })).to.deep.equal(['unknown_experiment']);
  });

  for (const [name, visitor] of [
    ['an experiment of a group, without a layer', decided('110', '110', '1101')],
    ['a delivery rule, whatever its status', decided('910', '90', '9101')],
    ['a holdout, whose layer does not count', decided('500', '500', '5001')],
    ['a local holdout', decided('600', '600', '6001')],
    ["another rule's variation of the same flag", decided('200', '20', '9101', 'checkout')],
    ['a flag that decided nothing, as JavaScript sends it', undecided('', null, null)],
    ['a flag that decided nothing, as Python, Go, Ruby and C# send it', undecided('', '', null)],
    ['a flag that decided nothing, as Java sends it', undecided(undefined, undefined, '')],
    ['a flag that decided nothing, as Java sends it with nulls', undecided(null, null, '')],
    ['a flag that decided nothing, as PHP sends it', undecided('', '', null, { entity_id: null })],
    ['a forced decision for a flag, as JavaScript sends it', undecided('', null, '2001')],
    ['a forced decision for a flag, as the others send it', undecided('', '', '2001')],
    ['a holdout without a campaign', holdout('')],
    ['a holdout without a campaign member', holdout(undefined)],
  ] as const) {
    it(`knows ${name}`, async () => {
      expect(await codesFor(visitor)).to.deep.equal([]);
    });
  }

  it('does not know a local holdout that includes no rule, as resolving does not', async () => {
    expect(await codesFor(decided('601', '601', '6011'))).to.include('unknown_experiment');
  });

  for (const [code, name, visitor, params] of [
    ['unknown_account', 'account', impression(), { account_id: 'account-2' }],
    ['unknown_project', 'project', impression(), { project_id: 'project-2' }],
    ['unknown_project', 'missing project', impression(), { project_id: undefined }],
    ['unknown_experiment', 'experiment', decided('8', '10', '1001'), {}],
    ['unknown_experiment', 'very long experiment', decided(long, '10', '1001'), {}],
    ['unknown_experiment', 'experiment of a prototype', decided('constructor', '10', '1001'), {}],
    ['unknown_campaign', 'campaign', decided('100', '8', '1001'), {}],
    ['unknown_campaign', "other experiment's campaign", decided('100', '20', '1001'), {}],
    ['unknown_campaign', "holdout's layer", decided('500', '51', '5001'), {}],
    ['unknown_variation', 'variation', decided('100', '10', '8'), {}],
    ['unknown_variation', "other experiment's variation", decided('100', '10', '2001'), {}],
    ['unknown_variation', "other flag's variation", decided('200', '20', '1001', 'checkout'), {}],
    ['unknown_variation', 'forced variation', undecided('', '', '8'), {}],
    ['unknown_experiment', 'holdout without a campaign', holdout('', '8'), {}],
    ['unknown_event', 'event', conversion({ event: { entity_id: 'purchase' } }), {}],
  ] as const) {
    it(`finds the ${name} that the datafile does not know`, async () => {
      expect(await codesFor(visitor, { params })).to.deep.equal([code]);
      const withoutDatafile = await codesFor(visitor, { datafile: null, params });
      expect(withoutDatafile).to.deep.equal([]);
    });
  }

  it('finds each unknown id of one decision', async () => {
    expect(await codesFor(decided('8', '8', '8'))).to.have.members([
      'unknown_experiment',
      'unknown_campaign',
      'unknown_variation',
    ]);
  });

  it('finds an experiment that is not running', async () => {
    expect(await codesFor(decided('101', '11', '1011'))).to.deep.equal(['experiment_not_running']);
  });

  for (const [name, visitor, params] of [
    ['no account', impression(), { account_id: undefined }],
    ['no visitor', { ...impression(), visitor_id: undefined }, {}],
    ['a visitor that is a number', impression({ visitorId: 5 }), {}],
    ['no uuid', impression({ event: { uuid: undefined } }), {}],
    ['an empty uuid', impression({ event: { uuid: '' } }), {}],
    ['no entity', impression({ event: { entity_id: undefined } }), {}],
    ['no event id', conversion({ event: { entity_id: null } }), {}],
    ['no experiment', decided(undefined, '10', '1001'), {}],
    ['neither experiment nor campaign', decided(undefined, undefined, '1001'), {}],
    ['a campaign of no experiment', decided('', '10', '1001'), {}],
    ['no variation', decided('100', '10', null), {}],
    ['a rule without ids', decided('', '', null, 'checkout'), {}],
    ['a rule without ids, as JavaScript has none', decided('', null, null, 'checkout'), {}],
    ['a rule without members for ids', decided(undefined, undefined, undefined, 'checkout'), {}],
    ['a rule of an empty campaign', decided('200', '', '2001', 'checkout'), {}],
    [
      'neither a rule nor a flag',
      impression({ decision: NO_IDS, metadata: { flag_key: '', rule_key: '' } }),
      {},
    ],
    ['neither ids nor metadata', impression({ decision: { ...NO_IDS, metadata: undefined } }), {}],
    ['an id of no rule that is a number', undecided(0, '', null), {}],
    ['an id that is a number', decided('100', '10', 1001), {}],
    ['no decision', { visitor_id: 'ada', snapshots: [{ events: impression().snapshots[0]?.events }] }, {}],
  ] as const) {
    it(`finds an event with ${name}`, async () => {
      expect(new Set(await codesFor(visitor, { params, datafile: null }))).to.deep.equal(
        new Set(['missing_id']),
      );
    });
  }

  it('finds an entity that is not the campaign', async () => {
    for (const datafile of [DATAFILE, null]) {
      expect(await codesFor(impression({ event: { entity_id: '20' } }), { datafile })).to.deep.equal([
        'campaign_entity_mismatch',
      ]);
    }
    for (const none of ['', null, undefined]) {
      const visitor = undecided(none, none, none, { entity_id: '10' });
      expect(await codesFor(visitor)).to.deep.equal(['campaign_entity_mismatch']);
    }
  });

  it('tells an impression by its type too, as the API names it', async () => {
    const event = { key: undefined, type: 'campaign_activated' };
    expect(await codesFor(impression({ event }))).to.deep.equal([]);
    expect(await codesFor(conversion({ event }))).to.deep.equal(['missing_id']);
  });

  it('takes of several decisions the one of the campaign', async () => {
    const [ten, twenty] = [decided('100', '10', '1001'), decided('200', '20', '2001')].map(
      v => v.snapshots[0],
    );
    const snapshot = {
      decisions: [...(ten?.decisions ?? []), ...(twenty?.decisions ?? [])],
      events: twenty?.events,
    };
    expect(await codesFor({ visitor_id: 'ada', snapshots: [snapshot] })).to.deep.equal([]);
  });

  it('takes of several decisions the one that no rule made for an event of no campaign', async () => {
    const rule = impression().snapshots[0];
    for (const none of ['', null, undefined]) {
      const flag = undecided('', none, null, { entity_id: null }).snapshots[0];
      const snapshot = {
        decisions: [...(rule?.decisions ?? []), ...(flag?.decisions ?? [])],
        events: flag?.events,
      };
      expect(await codesFor({ visitor_id: 'ada', snapshots: [snapshot] })).to.deep.equal([]);
    }
  });

  for (const timestamp of [
    ...[1_700_000_000, 1_700_000_000_000_000, 1_699_999_990_000.5, -1_700_000_000_00, 0],
    ...['1699999990000', '2023-11-14T22:13:10Z', null, undefined, [1_699_999_990_000]],
  ]) {
    it(`finds the timestamp ${JSON.stringify(timestamp)} not in milliseconds`, async () => {
      expect(await codesFor(impression({ event: { timestamp } }))).to.deep.equal(['timestamp_not_millis']);
      expect(await codesFor(conversion({ event: { timestamp } }))).to.deep.equal(['timestamp_not_millis']);
    });
  }

  it('finds a timestamp more than a minute ahead', async () => {
    const at = (timestamp: number) => codesFor(conversion({ event: { timestamp } }));
    expect(await at(NOW + 60_000)).to.deep.equal([]);
    expect(await at(NOW + 60_001)).to.deep.equal(['timestamp_in_future']);
  });

  it('finds a revenue that is not an integer, and a value that is not a number', async () => {
    for (const revenue of [0.5, '100', null, true]) {
      expect(await codesFor(conversion({ event: { revenue } }))).to.deep.equal(['revenue_not_integer']);
    }
    for (const value of ['1', null, false]) {
      expect(await codesFor(conversion({ event: { value } }))).to.deep.equal(['value_not_number']);
    }
    for (const right of [
      { revenue: 0, value: 0 },
      { revenue: -5, value: -0.5 },
    ]) {
      expect(await codesFor(conversion({ event: right }))).to.deep.equal([]);
    }
  });

  it('finds the same entity, uuid and timestamp the second time, and only together', async () => {
    await using local = await makeEndpoint({ datafile: DATAFILE });
    const event = { uuid: 'same' };
    await local.send(impression({ event }), impression({ event }));
    await local.send(impression({ event }), impression({ event: { ...event, timestamp: NOW - 9_999 } }));
    await local.send(conversion({ event: { ...event, timestamp: NOW - 9_000 } }));
    await local.send(conversion({ event: { timestamp: NOW - 9_000 } }));
    expect(local.codes()).to.deep.equal([[], ['duplicate'], ['duplicate'], [], [], []]);
  });

  it('does not join ids when it compares', async () => {
    await using local = await makeEndpoint();
    await local.send(impression());
    await local.send(conversion({ event: { entity_id: '1', uuid: '","2' } }));
    await local.send(conversion({ event: { entity_id: '1","', uuid: '2' } }));
    await local.send(conversion({ event: { entity_id: '12', uuid: '3' } }));
    await local.send(conversion({ event: { entity_id: '1', uuid: '23' } }));
    expect(local.codes().flat()).to.deep.equal([]);
  });
});

describe('a conversion without an earlier decision', () => {
  const at = (timestamp: number) => ({ event: { timestamp } });

  it('is found where the visitor has none, only a later one, or one of the same time', async () => {
    await using local = await makeEndpoint({ datafile: DATAFILE });
    await local.send(impression({ visitorId: 'bob' }), conversion());
    await local.send(impression(at(NOW - 4_999)), impression(at(NOW - 5_000)));
    expect(local.codes()).to.deep.equal([[], ['no_earlier_decision'], [], []]);
    await local.send(conversion(at(NOW - 5_000)), conversion(at(NOW - 4_999)));
    expect(local.codes().slice(-2)).to.deep.equal([['no_earlier_decision'], []]);
  });

  it('is found where Optimizely does not count the decision', async () => {
    await using local = await makeEndpoint({ datafile: DATAFILE });
    await local.send(decided('100', '10', '8'), conversion());
    await local.send(undecided('', '', null), conversion());
    await local.send(undecided(undefined, undefined, '2001'), conversion());
    const [unknown, nothing, forced] = local.endpoint.batches.map(({ events }) => events.map(codesOf));
    expect(unknown).to.deep.equal([['unknown_variation'], ['no_earlier_decision']]);
    expect(nothing).to.deep.equal([[], ['no_earlier_decision']]);
    expect(forced).to.deep.equal([[], ['no_earlier_decision']]);
  });

  it('is taken back when the decision comes after it', async () => {
    await using local = await makeEndpoint({ datafile: DATAFILE });
    await local.send(conversion(), impression());
    await local.send(
      conversion({ visitorId: 'bob', event: { revenue: 0.5 } }),
      conversion({ visitorId: 'eve' }),
    );
    await local.send(conversion({ visitorId: 'bob', ...at(NOW - 20_000) }));
    const found = [[], [], ['revenue_not_integer', 'no_earlier_decision'], ['no_earlier_decision']];
    expect(local.codes()).to.deep.equal([...found, ['no_earlier_decision']]);
    await local.send(impression({ visitorId: 'bob' }));
    expect(local.codes()).to.deep.equal([
      ...[[], [], ['revenue_not_integer'], ['no_earlier_decision']],
      ...[['no_earlier_decision'], []],
    ]);
    await local.send(impression({ visitorId: 'bob', ...at(NOW - 30_000) }));
    expect(local.codes()[4]).to.deep.equal([]);
  });
});
