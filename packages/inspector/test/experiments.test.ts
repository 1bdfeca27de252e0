// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { conversion, type Inspector, impression, makeDatafile, makeInspector, NOW } from './harness.js';

const TREATMENT = { variation_id: '1002' };

/** Visitors, impressions and, by event key, [converted, conversions] of each variation of an experiment. */
async function figuresOf(inspector: Inspector, id = '100') {
  const { experiments } = await inspector.overview();
  const experiment = experiments.find(found => found.id === id);
  const metrics = experiment?.metrics.map(
    ({ eventKey, rates }) =>
      [eventKey, ...rates.map(({ converted, conversions }) => [converted, conversions])] as const,
  );
  return {
    variations: experiment?.variations.map(({ key, visitors, impressions }) => [key, visitors, impressions]),
    metrics,
  };
}

function crowd(count: number, decision: Record<string, unknown>, from = 0) {
  return Array.from({ length: count }, (_, index) => impression({ visitorId: `v${from + index}`, decision }));
}

describe('inspect: experiments', () => {
  it('count visitors once, impressions and conversions each time', async () => {
    await using inspector = await makeInspector({ datafile: makeDatafile() });
    await inspector.send(impression(), impression(), impression({ visitorId: 'bob', decision: TREATMENT }));
    await inspector.send(
      conversion(),
      conversion(),
      conversion({ visitorId: 'bob' }),
      conversion({ visitorId: 'eve' }),
    );
    expect(await figuresOf(inspector)).to.deep.equal({
      variations: [
        ['control', 1, 2],
        ['treatment', 1, 1],
      ],
      metrics: [['purchase', [1, 2], [1, 1]]],
    });
  });

  it('give a visitor to the first variation, by time, whatever arrives first', async () => {
    await using inspector = await makeInspector({ datafile: makeDatafile() });
    await inspector.send(impression({ timestamp: NOW - 1_000 }), conversion({ timestamp: NOW - 500 }));
    expect((await figuresOf(inspector)).metrics).to.deep.equal([['purchase', [1, 1], [0, 0]]]);
    await inspector.send(impression({ timestamp: NOW - 2_000, decision: TREATMENT }));
    expect(await figuresOf(inspector)).to.deep.equal({
      variations: [
        ['control', 0, 1],
        ['treatment', 1, 1],
      ],
      metrics: [['purchase', [0, 0], [1, 1]]],
    });
  });

  it('count conversions after the decision only, whatever arrives first', async () => {
    await using inspector = await makeInspector({ datafile: makeDatafile() });
    await inspector.send(
      conversion({ timestamp: NOW - 9_000 }),
      conversion({ timestamp: NOW - 8_000 }),
      conversion({ timestamp: NOW - 7_000 }),
    );
    await inspector.send(impression({ timestamp: NOW - 8_000 }));
    expect((await figuresOf(inspector)).metrics).to.deep.equal([['purchase', [1, 1], [0, 0]]]);
  });

  it('leave out what does not count', async () => {
    await using inspector = await makeInspector({ datafile: makeDatafile() });
    const twice = conversion({ uuid: 'one' });
    await inspector.send(impression(), impression({ visitorId: 'bob', event: { entity_id: '9' } }));
    await inspector.send(
      twice,
      twice,
      conversion({ event: { revenue: 'much' } }),
      conversion({ visitorId: 'bob' }),
    );
    expect(await figuresOf(inspector)).to.deep.equal({
      variations: [
        ['control', 1, 1],
        ['treatment', 0, 0],
      ],
      metrics: [['purchase', [1, 1], [0, 0]]],
    });
  });

  it('count a conversion in every experiment that measures its event, and in no other', async () => {
    await using inspector = await makeInspector({ datafile: makeDatafile() });
    const checkout = { experiment_id: '200', campaign_id: '20', variation_id: '2001' };
    const signup = { entity_id: '301', key: 'signup' };
    await inspector.send(
      impression(),
      impression({ decision: checkout }),
      conversion(),
      conversion({ event: signup }),
    );
    expect((await figuresOf(inspector, '100')).metrics).to.deep.equal([
      ['purchase', [1, 1], [0, 0]],
      ['signup', [1, 1], [0, 0]],
    ]);
    expect((await figuresOf(inspector, '200')).metrics).to.deep.equal([['purchase', [1, 1], [0, 0]]]);
  });

  it('have keys, flags and the order of the datafile', async () => {
    await using inspector = await makeInspector({ datafile: makeDatafile() });
    const checkout = { experiment_id: '200', campaign_id: '20', variation_id: '2002' };
    await inspector.send(impression({ decision: checkout }));
    const [experiment] = (await inspector.overview()).experiments;
    expect(experiment).to.include({ key: 'checkout_test', kind: 'experiment' });
    expect(experiment?.flagKeys).to.deep.equal(['checkout']);
    expect(
      experiment?.variations.map(({ key, visitors, expectedShare }) => [key, visitors, expectedShare]),
    ).to.deep.equal([
      ['old', 0, 0.9],
      ['new', 1, 0.1],
    ]);
  });

  it('without a datafile have the keys that impressions bring, and no split to compare with', async () => {
    await using inspector = await makeInspector();
    await inspector.send(...crowd(60, {}), ...crowd(20, TREATMENT, 60));
    const [experiment] = (await inspector.overview()).experiments;
    expect(experiment).to.include({ key: 'banner', visitors: 80 });
    expect(experiment?.sampleRatio).to.include({ verdict: 'unknown' }).and.not.to.have.property('pValue');
    expect(experiment?.variations.map(({ expectedShare }) => expectedShare)).to.deep.equal([
      undefined,
      undefined,
    ]);
  });

  it('compare the split with the traffic allocation', async () => {
    await using inspector = await makeInspector({ datafile: makeDatafile() });
    const decision = (variation_id: string) => ({ experiment_id: '200', campaign_id: '20', variation_id });
    await inspector.send(...crowd(90, decision('2001')), ...crowd(10, decision('2002'), 90));
    const [experiment] = (await inspector.overview()).experiments;
    expect(experiment?.sampleRatio).to.include({ verdict: 'as_expected', pValue: 1 });
    await inspector.send(...crowd(90, decision('2002'), 100));
    const [later] = (await inspector.overview()).experiments;
    expect(later?.sampleRatio.verdict).to.equal('mismatch');
    expect(later?.sampleRatio.explanation)
      .to.contain('Sample ratio mismatch')
      .and.to.contain("can't be trusted");
  });

  it('name the variation that nobody saw, once its share of the visitors should have come', async () => {
    await using inspector = await makeInspector({ datafile: makeDatafile() });
    const decision = { experiment_id: '100', campaign_id: '10', variation_id: '1001' };
    await inspector.send(...crowd(60, decision));
    const [missing] = (await inspector.overview()).experiments;
    expect(missing?.sampleRatio.explanation).to.contain(
      'None of the 60 visitors that were compared saw "treatment"',
    );
    const check = missing?.diagnosis.checks.find(({ id }) => id === 'sample_ratio');
    expect(check?.sentence).to.equal(missing?.sampleRatio.explanation);
    await inspector.send(...crowd(1, TREATMENT, 60));
    const [rare] = (await inspector.overview()).experiments;
    expect(rare?.sampleRatio.verdict).to.equal('mismatch');
    expect(rare?.sampleRatio.explanation).not.to.contain('None of');
  });

  it('do not compare what an algorithm allocates', async () => {
    const [banner] = makeDatafile().experiments as object[];
    await using inspector = await makeInspector({
      datafile: makeDatafile({ experiments: [{ ...banner, cmab: { attributeIds: [] } }] }),
    });
    await inspector.send(...crowd(60, {}));
    expect((await inspector.overview()).experiments[0]?.sampleRatio.verdict).to.equal('adaptive');
  });

  it('draw rates with their intervals', async () => {
    await using inspector = await makeInspector({ datafile: makeDatafile() });
    await inspector.send(...crowd(263, {}));
    await inspector.send(...Array.from({ length: 81 }, (_, index) => conversion({ visitorId: `v${index}` })));
    const rate = (await inspector.overview()).experiments[0]?.metrics[0]?.rates[0];
    expect(rate).to.include({ key: 'control', visitors: 263, converted: 81 });
    expect(rate?.low).to.be.closeTo(0.2553, 0.00005);
    expect(rate?.high).to.be.closeTo(0.3662, 0.00005);
  });

  it('forget the visitors who were not seen for longest, and say so, once there are too many', async () => {
    await using inspector = await makeInspector({ datafile: makeDatafile(), maxEvents: 10 });
    await inspector.send(...crowd(12, {}));
    const { experiments, forgottenVisitors } = await inspector.overview();
    expect(forgottenVisitors).to.equal(2);
    expect(experiments[0]?.visitors).to.equal(12);
    await inspector.send(conversion({ visitorId: 'v0' }), conversion({ visitorId: 'v11' }));
    expect((await figuresOf(inspector)).metrics).to.deep.equal([['purchase', [1, 1], [0, 0]]]);
  });
});
