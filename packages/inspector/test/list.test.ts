// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import type { ExportedEvent } from '../src/view/types.js';
import {
  ask,
  batchOf,
  conversion,
  eventsOf,
  type Inspector,
  impression,
  makeDatafile,
  makeInspector,
  NOW,
} from './harness.js';

const crowd = (count: number, name = 'v') =>
  Array.from({ length: count }, (_, index) => impression({ visitorId: `${name}${index}` }));

/** `B3` for the third batch, `3/0` for its first event. */
async function placesOf(inspector: Inspector, query: Record<string, string | number> = {}) {
  const view = await inspector.rows(query);
  const rows = view.rows.map(row =>
    row.kind === 'event' ? `${row.sequence}/${row.index}` : `B${row.sequence}`,
  );
  return { ...view, rows };
}

describe('inspect: the list', () => {
  it('has the newest batch first, each with its events in order', async () => {
    await using inspector = await makeInspector();
    await inspector.send(...crowd(2));
    await inspector.send(...crowd(1));
    expect(await placesOf(inspector)).to.deep.include({ total: 5, rows: ['B2', '2/0', 'B1', '1/0', '1/1'] });
  });

  it('has the oldest batch first if asked to', async () => {
    await using inspector = await makeInspector();
    await inspector.send(...crowd(2));
    await inspector.send(...crowd(1));
    const rows = ['B1', '1/0', '1/1', 'B2', '2/0'];
    expect((await placesOf(inspector, { sort: 'oldest' })).rows).to.deep.equal(rows);
    expect((await placesOf(inspector, { sort: 'oldest', from: 2, count: 2 })).rows).to.deep.equal(
      rows.slice(2, 4),
    );
    expect((await placesOf(inspector, { sort: 'oldest', until: 1 })).rows).to.deep.equal(rows.slice(0, 3));
    expect((await placesOf(inspector, { sort: 'sideways' })).rows).to.deep.equal([
      'B2',
      '2/0',
      'B1',
      '1/0',
      '1/1',
    ]);
  });

  it('counts the events that match, apart from their batches', async () => {
    await using inspector = await makeInspector();
    await inspector.send(...crowd(3, 'a'), ...crowd(2, 'b'));
    await inspector.send(...crowd(4, 'b'));
    expect(await inspector.rows()).to.include({ total: 11, events: 9 });
    expect(await inspector.rows({ visitor: 'b', count: 1 })).to.include({ total: 8, events: 6 });
    expect(await inspector.rows({ visitor: 'b', until: 1 })).to.include({ total: 3, events: 2, newer: 4 });
  });

  describe('as JSON lines', () => {
    const exported = async (inspector: Inspector, query = '') => {
      const { status, text, headers } = await ask(`${inspector.url}api/export?${query}`);
      expect([status, headers['content-type']]).to.deep.equal([200, 'application/jsonl; charset=utf-8']);
      const lines = text.split('\n');
      expect(lines.pop()).to.equal('');
      return lines.map(line => JSON.parse(line) as ExportedEvent);
    };

    it('gives each event as it was sent, without the others of its batch', async () => {
      await using inspector = await makeInspector({ datafile: makeDatafile() });
      const [ada, eve] = [impression({ visitorId: 'ada' }), conversion({ visitorId: 'eve' })];
      await inspector.send(ada, eve);
      const [first, second, ...rest] = await exported(inspector);
      expect(first).to.deep.equal({
        sequence: 1,
        index: 0,
        receivedAt: NOW,
        type: 'impression',
        visitorId: 'ada',
        subject: 'banner',
        problems: [],
        payload: ada,
      });
      expect(second).to.deep.include({ index: 1, problems: ['no_earlier_decision'], payload: eve });
      expect(rest).to.deep.equal([]);
    });

    it('gives what a list with the same filter and order has', async () => {
      await using inspector = await makeInspector({ datafile: makeDatafile() });
      for (const name of ['a', 'b', 'c'])
        await inspector.send(...crowd(2, name), conversion({ visitorId: 'eve' }));
      for (const query of ['', 'visitor=B', 'problem=lost', 'sort=oldest', 'until=2', 'visitor=nobody']) {
        const { rows } = await placesOf(inspector, Object.fromEntries(new URLSearchParams(query)));
        const lines = await exported(inspector, query);
        expect(
          lines.map(({ sequence, index }) => `${sequence}/${index}`),
          query,
        ).to.deep.equal(rows.filter(row => !row.startsWith('B')));
      }
    });

    it('says of an event that is nested too deep that it cannot be written', async () => {
      await using inspector = await makeInspector();
      const deep = `{"deep":${'['.repeat(20_000)}${']'.repeat(20_000)}}`;
      const text = JSON.stringify(batchOf([conversion({ event: { tags: 'HERE' } })])).replace('"HERE"', deep);
      await inspector.post(text);
      expect(await exported(inspector)).to.have.nested.property('[0].payload', '(nested too deep to write)');
    });
  });

  it('tells what is known of a batch and of an event', async () => {
    await using inspector = await makeInspector({ datafile: makeDatafile() });
    const batch = batchOf([
      impression({ visitorId: 'ada' }),
      conversion({ visitorId: 'ada', event: { revenue: 4_205, value: 1.5 } }),
      conversion({ visitorId: 'bob' }),
    ]);
    const spans = `${'a'.repeat(32)}-${'b'.repeat(16)},,nonsense`;
    await inspector.post(batch, { 'x-optimizely-inspect-cause': 'age', 'x-optimizely-inspect-spans': spans });
    const { rows } = await inspector.rows();
    expect(rows[0]).to.include({
      kind: 'batch',
      receivedAt: NOW,
      events: 3,
      visitors: 2,
      byteLength: Buffer.byteLength(JSON.stringify(batch)),
      cause: 'age',
      client: 'test 1',
      revision: '7',
      status: 204,
    });
    expect(rows[1]).to.include({
      type: 'impression',
      visitorId: 'ada',
      subject: 'banner',
      detail: 'control',
      traceId: 'a'.repeat(32),
      spanId: 'b'.repeat(16),
    });
    expect(rows[2]).to.include({
      type: 'conversion',
      subject: 'purchase',
      detail: 'revenue 42.05, value 1.5',
    });
    for (const row of [rows[2], rows[3]]) expect(row).not.to.have.property('traceId');
  });

  it('gives any window of it', async () => {
    await using inspector = await makeInspector();
    for (let batch = 0; batch < 3; batch++) await inspector.send(...crowd(3));
    const { rows: all } = await placesOf(inspector);
    expect(all).to.have.length(12);
    for (let from = 0; from <= 12; from++) {
      for (const count of [1, 4, 12]) {
        const { rows, total } = await placesOf(inspector, { from, count });
        expect(rows, `${from} ${count}`).to.deep.equal(all.slice(from, from + count));
        expect(total).to.equal(12);
      }
    }
  });

  it('stands still while it is read, and counts what came since', async () => {
    await using inspector = await makeInspector();
    await inspector.send(...crowd(2));
    await inspector.send(...crowd(3));
    expect(await placesOf(inspector, { until: 1 })).to.deep.include({
      rows: ['B1', '1/0', '1/1'],
      total: 3,
      newer: 3,
    });
  });

  describe('filtered', () => {
    async function makeFilled() {
      const inspector = await makeInspector({ datafile: makeDatafile() });
      const checkout = { experiment_id: '200', campaign_id: '20', variation_id: '2001' };
      await inspector.send(impression({ visitorId: 'Ada' }), conversion({ visitorId: 'Ada' }));
      await inspector.send(
        impression({ visitorId: 'bob', decision: checkout, attributes: [{ entity_id: '9', key: 'x' }] }),
        conversion({ visitorId: 'bob', event: { entity_id: '301', key: 'signup' } }),
        conversion({ visitorId: 'eve' }),
      );
      return inspector;
    }

    for (const [query, rows] of [
      [{ visitor: 'ad' }, ['B1', '1/0', '1/1']],
      [{ visitor: 'nobody' }, []],
      [{ event: 'signup' }, ['B2', '2/1']],
      [{ event: 'purchase', visitor: 'E' }, ['B2', '2/2']],
      [{ experiment: '200' }, ['B2', '2/0', '2/1']],
      [{ experiment: '100' }, ['B1', '1/0', '1/1']],
      [{ problem: 'lost' }, ['B2', '2/2']],
      [{ problem: 'warning' }, ['B2', '2/0']],
      [{ problem: 'any' }, ['B2', '2/0', '2/2']],
      [{ problem: 'no_earlier_decision' }, ['B2', '2/2']],
      [{ problem: 'any', from: 1, count: 1 }, ['2/0']],
    ] as const) {
      it(`by ${JSON.stringify(query)}`, async () => {
        await using inspector = await makeFilled();
        expect((await placesOf(inspector, query)).rows).to.deep.equal(rows);
      });
    }

    it('offers what there is to filter by', async () => {
      await using inspector = await makeFilled();
      const { facets, impressions, conversions, lost, warned } = await inspector.overview();
      expect({ impressions, conversions, lost, warned }).to.deep.equal({
        impressions: 2,
        conversions: 3,
        lost: 1,
        warned: 1,
      });
      expect(facets.experiments.map(({ value, label }) => [value, label])).to.have.deep.members([
        ['100', 'banner'],
        ['200', 'checkout_test'],
      ]);
      expect(facets.events.map(({ value, count }) => [value, count])).to.deep.equal([
        ['purchase', 2],
        ['signup', 1],
      ]);
      expect(facets.problems.map(({ value }) => value)).to.have.members([
        'no_earlier_decision',
        'unknown_attribute',
      ]);
    });

    it('shows a batch for its own problem', async () => {
      await using inspector = await makeInspector();
      await inspector.send(impression({ timestamp: NOW + 5_000 }));
      await inspector.send(impression());
      expect((await placesOf(inspector, { problem: 'clock_skew' })).rows).to.deep.equal(['B1']);
    });
  });

  describe('details', () => {
    it('have the payload of the event alone, and keys for its ids', async () => {
      await using inspector = await makeInspector({ datafile: makeDatafile() });
      const attributes = [{ entity_id: '400', key: 'plan', type: 'custom', value: 'gold' }];
      const sent = conversion({ attributes, event: { revenue: 4_205, tags: { sku: 'tent-2' } } });
      await inspector.send(impression(), sent);
      const { title, payload, meaning } = await inspector.detail(1, 1);
      expect(title).to.equal('Conversion');
      expect(JSON.parse(payload)).to.deep.equal(sent);
      const lines = meaning.map(({ label, meaning, id }) => [label, meaning, id].filter(Boolean).join(' | '));
      expect(lines).to.include.members([
        'Visitor | ada',
        `Time | ${new Date(NOW - 5_000).toISOString()} | ${NOW - 5_000}`,
        'Event | purchase | 300',
        'Revenue | 42.05 | 4205 cents',
        'Tag sku | tent-2',
        'Attribute plan | gold | 400',
        'Counts for | banner: control',
      ]);
      const impressed = (await inspector.detail(1, 0)).meaning.map(({ meaning, id }) => [meaning, id]);
      expect(impressed).to.deep.include(['banner', '100']).and.to.deep.include(['control', '1001']);
    });

    it('of a batch have what its events share', async () => {
      await using inspector = await makeInspector();
      await inspector.send(impression());
      const { visitors: _, ...envelope } = batchOf([]);
      expect(JSON.parse((await inspector.detail(1)).payload)).to.deep.equal(envelope);
    });

    it('are bounded, and survive what is nested too deep to be written again', async () => {
      await using inspector = await makeInspector();
      const long = { tags: { text: 'x'.repeat(1_000_000) } };
      await inspector.send(impression(), conversion({ event: long }));
      expect((await inspector.detail(1, 1)).payload).to.have.length.below(201_000);
      const bottomless = JSON.stringify(batchOf([conversion({ event: { tags: 'HERE' } })])).replace(
        '"HERE"',
        `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
      );
      expect(await inspector.post(bottomless)).to.include({ status: 204 });
      expect((await inspector.detail(2, 0)).payload).to.contain('too deep');
    });
  });

  it('counts the events of a batch in words', async () => {
    await using inspector = await makeInspector();
    await inspector.send(impression());
    await inspector.send(...crowd(2));
    const held = async (sequence: number) =>
      (await inspector.detail(sequence)).meaning.find(({ label }) => label === 'Holds')?.meaning;
    expect([await held(1), await held(2)]).to.deep.equal(['1 event of 1 visitor', '2 events of 2 visitors']);
  });

  it('drops the oldest batches, and counts them', async () => {
    await using inspector = await makeInspector({ maxEvents: 10 });
    for (let batch = 0; batch < 5; batch++) await inspector.send(...crowd(4));
    const { tick } = await inspector.overview();
    expect(tick).to.include({ events: 8, batches: 2, droppedEvents: 12, droppedBatches: 3 });
    expect((await placesOf(inspector)).rows.filter(row => row.startsWith('B'))).to.deep.equal(['B5', 'B4']);
    const gone = await inspector.detail(3, 0).catch((error: Error) => error.message);
    expect(gone).to.contain('404');
  });

  it('bounds the bytes of bodies, and batches without events', async () => {
    await using inspector = await makeInspector({ maxBytes: 2_500_000 });
    const large = conversion({ event: { tags: { text: 'x'.repeat(1_000_000) } } });
    for (let batch = 0; batch < 4; batch++) await inspector.send(large);
    expect((await inspector.overview()).tick).to.include({ batches: 2, droppedBatches: 2 });
    await using few = await makeInspector({ maxEvents: 5 });
    for (let batch = 0; batch < 20; batch++) await few.send();
    expect((await few.overview()).tick.batches).to.equal(10);
  });

  it('takes a batch of a million empty events', async () => {
    await using inspector = await makeInspector();
    const events = `{},`.repeat(1_000_000).slice(0, -1);
    const body = `{"visitors":[{"snapshots":[{"events":[${events}]}]}]}`;
    expect(await inspector.post(body)).to.include({ status: 204 });
    const [batch] = (await inspector.rows({ count: 1 })).rows;
    expect(batch).to.include({ events: 20_000 });
    expect(batch?.problems[0]?.message).to.contain('holds 1000000 events');
  });

  it('forgets everything when it is cleared', async () => {
    await using inspector = await makeInspector();
    await inspector.send(...crowd(3));
    await fetch(`${inspector.url}api/clear`, { method: 'POST' });
    expect(await placesOf(inspector)).to.deep.include({ total: 0, rows: [] });
    expect((await inspector.overview()).experiments).to.deep.equal([]);
    expect(eventsOf(await inspector.rows())).to.deep.equal([]);
  });
});
