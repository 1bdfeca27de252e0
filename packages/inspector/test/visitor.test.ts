// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { expect } from 'chai';
import fc from 'fast-check';
import { visibleText } from '../src/util/visible-text.js';
import type { VisitorView } from '../src/view/types.js';
import {
  ask,
  conversion,
  eventsOf,
  type Inspector,
  impression,
  makeDatafile,
  makeInspector,
  NOW,
} from './harness.js';

const visitorOf = (inspector: Inspector, id = 'ada') =>
  inspector.get<VisitorView>(`api/visitor?${new URLSearchParams({ id })}`);
const TREATMENT = { variation_id: '1002' };

describe('inspect: a visitor', () => {
  it('has decisions and conversions in order of time, whatever arrived first', async () => {
    await using inspector = await makeInspector({ datafile: makeDatafile() });
    await inspector.send(conversion({ timestamp: NOW - 3_000 }), impression({ visitorId: 'bob' }));
    await inspector.send(conversion({ timestamp: NOW - 9_000 }), impression({ timestamp: NOW - 5_000 }));
    const { moments, experiments, omitted } = await visitorOf(inspector);
    expect(moments.map(({ type, timestamp, state }) => [type, timestamp, state])).to.deep.equal([
      ['conversion', NOW - 9_000, 'not_counted'],
      ['impression', NOW - 5_000, 'counted'],
      ['conversion', NOW - 3_000, 'counted'],
    ]);
    expect(moments[2]?.countsFor).to.deep.equal(['banner: control']);
    expect(moments[0]?.reasons.join()).to.contain('banner: the decision came 4000 ms later');
    expect(experiments).to.deep.equal([
      { id: '100', key: 'banner', variation: 'control', since: NOW - 5_000 },
    ]);
    expect(omitted).to.equal(0);
  });

  it('says where each conversion counts, and why not elsewhere', async () => {
    await using inspector = await makeInspector({ datafile: makeDatafile() });
    const checkout = { experiment_id: '200', campaign_id: '20', variation_id: '2001' };
    const signup = { entity_id: '301', key: 'signup' };
    await inspector.send(impression({ timestamp: NOW - 5_000 }), impression({ decision: checkout }));
    await inspector.send(
      conversion({ event: signup, timestamp: NOW - 4_000 }),
      conversion({ timestamp: NOW - 5_000 }),
      conversion({ event: { revenue: 'much' }, timestamp: NOW - 1_000 }),
    );
    const [, , tied, signedUp, lost] = (await visitorOf(inspector)).moments;
    expect(signedUp?.countsFor).to.deep.equal(['banner: control']);
    expect(signedUp?.reasons).to.deep.equal(['checkout_test does not measure signup: attach a metric of it']);
    expect(tied?.countsFor).to.deep.equal(['checkout_test: old']);
    expect(tied?.reasons.join()).to.contain('banner: the decision has the same millisecond');
    expect(lost).to.include({ state: 'not_counted' });
    expect(lost?.reasons.join()).to.contain('not a whole number');
  });

  it('calls a conversion unclear that has the millisecond of the only decision', async () => {
    await using inspector = await makeInspector({ datafile: makeDatafile() });
    await inspector.send(impression({ timestamp: NOW }), conversion({ timestamp: NOW }));
    expect((await visitorOf(inspector)).moments[1]).to.include({ state: 'unclear' });
  });

  it('says what an impression of another variation, and one that comes again, is good for', async () => {
    await using inspector = await makeInspector({ datafile: makeDatafile() });
    await inspector.send(
      impression(),
      impression({ timestamp: NOW - 9_000 }),
      impression({ timestamp: NOW - 8_000, decision: TREATMENT }),
    );
    const [first, again, other] = (await visitorOf(inspector)).moments;
    expect(first).to.deep.include({ state: 'counted', reasons: [] });
    expect(again?.reasons.join()).to.contain('counts once');
    expect(other).to.include({ state: 'not_counted' });
    expect(other?.reasons.join()).to.contain('banner: control, which it saw first');
  });

  it('says that no decision has arrived, and that a request was refused', async () => {
    await using inspector = await makeInspector({ datafile: makeDatafile() });
    await inspector.send(conversion());
    expect((await visitorOf(inspector)).moments[0]?.reasons.join()).to.contain(
      'no decision of this visitor has arrived',
    );
    const refused = { ...conversion({ visitorId: 'bob' }), visitor_id: 'bob' };
    await inspector.post(
      { ...JSON.parse(JSON.stringify({ visitors: [refused] })), account_id: '' },
      { 'x-optimizely-strict': 'true' },
    );
    expect((await visitorOf(inspector, 'bob')).moments[0]?.reasons.join()).to.contain('answered 400');
  });

  it('is not found if it never came', async () => {
    await using inspector = await makeInspector();
    expect(await ask(`${inspector.url}api/visitor?id=nobody`)).to.include({ status: 404 });
  });

  it('is shown beside those that look like it', async () => {
    await using inspector = await makeInspector({ datafile: makeDatafile() });
    const hash = createHash('sha256').update('ada').digest('hex');
    const ids = ['ada', 'ada ', 'Ada', 'ad\u200ba', hash, 'eve'];
    await inspector.send(...ids.map(visitorId => impression({ visitorId })));
    const { lookalikes } = await visitorOf(inspector, 'ada');
    expect(lookalikes.map(({ visitorId, difference }) => [visitorId, difference])).to.have.deep.members([
      ['ada ', 'white space'],
      ['Ada', 'case'],
      ['ad\u200ba', 'invisible characters, case or white space'],
      [hash, 'SHA-256 hash'],
    ]);
    const shown = eventsOf(await inspector.rows({ count: 20 })).map(({ visitorShown }) => visitorShown);
    expect(shown.slice(0, 4)).to.deep.equal(['ada', 'ada⟨U+0020⟩', 'Ada', 'ad⟨U+200B⟩a']);
  });

  it('has its latest thousand moments', async () => {
    await using inspector = await makeInspector({ datafile: makeDatafile() });
    for (let batch = 0; batch < 11; batch++) {
      await inspector.send(
        ...Array.from({ length: 100 }, (_, n) => impression({ timestamp: NOW - 5_000 + batch * 100 + n })),
      );
    }
    const { moments, omitted } = await visitorOf(inspector);
    expect([moments.length, omitted, moments[0]?.timestamp]).to.deep.equal([1_000, 100, NOW - 4_900]);
  });
});

describe('an id made visible', () => {
  for (const [id, shown] of [
    ['user-42', 'user-42'],
    ['Ada Lovelace', 'Ada Lovelace'],
    ['J\u00fcrgen', 'J\u00fcrgen'],
    [' ada', '⟨U+0020⟩ada'],
    ['ada  l', 'ada⟨U+0020⟩⟨U+0020⟩l'],
    ['a\u00a0b', 'a⟨U+00A0⟩b'],
    ['a\tb\n', 'a⟨U+0009⟩b⟨U+000A⟩'],
    ['a\u200bb\ufeff', 'a⟨U+200B⟩b⟨U+FEFF⟩'],
    ['\u202eada', '⟨U+202E⟩ada'],
    ['\u2067ada\u2069', '⟨U+2067⟩ada⟨U+2069⟩'],
    ['a\u00adb', 'a⟨U+00AD⟩b'],
    ['e\u0301', 'e⟨U+0301⟩'],
    ['\u0430da', '⟨U+0430⟩da'],
    ['\u0410\u043d\u043d\u0430', '\u0410\u043d\u043d\u0430'],
    ['\ud800x', '⟨U+D800⟩x'],
    ['\u{e0041}x', '⟨U+E0041⟩x'],
  ] as const) {
    it(`writes ${JSON.stringify(id)} as ${shown}`, () => {
      expect(visibleText(id)).to.equal(shown);
    });
  }

  it('differs wherever white space or what cannot be seen differs', () => {
    const piece = fc.constantFrom(
      'a',
      'B',
      '7',
      ' ',
      '\u00a0',
      '\u200b',
      '\u200d',
      '\u202e',
      '\t',
      '\ufeff',
      '\u3000',
      '\u2060',
      '⟨',
      'U+0020⟩',
    );
    const id = fc.array(piece, { maxLength: 6 }).map(pieces => pieces.join(''));
    fc.assert(
      fc.property(id, id, (one, other) => {
        expect(visibleText(one) === visibleText(other)).to.equal(one === other);
      }),
    );
  });
});
