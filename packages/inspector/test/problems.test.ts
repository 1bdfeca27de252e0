// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { lookalikeOf } from '../src/checks/personal-data.js';
import { codesOf, conversion, impression, makeDatafile, makeInspector, NOW } from './harness.js';

const datafile = makeDatafile();
const attribute = (parts: object = {}) => ({
  entity_id: '400',
  key: 'plan',
  type: 'custom',
  value: 'gold',
  ...parts,
});

describe('inspect: problems', () => {
  it('are none where everything is right', async () => {
    await using inspector = await makeInspector({ datafile });
    const attributes = [
      attribute(),
      attribute({ entity_id: '$opt_user_agent', key: '$opt_user_agent', value: 'x' }),
    ];
    const tags = {
      revenue: 4_200,
      value: 1.5,
      sku: 'tent-2',
      order: '4111111111111112',
      at: '1700000000000',
    };
    await inspector.send(
      impression({ attributes }),
      conversion({ event: { revenue: 4_200, value: 1.5, tags } }),
    );
    expect(await codesOf(inspector)).to.deep.equal([[], []]);
    expect((await inspector.rows()).rows[0]?.problems).to.deep.equal([]);
  });

  it("are the endpoint's own, in its words", async () => {
    await using inspector = await makeInspector({ datafile });
    await inspector.send(
      impression({ decision: { variation_id: '9' } }),
      impression(),
      conversion({ event: { revenue: 4.2 } }),
      conversion({ event: { value: '1' } }),
      conversion({ event: { entity_id: '9' } }),
    );
    expect(await codesOf(inspector)).to.deep.equal([
      ['unknown_variation'],
      [],
      ['revenue_not_integer'],
      ['value_not_number'],
      ['unknown_event'],
    ]);
    const { problems } = await inspector.detail(1, 2);
    expect(problems[0]?.message).to.equal('revenue 4.2 is not a whole number: send cents');
  });

  it('name an attribute that the datafile does not have, or has under another id', async () => {
    await using inspector = await makeInspector({ datafile });
    await inspector.send(
      impression({ attributes: [attribute({ entity_id: '9', key: 'color' })] }),
      impression({ attributes: [attribute({ entity_id: 'plan' })] }),
    );
    const messages = [
      (await inspector.detail(1, 0)).problems,
      (await inspector.detail(1, 1)).problems,
    ].flat();
    expect(messages.map(({ code, severity }) => [code, severity])).to.deep.equal([
      ['unknown_attribute', 'warning'],
      ['unknown_attribute', 'warning'],
    ]);
    expect(messages[0]?.message).to.contain('no attribute "color"').and.to.contain('create it at Optimizely');
    expect(messages[1]?.message).to.contain('has the id "400", not "plan"');
  });

  it('leave attributes alone where there is no datafile to look in', async () => {
    await using inspector = await makeInspector();
    await inspector.send(impression({ attributes: [attribute({ entity_id: '9', key: 'color' })] }));
    expect(await codesOf(inspector)).to.deep.equal([[]]);
  });

  for (const [where, visitor] of Object.entries({
    'the visitor id': impression({ visitorId: 'ada@example.com' }),
    'the attribute "plan"': impression({ attributes: [attribute({ value: '+44 20 7946 0018' })] }),
    'the tag "receipt"': conversion({
      event: { tags: { receipt: { to: ['x', 'card 4111 1111 1111 1111'] } } },
    }),
  })) {
    it(`tell personal data in ${where} without repeating it`, async () => {
      await using inspector = await makeInspector({ datafile });
      await inspector.send(impression(), visitor);
      const { problems } = await inspector.detail(1, 1);
      expect(problems.map(({ code }) => code)).to.deep.equal(['personal_data']);
      expect(problems[0]?.message).to.match(new RegExp(`^${where} looks like a `));
      expect(problems[0]?.message).not.to.match(/example\.com|7946|4111/);
    });
  }

  for (const [text, looks] of [
    ['ada.lovelace+test@mail.example.co.uk', 'a mail address'],
    ['Ada <ada@example.com>', 'a mail address'],
    ['ada@localhost', undefined],
    ['@handle', undefined],
    ['4111111111111111', 'a card number'],
    ['5500 0000 0000 0004', 'a card number'],
    ['3782-822463-10005', 'a card number'],
    ['4111111111111112', undefined],
    ['1700000000000', undefined],
    ['+442079460018', 'a phone number'],
    ['(020) 7946-0018', 'a phone number'],
    ['555-867-5309', 'a phone number'],
    ['030/12345678', 'a phone number'],
    ['442079460018', undefined],
    ['visitor-0001', undefined],
    ['2023-11-14', undefined],
    ['550e8400-e29b-41d4-a716-446655440000', undefined],
    ['1.2.3-4567', undefined],
  ] as const) {
    it(`take "${text}" for ${looks ?? 'nothing'}`, () => {
      expect(lookalikeOf(text)).to.equal(looks);
    });
  }

  it('do not take long to look for in a long text', () => {
    const started = performance.now();
    for (const text of ['@'.repeat(1e6), 'a@'.repeat(5e5), '1 '.repeat(5e5), '+1 '.repeat(5e5)])
      lookalikeOf(text);
    expect(performance.now() - started).to.be.below(500);
  });

  it('warn of a body near the limit', async () => {
    await using inspector = await makeInspector({ datafile });
    const filler = (bytes: number) => conversion({ event: { tags: { filler: 'x'.repeat(bytes) } } });
    await inspector.send(impression(), filler(2_700_000));
    expect((await inspector.rows()).rows[0]?.problems).to.deep.equal([]);
    await inspector.send(filler(2_900_000));
    const [batch] = (await inspector.rows()).rows;
    expect(batch?.problems.map(({ code }) => code)).to.deep.equal(['payload_near_limit']);
    expect(batch?.problems[0]?.message).to.contain('2.9 MB of the 3.5 MB');
  });

  describe('of clocks', () => {
    for (const [name, timestamps, codes] of [
      ['say nothing of two seconds ahead', [NOW + 2_000, NOW - 90_000], []],
      ['tell a clock that is ahead', [NOW + 2_001], ['clock_skew']],
      ['say nothing of a batch that waited ten minutes', [NOW - 600_000, NOW - 7_200_000], []],
      ['tell a batch that is older', [NOW - 600_001, NOW - 7_200_000], ['clock_skew']],
      ['leave what is no timestamp to its own problem', [17], []],
    ] as const) {
      it(name, async () => {
        await using inspector = await makeInspector({ datafile });
        await inspector.send(...timestamps.map(timestamp => impression({ timestamp })));
        expect((await inspector.rows()).rows[0]?.problems.map(({ code }) => code)).to.deep.equal(codes);
      });
    }
  });

  describe('of identities', () => {
    it('tell an event that was received before, also in an earlier batch', async () => {
      await using inspector = await makeInspector({ datafile });
      const again = impression({ uuid: 'one' });
      await inspector.send(again);
      await inspector.send(again);
      expect(await codesOf(inspector)).to.deep.equal([['duplicate'], []]);
    });

    it('tell a uuid that another event has, which both count', async () => {
      await using inspector = await makeInspector({ datafile });
      await inspector.send(impression({ uuid: 'one' }), conversion({ uuid: 'one' }));
      expect(await codesOf(inspector)).to.deep.equal([[], ['reused_uuid']]);
      expect(await inspector.overview()).to.include({ lost: 0, warned: 1 });
    });

    it('do not count what was refused: sent again, it is no duplicate', async () => {
      await using inspector = await makeInspector({ datafile });
      const once = impression({ uuid: 'one' });
      const broken = conversion({ event: { revenue: 'much' } });
      const strict = { 'x-optimizely-strict': 'true' };
      const refused = await inspector.post(
        JSON.stringify({ account_id: 'account-1', project_id: 'project-1', visitors: [once, broken] }),
        strict,
      );
      expect(refused).to.include({ status: 400 });
      expect((await inspector.rows()).rows[0]?.problems.map(({ code }) => code)).to.deep.equal(['refused']);
      await inspector.send(once);
      expect(await codesOf(inspector)).to.deep.equal([[], [], ['revenue_not_integer']]);
    });
  });

  describe('of decisions', () => {
    it('tell a conversion without one, until an earlier one arrives', async () => {
      await using inspector = await makeInspector({ datafile });
      await inspector.send(conversion());
      expect(await codesOf(inspector)).to.deep.equal([['no_earlier_decision']]);
      await inspector.send(impression());
      expect(await codesOf(inspector)).to.deep.equal([[], []]);
    });

    for (const [order, late] of [
      ['arrives after', true],
      ['has arrived before', false],
    ] as const) {
      it(`tell a decision that came later than the conversion, where it ${order} it`, async () => {
        await using inspector = await makeInspector({ datafile });
        const visitors = [conversion({ timestamp: NOW - 5_000 }), impression({ timestamp: NOW - 4_980 })];
        for (const visitor of late ? visitors : visitors.reverse()) await inspector.send(visitor);
        const codes = (await codesOf(inspector)).flat();
        expect(codes).to.deep.equal(['decision_after_conversion']);
        const { problems } = await inspector.detail(late ? 1 : 2, 0);
        expect(problems[0]?.message).to.contain('20 ms later');
      });
    }

    it('take that back once an earlier decision arrives', async () => {
      await using inspector = await makeInspector({ datafile });
      await inspector.send(conversion({ timestamp: NOW - 5_000 }), impression({ timestamp: NOW - 5_000 }));
      expect((await codesOf(inspector)).flat()).to.deep.equal(['decision_after_conversion']);
      await inspector.send(impression({ timestamp: NOW - 5_001 }));
      expect((await codesOf(inspector)).flat()).to.deep.equal([]);
    });

    it('do not accept one that itself does not count', async () => {
      await using inspector = await makeInspector({ datafile });
      await inspector.send(impression({ decision: { experiment_id: '9' } }), conversion());
      expect((await codesOf(inspector))[1]).to.deep.equal(['no_earlier_decision']);
    });

    it('tell a visitor who changes the variation', async () => {
      await using inspector = await makeInspector({ datafile });
      await inspector.send(
        impression(),
        impression({ decision: { variation_id: '1002' } }),
        impression({ visitorId: 'bob', decision: { variation_id: '1002' } }),
      );
      expect(await codesOf(inspector)).to.deep.equal([[], ['variation_changed'], []]);
    });
  });
});
