// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { impression, NOW } from '../harness.js';
import { BANNER, openShop, shopDatafile, visitors, withExperiment } from './shop.js';

describe('inspect: the order of causes', () => {
  it('has what is certain before what is only suspected', async () => {
    await using shop = await openShop({
      datafile: shopDatafile(),
      application: shopDatafile({ revision: '6' }),
    });
    for (const visitor of visitors(4)) {
      shop.expose(visitor);
      shop.buy(visitor);
      shop.buy(visitor, { timestamp: NOW - 4_000 });
    }
    await shop.arrive();
    const { rootCause, checks } = await shop.diagnosis();
    expect(rootCause).to.equal('double_tracking');
    expect(checks.find(({ id }) => id === 'wrong_revision')?.state).to.equal('suspect');
  });

  it('has two causes side by side where neither explains the other', async () => {
    await using shop = await openShop();
    for (const visitor of visitors(4)) {
      shop.expose(visitor);
      shop.buy(visitor, { tags: { revenue: 9.99 } });
      shop.buy(visitor, { timestamp: NOW - 4_000, tags: { revenue: 9.99 } });
    }
    await shop.arrive();
    const { checks } = await shop.diagnosis();
    const causes = checks.filter(({ state }) => state === 'cause').map(({ id }) => id);
    expect(causes).to.deep.equal(['double_tracking', 'revenue_unit']);
  });

  it('puts experiments with a cause first, and those that nothing has come to last', async () => {
    await using shop = await openShop();
    for (const visitor of visitors(4)) {
      shop.expose(visitor);
      shop.buy(visitor);
    }
    await shop.arrive();
    const order = async () =>
      (await shop.inspector.overview()).experiments.map(({ key, diagnosis }) => [key, diagnosis.state]);
    expect(await order()).to.deep.equal([
      ['checkout_test', 'healthy'],
      ['banner', 'waiting'],
    ]);
    const decision = { experiment_id: BANNER, campaign_id: '10', variation_id: '1001' };
    await shop.inspector.send(...visitors(30).map(visitorId => impression({ visitorId, decision })));
    expect(await order()).to.deep.equal([
      ['banner', 'cause'],
      ['checkout_test', 'healthy'],
    ]);
  });

  it('says little of an experiment that nothing has come to', async () => {
    await using shop = await openShop();
    shop.expose('visitor-0');
    shop.buy('visitor-0');
    await shop.arrive();
    const diagnosis = await shop.diagnosis(BANNER);
    expect(diagnosis).to.deep.include({ state: 'waiting', checks: [] });
    expect(diagnosis.headline).to.equal('No impression of it has arrived yet.');
  });

  for (const [name, datafile] of [
    ['flag decisions are off', shopDatafile({ sendFlagDecisions: false })],
    [
      'an audience asks for what has not come',
      withExperiment(
        BANNER,
        { audienceIds: ['70'] },
        {
          typedAudiences: [
            {
              id: '70',
              conditions: ['and', { match: 'exact', name: 'plan', type: 'custom_attribute', value: 'gold' }],
            },
          ],
        },
      ),
    ],
  ] as const) {
    it(`suspects nothing of an experiment that is not used, though ${name}`, async () => {
      await using shop = await openShop({ datafile });
      const unused = name.startsWith('flag')
        ? { used: BANNER, other: '200' }
        : { used: '200', other: BANNER };
      const decision =
        unused.used === BANNER
          ? { experiment_id: BANNER, campaign_id: '10', variation_id: '1001' }
          : { experiment_id: '200', campaign_id: '20', variation_id: '2001' };
      await shop.inspector.send(impression({ decision }));
      expect(await shop.diagnosis(unused.other)).to.include({ state: 'waiting' });
    });
  }

  it('compares ids again when more have come', async () => {
    await using shop = await openShop();
    for (let n = 0; n < 6; n++) shop.expose(`User-${n}`);
    shop.buy('somebody else');
    await shop.arrive();
    expect((await shop.check('conversions_unexposed')).examples).to.deep.equal([]);
    shop.buy('user-1');
    await shop.arrive();
    expect((await shop.check('conversions_unexposed')).examples).to.have.length(1);
    shop.expose('user-1', { timestamp: NOW - 20_000 });
    shop.buy('stranger');
    await shop.arrive();
    expect((await shop.check('conversions_unexposed')).examples).to.deep.equal([]);
  });
});
