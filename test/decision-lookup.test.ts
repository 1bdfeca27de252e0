// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import {
  type DatafileIndex,
  type ExperimentEvent,
  type ExperimentImpression,
  UserEventFactory,
} from 'opentelemetry-exporter-optimizely';
import { CONVERSION, IMPRESSION, indexOf, visitorIn } from './support/checked-events.js';
import { makeDatafile } from './support/datafile.js';

/** What is asked of the datafile, beside what it is. */
function makeHarness(datafile?: object) {
  const asked: string[] = [];
  const config = new Proxy(indexOf(datafile), {
    get(index, name) {
      const member = Reflect.get(index, name, index) as unknown;
      if (typeof member !== 'function') return member;
      return (...keys: unknown[]) => {
        asked.push(`${String(name)}(${keys.join()})`);
        return member.apply(index, keys) as unknown;
      };
    },
  });
  const warnings: string[] = [];
  const factory = new UserEventFactory({ onWarning: kind => warnings.push(kind) });
  const create = (event: ExperimentEvent) => factory.createUserEvent(event, config, 0);
  const visitorOf = (event: ExperimentEvent) => visitorIn(create(event));
  const decisionOf = (members: Partial<ExperimentImpression>) => {
    const decision = visitorOf({ ...IMPRESSION, ...members }).snapshots[0]?.decisions?.[0];
    if (decision === undefined) throw new Error('an impression without a decision');
    return decision;
  };
  return { asked, warnings, create, visitorOf, decisionOf };
}

describe('the rule of an impression', () => {
  it('is one of an experiment where there is no flag, else of what the datafile has under its key', () => {
    const holdouts = [{ id: '70', key: 'kept_out', variations: [{ id: '701', key: 'off' }] }];
    const { decisionOf } = makeHarness(makeDatafile({ sendFlagDecisions: true, holdouts }));
    const typeOf = (members: Partial<ExperimentImpression>) => {
      const { metadata, experiment_id } = decisionOf(members);
      return [metadata.rule_type, experiment_id];
    };
    expect(typeOf({ flagKey: '', ruleKey: 'banner' })).to.deep.equal(['experiment', '100']);
    expect(typeOf({})).to.deep.equal(['feature-test', '200']);
    expect(typeOf({ ruleKey: 'everyone' })).to.deep.equal(['rollout', '910']);
    expect(typeOf({ ruleKey: 'kept_out', variationKey: 'off' })).to.deep.equal(['holdout', '70']);
    expect(typeOf({ ruleKey: '', variationKey: '' })).to.deep.equal(['rollout', '']);
    expect(typeOf({ ruleKey: '' })).to.deep.equal(['feature-test', '']);
    // Known by its ids alone.
    expect(typeOf({ ruleKey: 'new', experimentId: '5' })).to.deep.equal(['feature-test', '5']);
    expect(typeOf({ ruleKey: 'everyone', ruleType: 'holdout', experimentId: '5' })).to.deep.equal([
      'holdout',
      '5',
    ]);
  });

  it('is that of the experiment where a delivery rule has the same key', () => {
    const datafile = makeDatafile({ sendFlagDecisions: true });
    const [rollout] = datafile.rollouts as { experiments: { key: string }[] }[];
    for (const rule of rollout?.experiments ?? []) rule.key = 'checkout_test';
    const { decisionOf } = makeHarness(datafile);
    expect(decisionOf({})).to.deep.include({ experiment_id: '200' });
    expect(decisionOf({ ruleType: 'rollout' })).to.deep.include({ experiment_id: '910' });
  });

  it('is found by its keys where the given experiment id is not in the datafile', () => {
    const { decisionOf } = makeHarness();
    const members = { flagKey: '', ruleKey: 'banner', experimentId: '777' };
    expect(decisionOf(members)).to.deep.include({
      campaign_id: '777',
      experiment_id: '777',
      variation_id: '1001',
    });
  });

  it('is not sent where the datafile says to send no flag decisions, whatever ids are given', () => {
    const { create, decisionOf } = makeHarness();
    const rollout = { ...IMPRESSION, ruleKey: 'everyone' };
    for (const event of [
      rollout,
      { ...rollout, ruleType: 'rollout' as const, experimentId: '5', variationId: '6' },
      { ...IMPRESSION, ruleKey: '', variationKey: '' },
    ]) {
      expect(create(event)).to.deep.equal({
        type: 'unresolved',
        reason: 'flag_decisions_off',
        field: 'ruleType',
      });
    }
    expect(decisionOf({})).to.have.property('experiment_id', '200');
  });

  it('that the datafile does not have refuses the impression, and names the key at fault', () => {
    const { create } = makeHarness();
    const faults: [Partial<ExperimentImpression>, string][] = [
      [{ flagKey: 'chekout' }, 'flagKey'],
      [{ flagKey: 'chekout', ruleKey: '' }, 'flagKey'],
      [{ ruleKey: 'tset' }, 'ruleKey'],
      [{ flagKey: '', ruleKey: 'baner' }, 'ruleKey'],
    ];
    for (const [members, field] of faults) {
      expect(create({ ...IMPRESSION, ...members })).to.deep.equal({
        type: 'unresolved',
        reason: 'unknown_key',
        field,
      });
    }
    expect(create({ ...CONVERSION, eventKey: 'purchse' })).to.deep.equal({
      type: 'unresolved',
      reason: 'unknown_key',
      field: 'eventKey',
    });
  });

  for (const variationId of ['x12', '12x', '1 2', '-12', '1.2', '12\n', 'x']) {
    it(`has a null variation id where the given one is ${JSON.stringify(variationId)}, not made of digits`, () => {
      expect(makeHarness().decisionOf({ variationId })).to.have.property('variation_id', null);
    });
  }

  it('warns of a variation key that it does not have, and of no other', () => {
    const { warnings, decisionOf } = makeHarness();
    decisionOf({});
    decisionOf({ variationKey: '' });
    decisionOf({ variationKey: 'new', variationId: '5' });
    expect(warnings).to.deep.equal([]);
    for (let n = 1; n <= 2; n++) {
      expect(decisionOf({ variationKey: 'new' })).to.have.property('variation_id', null);
      expect(warnings).to.deep.equal(Array(n).fill('unknown_variation'));
    }
  });

  it('is another one for each combination of keys', () => {
    const flags = ['checkout', 'search'].map((key, n) => ({
      ...{ id: `5${n}`, key, rolloutId: '' },
      experimentIds: [`3${n}`, `4${n}`],
    }));
    const experiments = flags.flatMap(({ experimentIds }) =>
      experimentIds.map((id, n) => ({
        ...{ id, key: `rule${n}`, layerId: `1${id}` },
        variations: ['control', 'treatment'].map((key, v) => ({ id: `${id}${v}`, key })),
      })),
    );
    const { decisionOf } = makeHarness(makeDatafile({ featureFlags: flags, experiments }));
    // Twice: as it was found, and as it is remembered.
    for (let turn = 0; turn < 2; turn++) {
      for (const [f, flagKey] of ['checkout', 'search'].entries()) {
        for (const [r, ruleKey] of ['rule0', 'rule1'].entries()) {
          for (const [v, variationKey] of ['control', 'treatment'].entries()) {
            const experiment = `${r === 0 ? 3 : 4}${f}`;
            expect(decisionOf({ flagKey, ruleKey, variationKey })).to.deep.include({
              campaign_id: `1${experiment}`,
              experiment_id: experiment,
              variation_id: `${experiment}${v}`,
            });
          }
        }
      }
    }
  });
});

describe('what a datafile is asked', () => {
  /** How often it is asked when the event is made a second time. */
  function askedAgain(...events: ExperimentEvent[]) {
    const holdouts = [{ id: '70', key: 'kept_out', variations: [{ id: '701', key: 'off' }] }];
    const { asked, create } = makeHarness(makeDatafile({ holdouts }));
    for (const event of events) create(event);
    const first = asked.length;
    for (const event of events) create(event);
    return { first, again: asked.length - first };
  }

  const HELD_OUT = { ...IMPRESSION, ruleKey: 'kept_out', variationKey: 'off' };

  const known: [string, ExperimentEvent[]][] = [
    ['an event', [CONVERSION]],
    ['the attributes of a visitor', [{ ...CONVERSION, attributes: { plan: 'gold', country: 'NO' } }]],
    ['a decision', [IMPRESSION]],
    [
      'several decisions of one rule',
      [IMPRESSION, { ...IMPRESSION, variationKey: 'treatment' }, { ...IMPRESSION, ruleKey: '' }],
    ],
    ['a decision whose rule type is given', [{ ...IMPRESSION, ruleType: 'feature-test' }]],
    ['a holdout, with its flag and without', [HELD_OUT, { ...HELD_OUT, flagKey: '', ruleType: 'holdout' }]],
  ];
  for (const [name, events] of known) {
    it(`is asked once: ${name}`, () => {
      const { first, again } = askedAgain(...events);
      expect(first).to.be.greaterThan(0);
      expect(again).to.equal(0);
    });
  }

  /** Its event is not asked for. */
  const GIVEN = { ...CONVERSION, eventId: '300' };

  // Else what is remembered would grow with what is asked for.
  const unknown: [string, ExperimentEvent][] = [
    ['an event that it does not have', { ...CONVERSION, eventKey: 'purchse' }],
    ['an attribute that it does not have', { ...GIVEN, attributes: { [randomUUID()]: 1 } }],
    ['an attribute with a long key', { ...GIVEN, attributes: { [`$opt_${'a'.repeat(252)}`]: 1 } }],
    ['a rule that it does not have', { ...IMPRESSION, ruleKey: 'tset' }],
    ['a variation that it does not have', { ...IMPRESSION, variationKey: 'new' }],
    ['a holdout of a flag that it does not have', { ...HELD_OUT, flagKey: randomUUID() }],
    ['a given experiment', { ...IMPRESSION, experimentId: '200' }],
    ['a given campaign', { ...IMPRESSION, campaignId: '5' }],
    ['a given variation', { ...IMPRESSION, variationId: '5' }],
    ['a delivery rule while it says to send no flag decisions', { ...IMPRESSION, ruleKey: 'everyone' }],
  ];
  for (const [name, event] of unknown) {
    it(`is asked each time: ${name}`, () => {
      const { first, again } = askedAgain(event);
      expect(first).to.be.greaterThan(0);
      expect(again).to.equal(first);
    });
  }

  it('is asked once for a key of 256 characters', () => {
    const attributes = { [`$opt_${'a'.repeat(251)}`]: 1 };
    expect(askedAgain({ ...GIVEN, attributes })).to.deep.equal({ first: 1, again: 0 });
  });

  it('is asked once for each of 10,000 keys, and each time for those beyond', () => {
    const { asked, create } = makeHarness();
    const attributesFrom = (start: number, count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, n) => [`$opt_${start + n}`, n]));
    create({ ...CONVERSION, attributes: attributesFrom(0, 9_999) });
    const last = { ...CONVERSION, attributes: attributesFrom(9_999, 1) };
    const beyond = { ...CONVERSION, attributes: attributesFrom(10_000, 1) };
    const timesAskedFor = (event: ExperimentEvent) => {
      const before = asked.length;
      create(event);
      return asked.length - before;
    };
    expect([last, last, beyond, beyond, last].map(timesAskedFor)).to.deep.equal([1, 0, 1, 1, 0]);
  });

  it('is asked once for a key, however many it was asked for that it does not have', () => {
    const { asked, create } = makeHarness();
    const unknown = Object.fromEntries(Array.from({ length: 10_001 }, (_, n) => [`unknown_${n}`, n]));
    create({ ...GIVEN, attributes: unknown });
    create({ ...GIVEN, attributes: { plan: 'gold' } });
    const before = asked.length;
    create({ ...GIVEN, attributes: { plan: 'gold' } });
    expect(asked.length - before).to.equal(0);
  });

  it('is asked again when it is another datafile', () => {
    const factory = new UserEventFactory();
    const idsIn = (config: DatafileIndex) => {
      const event = { ...CONVERSION, attributes: { plan: 'gold' } };
      const made = [event, IMPRESSION].map(each => factory.createUserEvent(each, config, 0));
      return made.map(each => ('json' in each ? /"entity_id":"(\d+)"/.exec(each.json)?.[1] : each.reason));
    };
    const old = indexOf();
    const other = indexOf(
      makeDatafile({ attributes: [{ id: '499', key: 'plan' }], experiments: [], featureFlags: [] }),
    );
    expect(idsIn(old)).to.deep.equal(['400', '20']);
    expect(idsIn(other)).to.deep.equal(['499', 'unknown_key']);
    expect(idsIn(old)).to.deep.equal(['400', '20']);
  });
});
