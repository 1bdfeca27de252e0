// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { Inspection } from '../src/inspection/inspection.js';
import { readProject } from '../src/inspection/project.js';
import { summarize } from '../src/view/overview.js';
import { batchOf, conversion, impression, makeDatafile, makeInspector, NOW } from './harness.js';

const TREATMENT = { variation_id: '1002' };

function crowd(count: number, decision: Record<string, unknown> = {}, from = 0) {
  return Array.from({ length: count }, (_, n) => impression({ visitorId: `v${from + n}`, decision }));
}

function bannerWith(change: object, overrides: Record<string, unknown> = {}) {
  const [banner, checkout] = makeDatafile().experiments as [object, object];
  return makeDatafile({ experiments: [{ ...banner, ...change }, checkout], ...overrides });
}

const allocation = (...ends: [variation: string, end: number][]) =>
  ends.map(([entityId, endOfRange]) => ({ entityId, endOfRange }));

describe('inspect: the scorecard', () => {
  describe('of the split', () => {
    const ratioOf = async (inspector: Awaited<ReturnType<typeof makeInspector>>, id = '100') => {
      const { experiments } = await inspector.overview();
      const found = experiments.find(experiment => experiment.id === id);
      if (found === undefined) throw new Error(`no experiment ${id}`);
      return found.sampleRatio;
    };

    it('is an alarm by itself where visitors are in a variation without traffic', async () => {
      const datafile = bannerWith({ trafficAllocation: allocation(['1001', 10_000]) });
      await using inspector = await makeInspector({ datafile });
      await inspector.send(...crowd(100), ...crowd(200, TREATMENT, 100), conversion({ visitorId: 'v0' }));
      const ratio = await ratioOf(inspector);
      expect(ratio).to.include({ verdict: 'no_traffic', visitorsWithoutTraffic: 200 });
      expect(ratio.explanation).to.contain(
        '200 visitors are in "treatment", which the traffic allocation gives no traffic',
      );
      const [banner] = (await inspector.overview()).experiments;
      expect(banner?.diagnosis).to.include({ state: 'cause', rootCause: 'sample_ratio' });
      const { evidence } = banner?.diagnosis.checks.find(({ id }) => id === 'sample_ratio') ?? {};
      expect((await inspector.rows({ ...evidence, count: 500 })).events).to.equal(200);
    });

    it('leaves out visitors whose variation the datafile names', async () => {
      const forcedVariations = { v0: 'treatment', v1: 'treatment' };
      const datafile = bannerWith({ forcedVariations, trafficAllocation: allocation(['1001', 10_000]) });
      await using inspector = await makeInspector({ datafile });
      await inspector.send(...crowd(2, TREATMENT), ...crowd(20, {}, 2));
      expect(await ratioOf(inspector)).to.include({ verdict: 'untestable', visitorsWithoutTraffic: 0 });
    });

    it('is silent while fewer than five visitors are expected in a variation', async () => {
      await using inspector = await makeInspector({ datafile: makeDatafile() });
      await inspector.send(...crowd(9));
      expect(await ratioOf(inspector))
        .to.include({ verdict: 'too_few' })
        .and.not.to.have.property('pValue');
      await inspector.send(...crowd(25, {}, 9));
      expect(await ratioOf(inspector)).to.include({ verdict: 'mismatch' });
    });

    it('does not depend on the order in which visitors arrive', async () => {
      await using inspector = await makeInspector({ datafile: makeDatafile() });
      await inspector.send(...crowd(200));
      expect((await ratioOf(inspector)).verdict).to.equal('mismatch');
      await inspector.send(...crowd(200, TREATMENT, 200));
      expect((await ratioOf(inspector)).verdict).to.equal('as_expected');
    });

    it('follows a visitor who turns out to have seen another variation before', async () => {
      await using inspector = await makeInspector({ datafile: makeDatafile() });
      await inspector.send(...crowd(60));
      expect((await ratioOf(inspector)).verdict).to.equal('mismatch');
      const earlier = crowd(30, TREATMENT).map(visitor => {
        visitor.snapshots[0]?.events.forEach(event => {
          event.timestamp = NOW - 20_000;
        });
        return visitor;
      });
      await inspector.send(...earlier);
      expect((await ratioOf(inspector)).verdict).to.equal('as_expected');
    });

    it('compares each visitor with the allocation of its time, where that changes', () => {
      const before = readProject(JSON.stringify(makeDatafile()));
      const after = readProject(
        JSON.stringify(
          bannerWith({ trafficAllocation: allocation(['1001', 9_000], ['1002', 10_000]) }, { revision: '8' }),
        ),
      );
      let project = before;
      const inspection = new Inspection({ maxEvents: 10_000, maxBytes: 1e8, project: () => project });
      const receive = (revision: string, ...visitors: unknown[]) => {
        const params = batchOf(visitors, { revision });
        inspection.accept(
          inspection.receive({ params, body: Buffer.from(JSON.stringify(params)), now: NOW }),
        );
      };
      receive('7', ...crowd(300), ...crowd(300, TREATMENT, 300));
      project = after;
      // A service that has not read the new datafile yet.
      receive('7', ...crowd(20, {}, 600), ...crowd(20, TREATMENT, 620));
      receive('8', ...crowd(900, {}, 1_000), ...crowd(100, TREATMENT, 1_900));
      const [banner] = summarize(inspection).experiments;
      expect(banner?.sampleRatio).to.include({ verdict: 'as_expected' });
      expect(
        banner?.sampleRatio.segments.map(({ revisions, visitors }) => [revisions, visitors]),
      ).to.deep.equal([
        [['7'], 640],
        [['8'], 1_000],
      ]);
    });

    it('does not compare visitors of a revision that it does not know', async () => {
      await using inspector = await makeInspector({ datafile: makeDatafile() });
      await inspector.post(batchOf(crowd(100), { revision: '6' }));
      const ratio = await ratioOf(inspector);
      expect(ratio).to.include({ verdict: 'unknown' });
      expect(ratio.explanation).to.contain('100 visitors are not compared');
    });
  });

  describe('of conversions', () => {
    it('goes by the id of the event, whatever key came with it', async () => {
      await using inspector = await makeInspector({ datafile: makeDatafile() });
      await inspector.send(impression(), impression({ visitorId: 'bob' }));
      await inspector.send(
        conversion({ event: { key: 'purchase' } }),
        conversion({ visitorId: 'bob', event: { key: 'Purchase (old name)' } }),
      );
      const [banner] = (await inspector.overview()).experiments;
      expect(banner?.metrics.map(({ eventId, eventKey }) => [eventId, eventKey])).to.deep.equal([
        ['300', 'purchase'],
      ]);
      expect(banner?.metrics[0]?.rates[0]).to.include({ converted: 2, conversions: 2 });
    });

    it('has a baseline, and difference and lift of the others with their intervals', async () => {
      await using inspector = await makeInspector({ datafile: makeDatafile() });
      await inspector.send(...crowd(80), ...crowd(70, TREATMENT, 80));
      const buyers = [
        ...Array.from({ length: 48 }, (_, n) => n),
        ...Array.from({ length: 56 }, (_, n) => 80 + n),
      ];
      await inspector.send(...buyers.map(n => conversion({ visitorId: `v${n}` })));
      const [control, treatment] = (await inspector.overview()).experiments[0]?.metrics[0]?.rates ?? [];
      expect(control).to.include({ key: 'control', baseline: true, converted: 48 });
      expect(control).not.to.have.property('difference');
      // Newcombe's example: 56 of 70 and 48 of 80.
      expect(treatment?.difference?.estimate).to.be.closeTo(0.2, 1e-9);
      expect(treatment?.difference?.low).to.be.closeTo(0.0524, 0.0001);
      expect(treatment?.difference?.high).to.be.closeTo(0.3339, 0.0001);
      expect(treatment?.lift?.estimate).to.be.closeTo(1 / 3, 1e-9);
      expect(treatment?.lift?.low).to.be.within(0, 0.2);
    });

    it('has revenue and value for each visitor, also for those who bring none', async () => {
      await using inspector = await makeInspector({ datafile: makeDatafile() });
      await inspector.send(...crowd(4), ...crowd(4, TREATMENT, 4));
      const worth = (n: number, revenue: number, value?: number) =>
        conversion({ visitorId: `v${n}`, event: { revenue, ...(value !== undefined && { value }) } });
      // Totals of 0, 0, 1000 and 3000 cents; the last in two purchases.
      await inspector.send(worth(2, 1_000), worth(3, 2_000), worth(3, 1_000, 2.5), worth(5, 400));
      const [control, treatment] = (await inspector.overview()).experiments[0]?.metrics[0]?.rates ?? [];
      expect(control?.revenue?.total).to.equal(4_000);
      expect(control?.revenue?.perVisitor?.estimate).to.equal(1_000);
      // Squared deviations: 1, 1, 0 and 4 million, over 3, over 4.
      expect(control?.revenue?.perVisitor?.high).to.be.closeTo(
        1_000 + 1.959964 * Math.sqrt(6e6 / 3 / 4),
        0.01,
      );
      expect(control?.value?.total).to.equal(2.5);
      expect(treatment?.revenue?.total).to.equal(400);
      expect(treatment?.revenue?.difference?.estimate).to.equal(-900);
    });

    it('moves what a visitor has brought with it to the variation that it saw first', async () => {
      await using inspector = await makeInspector({ datafile: makeDatafile() });
      await inspector.send(impression({ visitorId: 'eve' }), impression());
      await inspector.send(
        conversion({ event: { revenue: 500 } }),
        conversion({ event: { revenue: 700, value: 3 }, timestamp: NOW - 4_000 }),
      );
      await inspector.send(impression({ decision: TREATMENT, timestamp: NOW - 60_000 }));
      const [control, treatment] = (await inspector.overview()).experiments[0]?.metrics[0]?.rates ?? [];
      expect(control).to.include({ converted: 0, conversions: 0 });
      expect(control?.revenue?.total).to.equal(0);
      expect(treatment).to.include({ converted: 1, conversions: 2 });
      expect(treatment?.revenue?.total).to.equal(1_200);
      expect(treatment?.value?.total).to.equal(3);
    });

    it('counts a conversion for all experiments that measure it once the datafile says so', () => {
      const [purchase] = makeDatafile().events as object[];
      const without = readProject(
        JSON.stringify(makeDatafile({ events: [{ ...purchase, experimentIds: [] }] })),
      );
      const attached = readProject(JSON.stringify(makeDatafile()));
      let project = without;
      const inspection = new Inspection({ maxEvents: 100, maxBytes: 1e6, project: () => project });
      const params = batchOf([impression(), conversion()]);
      inspection.accept(inspection.receive({ params, body: Buffer.from(JSON.stringify(params)), now: NOW }));
      const metricsOf = () =>
        summarize(inspection).experiments.find(({ id }) => id === '100')?.metrics.length;
      expect(metricsOf()).to.equal(0);
      project = attached;
      expect(metricsOf()).to.equal(1);
    });
  });

  it('says what it is good for, and where significance is decided', async () => {
    await using inspector = await makeInspector();
    const { note, decides } = (await inspector.overview()).plumbing;
    expect(note).to.equal('a look at the plumbing, not at significance');
    expect(decides.url).to.match(/^https:\/\/support\.optimizely\.com\//);
  });
});
