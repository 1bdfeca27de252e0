// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import fc from 'fast-check';
import { Inspection } from '../src/inspection/inspection.js';
import { EVERYTHING } from '../src/view/event-filter.js';
import { queryRows } from '../src/view/rows.js';
import { batchOf, conversion, eventsOf, impression, makeInspector, NOW } from './harness.js';

/** An inspection to which batches of so many events came. */
function inspectionOf(sizes: readonly number[], maxEvents = 1_000): Inspection {
  const inspection = new Inspection({ maxEvents, maxBytes: 1e9, project: () => undefined });
  for (const size of sizes) {
    const params = batchOf(Array.from({ length: size }, (_, n) => impression({ visitorId: `v${n}` })));
    const body = Buffer.from(JSON.stringify(params));
    inspection.accept(inspection.receive({ params, body, now: NOW }));
  }
  return inspection;
}

describe('inspect: finding events', () => {
  it('gives the same window with every filter that all events match, and without one', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 12 }),
        fc.nat(60),
        fc.nat(20),
        fc.constantFrom('newest', 'oldest'),
        fc.option(fc.nat(14), { nil: undefined }),
        fc.integer({ min: 5, max: 60 }),
        (sizes, from, count, sort, until, maxEvents) => {
          const inspection = inspectionOf(sizes, maxEvents);
          const query = { from, count, sort, until } as const;
          const all = queryRows(inspection, { ...query, filter: EVERYTHING });
          const filtered = queryRows(inspection, { ...query, filter: { ...EVERYTHING, visitor: 'v' } });
          expect(all).to.deep.equal(filtered);
        },
      ),
    );
  });

  describe('by their payload', () => {
    const found = async (search: string) => {
      await using inspector = await makeInspector();
      await inspector.send(
        impression({ visitorId: 'ada', attributes: [{ entity_id: '1', key: 'plan', value: 'Gold' }] }),
        conversion({
          visitorId: 'bob',
          event: { tags: { sku: 'tent "2"', nested: { city: 'Z\u00fcrich' } } },
        }),
        conversion({ visitorId: 'eve', event: { revenue: 4_299 } }),
      );
      return eventsOf(await inspector.rows({ search })).map(({ visitorId }) => visitorId);
    };
    for (const [search, visitors] of [
      ['gold', ['ada']],
      ['GOLD', ['ada']],
      ['tent "2"', ['bob']],
      ['z\u00fcrich', ['bob']],
      ['4299', ['eve']],
      ['sku', ['bob']],
      ['purchase', ['bob', 'eve']],
      ['account-1', []],
      ['nothing', []],
    ] as const) {
      it(`finds ${JSON.stringify(search)}`, async () => {
        expect(await found(search)).to.deep.equal(visitors);
      });
    }

    it('finds text that a sender has written with escapes', async () => {
      await using inspector = await makeInspector();
      const body = JSON.stringify(batchOf([conversion({ event: { tags: { city: 'Z\u00fcrich' } } })]));
      await inspector.post(body.replace('\u00fc', '\\u00fc'));
      expect((await inspector.rows({ search: 'z\u00fcrich' })).events).to.equal(1);
    });

    it('finds what comes later, and narrows other filters', async () => {
      await using inspector = await makeInspector();
      for (let n = 0; n < 3; n++) {
        await inspector.send(conversion({ visitorId: `v${n}`, event: { tags: { sku: 'tent' } } }));
        expect((await inspector.rows({ search: 'tent' })).events).to.equal(n + 1);
      }
      expect((await inspector.rows({ search: 'tent', visitor: 'v1' })).events).to.equal(1);
      expect((await inspector.rows({ search: 'tent', event: 'other' })).events).to.equal(0);
    });
  });

  it('ignores a check that there is not', async () => {
    await using inspector = await makeInspector();
    await inspector.send(impression());
    expect((await inspector.rows({ experiment: '100', check: 'no_such_check' })).events).to.equal(1);
  });
});
