// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { batchOf, conversion, eventsOf, impression, makeInspector, NOW } from '../harness.js';
import { BANNER, CHECKOUT, openShop, type Shop, shopDatafile, visitors, withExperiment } from './shop.js';

/** Six visitors who see the experiment, of whom the first two buy. */
function trade(shop: Shop): void {
  for (const [place, visitor] of visitors(6).entries()) {
    shop.expose(visitor, { variationKey: place % 2 === 0 ? 'control' : 'treatment' });
  }
  for (const visitor of visitors(2)) shop.buy(visitor);
}

/** Uuids of the events that a check gives as its evidence. */
async function evidenceOf(shop: Shop, rootCause: string): Promise<number> {
  const { checks } = await shop.diagnosis();
  const evidence = checks.find(({ id }) => id === rootCause)?.evidence;
  if (evidence === undefined) throw new Error(`${rootCause} has no evidence`);
  return eventsOf(await shop.inspector.rows({ ...evidence, count: 500 })).length;
}

/** The experiment without a flag is for those over 17. */
function datafileForAdults() {
  const typedAudiences = [
    {
      id: '70',
      name: 'grown-ups',
      conditions: ['and', ['or', { match: 'gt', name: 'age', type: 'custom_attribute', value: 17 }]],
    },
  ];
  return withExperiment(
    BANNER,
    { audienceIds: ['70'], audienceConditions: ['or', '70'] },
    { typedAudiences, attributes: [{ id: '402', key: 'age' }] },
  );
}

describe('inspect: why an experiment has no results', () => {
  it('names nothing where all is well', async () => {
    await using shop = await openShop();
    trade(shop);
    await shop.arrive();
    const diagnosis = await shop.diagnosis();
    expect(diagnosis).to.include({
      state: 'healthy',
      headline: 'Impressions and conversions arrive as they should, and nothing is wrong with them.',
    });
    expect(diagnosis).not.to.have.property('rootCause');
    expect(
      diagnosis.checks.filter(({ state }) => !['passed', 'unknown', 'waiting'].includes(state)),
    ).to.deep.equal([]);
  });

  it('says of an experiment that is not used that no impression has come, whatever is wrong with conversions', async () => {
    await using shop = await openShop();
    const decision = { experiment_id: BANNER, campaign_id: '10', variation_id: '1001' };
    await shop.inspector.send(impression({ decision }));
    for (let twice = 0; twice < 2; twice++) shop.buy('visitor-0', { tags: { revenue: 42.99 } });
    await shop.arrive();
    const { state, rootCause, checks } = await shop.diagnosis();
    expect({ state, rootCause }).to.deep.equal({ state: 'suspect', rootCause: 'no_impressions' });
    expect(checks.find(({ id }) => id === 'revenue_unit')?.state).to.equal('consequence');
  });

  it('waits while nothing has arrived', async () => {
    await using shop = await openShop();
    expect(await shop.diagnosis())
      .to.include({ state: 'waiting' })
      .and.not.to.have.property('rootCause');
  });

  it('names impressions that do not arrive, and what follows from it', async () => {
    await using shop = await openShop();
    for (const visitor of visitors(3)) shop.buy(visitor);
    await shop.arrive();
    const { state, rootCause, headline, checks } = await shop.diagnosis();
    expect({ state, rootCause }).to.deep.equal({ state: 'cause', rootCause: 'no_impressions' });
    expect(headline).to.contain('3 conversions of an event that it measures');
    expect(checks.find(({ id }) => id === 'conversions_unexposed')).to.include({
      state: 'consequence',
      count: 3,
    });
  });

  it('names an event that was never received', async () => {
    await using shop = await openShop();
    for (const visitor of visitors(30)) shop.expose(visitor);
    await shop.arrive();
    expect(await shop.diagnosis()).to.include({ state: 'cause', rootCause: 'event_never_received' });
    expect((await shop.diagnosis()).headline).to.contain('"purchase"');
  });

  for (const [key, difference] of [
    ['Purchase', 'case'],
    [' purchase', 'white space'],
    ['pur_chase', 'separators'],
    ['purchas', 'one letter'],
    ['purhcase', 'one letter'],
  ] as const) {
    it(`names an event that was received under a near key: ${JSON.stringify(key)}`, async () => {
      await using shop = await openShop();
      for (const visitor of visitors(3)) shop.expose(visitor);
      await shop.arrive();
      await shop.inspector.send(conversion({ visitorId: 'visitor-0', event: { key, entity_id: key } }));
      expect(await shop.diagnosis()).to.include({ state: 'cause', rootCause: 'event_never_received' });
      const { examples } = await shop.check('event_never_received');
      expect(examples).to.deep.equal([{ found: key, expected: 'purchase', difference }]);
      expect(await evidenceOf(shop, 'event_never_received')).to.equal(1);
    });
  }

  it('names an event that is not attached to the experiment', async () => {
    const events = [
      { id: '300', key: 'purchase', experimentIds: [] },
      { id: '301', key: 'signup', experimentIds: [BANNER] },
    ];
    await using shop = await openShop({ datafile: shopDatafile({ events }) });
    trade(shop);
    await shop.arrive();
    expect(await shop.diagnosis()).to.include({ state: 'cause', rootCause: 'event_not_attached' });
    expect((await shop.diagnosis()).headline).to.contain('"purchase"');
    expect(await evidenceOf(shop, 'event_not_attached')).to.equal(2);
  });

  it('names an event that is not attached where the one that is does not arrive', async () => {
    await using shop = await openShop();
    for (const visitor of visitors(30)) shop.expose(visitor);
    for (const visitor of visitors(4)) shop.buy(visitor, { eventKey: 'signup' });
    await shop.arrive();
    const { rootCause, checks } = await shop.diagnosis();
    expect(rootCause).to.equal('event_not_attached');
    expect(checks.find(({ id }) => id === 'event_never_received')?.state).to.equal('consequence');
  });

  const sha256 = (id: string) => createHash('sha256').update(id).digest('hex');
  const md5 = (id: string) => createHash('md5').update(id).digest('hex');
  for (const [name, exposed, converting, difference] of [
    [
      'hash',
      (n: number) => `user${n}@shop.example`,
      (n: number) => sha256(`user${n}@shop.example`),
      'SHA-256 hash',
    ],
    ['hash of the exposed', (n: number) => md5(`user${n}`), (n: number) => `user${n}`, 'MD5 hash'],
    ['case', (n: number) => `USER-${n}`, (n: number) => `user-${n}`, 'case'],
    ['case, both mixed', (n: number) => `UsEr-${n}`, (n: number) => `uSER-${n}`, 'case'],
    ['white space', (n: number) => `user-${n}`, (n: number) => `user-${n} `, 'white space'],
    [
      'zero-width characters',
      (n: number) => `user-${n}`,
      (n: number) => `user-${n}\u200b`,
      'invisible characters',
    ],
    ['prefix', (n: number) => `${4_000 + n}`, (n: number) => `user:${4_000 + n}`, 'prefix'],
    ['prefix of the exposed', (n: number) => `auth0|${4_000 + n}`, (n: number) => `${4_000 + n}`, 'prefix'],
    [
      'prefix without a separator',
      (n: number) => `${4_000 + n}`,
      (n: number) => `user${4_000 + n}`,
      'prefix',
    ],
    [
      'fraction',
      (n: number) => `${4_000 + n}`,
      (n: number) => `${4_000 + n}.0`,
      'type: a number with a fraction',
    ],
    [
      'leading zeros',
      (n: number) => `00${400 + n}`,
      (n: number) => `${400 + n}`,
      'type: a number without its leading zeros',
    ],
    ['URL encoding', (n: number) => `user ${n}`, (n: number) => `user%20${n}`, 'URL encoding'],
    [
      'base64',
      (n: number) => `user-number-${n}`,
      (n: number) => Buffer.from(`user-number-${n}`).toString('base64'),
      'base64',
    ],
    ['Unicode form', (n: number) => `Andr\u00e9-${n}`, (n: number) => `Andre\u0301-${n}`, 'Unicode form'],
  ] as const) {
    it(`names visitors who convert under another id: ${name}`, async () => {
      await using shop = await openShop();
      for (let n = 0; n < 6; n++) shop.expose(exposed(n));
      for (let n = 0; n < 4; n++) shop.buy(converting(n));
      await shop.arrive();
      expect(await shop.diagnosis()).to.include({ state: 'cause', rootCause: 'conversions_unexposed' });
      const { count, examples } = await shop.check('conversions_unexposed');
      expect(count).to.equal(4);
      expect([...new Set(examples.map(example => example.difference))]).to.deep.equal([difference]);
      expect(examples.map(({ visitorId }) => visitorId)).to.have.members([0, 1, 2, 3].map(converting));
      expect(await evidenceOf(shop, 'conversions_unexposed')).to.equal(4);
    });
  }

  it('names visitors who convert under another id: a number in the place of a text', async () => {
    await using shop = await openShop();
    for (let n = 0; n < 6; n++) shop.expose(`${4_000 + n}`);
    await shop.arrive();
    await shop.inspector.post(batchOf([0, 1].map(n => ({ ...conversion(), visitor_id: 4_000 + n }))));
    expect(await shop.diagnosis()).to.include({ state: 'cause', rootCause: 'conversions_unexposed' });
    const { count, examples } = await shop.check('conversions_unexposed');
    expect(count).to.equal(2);
    expect(examples[0]).to.include({ difference: 'type: a number, not text', visitorId: '4000' });
  });

  it('says what the ids look like where none is like another', async () => {
    await using shop = await openShop();
    for (let n = 0; n < 6; n++) shop.expose(`${4_000 + n}`);
    for (let n = 0; n < 4; n++) shop.buy(sha256(`salted-${n}`));
    await shop.arrive();
    const { rootCause, headline } = await shop.diagnosis();
    expect(rootCause).to.equal('conversions_unexposed');
    expect(headline).to.contain('64 hexadecimal digits').and.to.contain('whole numbers');
  });

  it('names impressions that come after conversions', async () => {
    await using shop = await openShop();
    for (const visitor of visitors(3)) shop.expose(visitor, { timestamp: NOW - 1_000 });
    for (const visitor of visitors(2)) shop.buy(visitor, { timestamp: NOW - 2_000 });
    await shop.arrive();
    expect(await shop.diagnosis()).to.include({ state: 'cause', rootCause: 'impression_after_conversion' });
    expect(await evidenceOf(shop, 'impression_after_conversion')).to.equal(2);
    expect((await shop.diagnosis()).headline).to.match(
      /^2 conversions came before the first impression of their visitors/,
    );
  });

  it('says of all traffic no more than was looked at where an experiment has a cause of its own', async () => {
    await using shop = await openShop();
    for (const visitor of visitors(3)) shop.expose(visitor, { timestamp: NOW - 1_000 });
    shop.buy(visitors(1)[0] ?? '', { timestamp: NOW - 2_000 });
    await shop.arrive();
    expect(await shop.diagnosis()).to.include({ state: 'cause' });
    const { diagnosis } = await shop.inspector.overview();
    expect(diagnosis.state).to.equal('healthy');
    expect(diagnosis.headline)
      .to.contain('the diagnosis of each experiment')
      .and.not.to.contain('nothing is wrong');
  });

  it('calls a conversion in the same millisecond unclear', async () => {
    await using shop = await openShop();
    for (const visitor of visitors(3)) shop.expose(visitor, { timestamp: NOW - 1_000 });
    for (const visitor of visitors(2)) shop.buy(visitor, { timestamp: NOW - 1_000 });
    await shop.arrive();
    expect(await shop.diagnosis()).to.include({ state: 'suspect', rootCause: 'same_millisecond' });
    expect((await shop.diagnosis()).headline).to.contain('Unclear');
    expect(await evidenceOf(shop, 'same_millisecond')).to.equal(2);
  });

  it('names another project', async () => {
    const application = shopDatafile({ projectId: 'project-2' });
    await using shop = await openShop({ datafile: shopDatafile(), application });
    trade(shop);
    await shop.arrive();
    const { state, rootCause, headline, checks } = await shop.diagnosis();
    expect({ state, rootCause }).to.deep.equal({ state: 'cause', rootCause: 'wrong_project' });
    expect(headline).to.contain('"project-1"');
    expect(checks.find(({ id }) => id === 'no_impressions')?.state).to.equal('consequence');
    expect((await shop.inspector.overview()).diagnosis).to.include({ rootCause: 'wrong_project' });
  });

  it('names another account', async () => {
    const application = shopDatafile({ accountId: 'account-2' });
    await using shop = await openShop({ datafile: shopDatafile(), application });
    trade(shop);
    await shop.arrive();
    expect(await shop.diagnosis()).to.include({ rootCause: 'wrong_project' });
  });

  it('names another environment, whose experiment has the same key and another id', async () => {
    const text = JSON.stringify(shopDatafile({ environmentKey: 'staging', revision: '3' }));
    const application = JSON.parse(text.replaceAll('"200', '"800').replaceAll('"20"', '"80"')) as Record<
      string,
      unknown
    >;
    await using shop = await openShop({ datafile: shopDatafile(), application });
    trade(shop);
    await shop.arrive();
    const { state, rootCause, headline, checks } = await shop.diagnosis();
    expect({ state, rootCause }).to.deep.equal({ state: 'cause', rootCause: 'wrong_environment' });
    expect(headline).to.contain('"production"').and.to.contain('"800"');
    expect(checks.find(({ id }) => id === 'wrong_revision')?.state).to.equal('consequence');
    expect(await evidenceOf(shop, 'wrong_environment')).to.equal(6);
  });

  it('names another environment, which has other experiments', async () => {
    const text = JSON.stringify(shopDatafile({ environmentKey: 'staging' }));
    const other = text
      .replaceAll('"200', '"800')
      .replaceAll('"20"', '"80"')
      .replaceAll('checkout_test', 'other_test');
    const application = JSON.parse(other) as Record<string, unknown>;
    await using shop = await openShop({ datafile: shopDatafile(), application });
    for (const visitor of visitors(4)) {
      shop.expose(visitor, { ruleKey: 'other_test' });
      shop.buy(visitor);
    }
    await shop.arrive();
    expect(await shop.diagnosis()).to.include({ state: 'cause', rootCause: 'wrong_environment' });
    const { diagnosis, experiments } = await shop.inspector.overview();
    expect(diagnosis).to.include({ state: 'cause', rootCause: 'wrong_environment' });
    expect(experiments.find(({ id }) => id === '800')?.diagnosis.rootCause).to.equal('wrong_environment');
  });

  it('names another revision, which has other variations', async () => {
    const variations = [
      { id: '2008', key: 'control' },
      { id: '2009', key: 'treatment' },
    ];
    const application = withExperiment(CHECKOUT, { variations }, { revision: '6' });
    await using shop = await openShop({ datafile: shopDatafile(), application });
    trade(shop);
    await shop.arrive();
    const { rootCause, headline } = await shop.diagnosis();
    expect(rootCause).to.equal('wrong_revision');
    expect(headline).to.contain('"6"').and.to.contain('"7"');
  });

  it('suspects another revision of which nothing is known', async () => {
    await using shop = await openShop({
      datafile: shopDatafile(),
      application: shopDatafile({ revision: '6' }),
    });
    trade(shop);
    await shop.arrive();
    expect(await shop.diagnosis()).to.include({ state: 'suspect', rootCause: 'wrong_revision' });
  });

  it('names another region', async () => {
    const forwardsTo = () => 'https://logx.optimizely.com/v1/events';
    await using shop = await openShop({ datafile: shopDatafile({ region: 'EU' }), forwardsTo });
    trade(shop);
    await shop.arrive();
    expect(await shop.diagnosis()).to.include({ state: 'cause', rootCause: 'wrong_region' });
    expect((await shop.diagnosis()).headline).to.contain('eu.logx.optimizely.com');
  });

  it('names decisions of a delivery rule that are not sent', async () => {
    await using shop = await openShop({ datafile: shopDatafile({ sendFlagDecisions: false }) });
    shop.expose('visitor-0', { ruleKey: 'everyone', ruleType: 'rollout', variationKey: 'off' });
    shop.buy('visitor-0');
    await shop.arrive();
    const { state, rootCause, checks } = await shop.diagnosis(CHECKOUT);
    expect({ state, rootCause }).to.deep.equal({ state: 'suspect', rootCause: 'flag_decisions_off' });
    expect(checks.find(({ id }) => id === 'no_impressions')?.state).to.equal('consequence');
  });

  it('names bots', async () => {
    const agent = {
      $opt_user_agent: 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)',
    };
    await using shop = await openShop();
    for (const visitor of visitors(4)) shop.expose(visitor, { attributes: agent });
    for (const visitor of visitors(2)) shop.buy(visitor, { attributes: agent });
    await shop.arrive();
    expect(await shop.diagnosis()).to.include({ state: 'cause', rootCause: 'bots' });
    expect(await shop.check('bots')).to.include({ count: 6 });
    expect(await evidenceOf(shop, 'bots')).to.equal(6);
  });

  it('suspects bots where bot filtering is off, as they count', async () => {
    await using shop = await openShop({ datafile: shopDatafile({ botFiltering: false }) });
    for (const visitor of visitors(4))
      shop.expose(visitor, { attributes: { $opt_user_agent: 'curl/8.5.0' } });
    shop.buy('visitor-0');
    await shop.arrive();
    expect(await shop.diagnosis()).to.include({ state: 'suspect', rootCause: 'bots' });
  });

  it('names visitors whose attributes no audience of an experiment without a flag takes', async () => {
    const datafile = datafileForAdults();
    await using shop = await openShop({ datafile });
    for (const visitor of visitors(3)) shop.buy(visitor, { eventKey: 'signup', attributes: { age: 12 } });
    await shop.arrive();
    const { state, rootCause, headline } = await shop.diagnosis(BANNER);
    expect({ state, rootCause }).to.deep.equal({ state: 'suspect', rootCause: 'outside_audience' });
    expect(headline).to.contain('age gt 17').and.to.contain('no event has brought such a value');
    shop.buy('visitor-9', { eventKey: 'signup', attributes: { age: 40 } });
    await shop.arrive();
    expect(await shop.diagnosis(BANNER)).to.include({ rootCause: 'no_impressions' });
  });

  it('suspects no audience of an attribute that has more values than are kept', async () => {
    await using shop = await openShop({ datafile: datafileForAdults() });
    const buy = (age: number) => shop.buy(`visitor-${age}`, { eventKey: 'signup', attributes: { age } });
    for (let n = 1; n < 1_000; n++) buy(n / 1_000);
    await shop.arrive();
    expect(await shop.diagnosis(BANNER)).to.include({ rootCause: 'outside_audience' });
    buy(1);
    buy(40);
    await shop.arrive();
    expect(await shop.diagnosis(BANNER)).to.include({ rootCause: 'no_impressions' });
  });

  it('names conversions that are recorded twice, once without the amount', async () => {
    await using shop = await openShop();
    for (const visitor of visitors(6)) shop.expose(visitor);
    for (const visitor of visitors(2)) {
      shop.buy(visitor, { tags: { revenue: 4_200 } });
      shop.buy(visitor, { timestamp: NOW - 4_000 });
    }
    await shop.arrive();
    expect(await shop.diagnosis()).to.include({ state: 'cause', rootCause: 'double_tracking' });
  });

  it('names conversions that are recorded twice', async () => {
    await using shop = await openShop();
    trade(shop);
    for (const visitor of visitors(2)) shop.buy(visitor, { timestamp: NOW - 4_500 });
    await shop.arrive();
    expect(await shop.diagnosis()).to.include({ state: 'cause', rootCause: 'double_tracking' });
    expect(await shop.check('double_tracking')).to.include({ count: 2 });
    expect(await evidenceOf(shop, 'double_tracking')).to.equal(4);
  });

  for (const [name, tags] of [
    ['a fraction', { revenue: 42.99 }],
    ['a text with a fraction', { revenue: '42.99' }],
    ['a whole number beside a tag with its cents', { revenue: 42, total: 42.99 }],
    ['a whole number beside a value with its cents', { revenue: 43, value: 42.99 }],
  ] as const) {
    it(`names revenue that looks like dollars: ${name}`, async () => {
      await using shop = await openShop();
      for (const visitor of visitors(4)) shop.expose(visitor);
      for (const visitor of visitors(2)) shop.buy(visitor, { tags });
      await shop.arrive();
      expect(await shop.diagnosis()).to.include({ state: 'cause', rootCause: 'revenue_unit' });
      expect(await evidenceOf(shop, 'revenue_unit')).to.equal(2);
    });
  }

  it('names revenue that the sender did not make whole, and a tag beside another revenue', async () => {
    for (const event of [{ revenue: 42.99 }, { revenue: 42, tags: { revenue: 4_299 } }]) {
      await using shop = await openShop();
      for (const visitor of visitors(3)) shop.expose(visitor);
      await shop.arrive();
      await shop.inspector.send(conversion({ visitorId: 'visitor-0', event }));
      expect(await shop.diagnosis()).to.include({ state: 'cause', rootCause: 'revenue_unit' });
    }
  });

  it('names an experiment that is not running', async () => {
    await using shop = await openShop({
      datafile: withExperiment(CHECKOUT, { status: 'Paused' }),
      application: shopDatafile(),
    });
    trade(shop);
    await shop.arrive();
    const { state, rootCause, headline, checks } = await shop.diagnosis();
    expect({ state, rootCause }).to.deep.equal({ state: 'cause', rootCause: 'not_running' });
    expect(headline).to.contain('"Paused"');
    expect(checks.find(({ id }) => id === 'no_impressions')?.state).to.equal('consequence');
  });

  it('names requests that are refused', async () => {
    await using shop = await openShop();
    await shop.inspector.post(JSON.stringify({ params: batchOf([impression()]) }));
    await shop.inspector.post('{');
    const { diagnosis } = await shop.inspector.overview();
    expect(diagnosis).to.include({ state: 'cause', rootCause: 'requests_refused' });
    expect(diagnosis.headline).to.contain('2 requests were refused').and.to.contain('not valid JSON');
  });

  it('names that there are conversions and no impression at all, also without a datafile', async () => {
    await using inspector = await makeInspector();
    await inspector.send(conversion(), conversion());
    expect((await inspector.overview()).diagnosis).to.include({
      state: 'cause',
      rootCause: 'no_impressions',
    });
  });

  it('names a visitor id that all share', async () => {
    await using shop = await openShop();
    for (const _ of visitors(4)) {
      shop.expose('undefined');
      shop.buy('undefined');
    }
    await shop.arrive();
    const { rootCause, checks } = await shop.diagnosis();
    expect(rootCause).to.equal('shared_visitor_id');
    expect(checks.find(({ id }) => id === 'double_tracking')?.state).to.equal('consequence');
  });

  it('names visitors who saw several variations', async () => {
    await using shop = await openShop();
    trade(shop);
    shop.expose('visitor-0', { variationKey: 'treatment', timestamp: NOW - 9_000 });
    await shop.arrive();
    expect(await shop.diagnosis()).to.include({ state: 'cause', rootCause: 'several_variations' });
    expect((await shop.experiment()).severalVariations).to.equal(1);
  });

  it('names impressions that do not count by themselves', async () => {
    await using shop = await openShop();
    const decision = { experiment_id: CHECKOUT, campaign_id: '20', variation_id: '2001' };
    await shop.inspector.send(impression({ decision, event: { entity_id: '999' } }));
    expect(await shop.diagnosis()).to.include({ state: 'cause', rootCause: 'impressions_not_counted' });
    expect((await shop.diagnosis()).headline).to.contain('entity_id "999"');
  });

  it('names conversions that do not count by themselves', async () => {
    await using shop = await openShop();
    for (const visitor of visitors(3)) shop.expose(visitor);
    await shop.arrive();
    await shop.inspector.send(conversion({ visitorId: 'visitor-0', event: { timestamp: 1_700_000_000 } }));
    expect(await shop.diagnosis()).to.include({ state: 'cause', rootCause: 'conversions_not_counted' });
    expect(await evidenceOf(shop, 'conversions_not_counted')).to.equal(1);
  });

  it('names a conversion that has the key of the event and another id', async () => {
    await using shop = await openShop();
    for (const visitor of visitors(3)) shop.expose(visitor);
    await shop.arrive();
    await shop.inspector.send(conversion({ visitorId: 'visitor-0', event: { entity_id: '999' } }));
    const { rootCause, checks } = await shop.diagnosis();
    expect(rootCause).to.equal('conversions_not_counted');
    expect(checks.find(({ id }) => id === 'event_never_received')?.state).not.to.equal('cause');
  });
});
