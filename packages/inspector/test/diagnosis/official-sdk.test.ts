// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { CapturingDispatcher, makeClient, VERSIONS } from '../../../../test/optimizely-sdk/clients.js';
import type { ExperimentView } from '../../src/view/types.js';
import { type Inspector, makeInspector } from '../harness.js';
import { CHECKOUT, shopDatafile, visitors, withExperiment } from './shop.js';

const AUDIENCE = {
  audienceIds: ['70'],
  audienceConditions: ['or', '70'],
};
const TYPED_AUDIENCES = [
  {
    id: '70',
    name: 'gold plan',
    conditions: ['and', ['or', { match: 'exact', name: 'plan', type: 'custom_attribute', value: 'gold' }]],
  },
];

/** Sends what the official SDK makes of a decision and a conversion for each visitor. */
async function run(
  version: (typeof VERSIONS)[number],
  inspector: Inspector,
  datafile: object,
  attributes: Record<string, string> = {},
): Promise<ExperimentView | undefined> {
  const eventDispatcher = new CapturingDispatcher();
  const client = makeClient(version, { datafile, eventDispatcher });
  for (const visitor of visitors(8)) {
    const user = client.createUserContext(visitor, attributes);
    user?.decide('checkout');
    // Decisions and conversions in the same millisecond are another matter.
    const decidedAt = Date.now();
    while (Date.now() === decidedAt);
    user?.trackEvent('purchase');
  }
  await client.close();
  for (const { params } of eventDispatcher.sent) await inspector.post(params);
  const { experiments } = await inspector.overview();
  return experiments.find(({ id }) => id === CHECKOUT);
}

describe("inspect: why an experiment has no results, with events of Optimizely's SDK", () => {
  for (const version of VERSIONS) {
    it(`names nothing where all is well: ${version}`, async () => {
      const datafile = shopDatafile();
      await using inspector = await makeInspector({ datafile, now: () => Date.now() });
      const experiment = await run(version, inspector, datafile);
      expect(experiment?.diagnosis.state).to.equal('healthy');
      expect(experiment).to.include({ visitors: 8 });
    });

    it(`names visitors outside the audience: ${version}`, async () => {
      const datafile = withExperiment(CHECKOUT, AUDIENCE, { typedAudiences: TYPED_AUDIENCES });
      await using inspector = await makeInspector({ datafile, now: () => Date.now() });
      const diagnosis = (await run(version, inspector, datafile))?.diagnosis;
      expect(diagnosis).to.include({ state: 'cause', rootCause: 'outside_audience' });
      expect(diagnosis?.headline).to.contain('8 decisions of the flag "checkout"').and.to.contain('"plan"');
      expect(diagnosis?.checks.find(({ id }) => id === 'no_impressions')?.state).not.to.equal('cause');
    });

    it(`names visitors outside the audience who have the attribute: ${version}`, async () => {
      const datafile = withExperiment(CHECKOUT, AUDIENCE, { typedAudiences: TYPED_AUDIENCES });
      await using inspector = await makeInspector({ datafile, now: () => Date.now() });
      const diagnosis = (await run(version, inspector, datafile, { plan: 'silver' }))?.diagnosis;
      expect(diagnosis).to.include({ state: 'cause', rootCause: 'outside_audience' });
      expect(diagnosis?.headline).to.contain('gold').and.to.contain('no event has brought such a value');
    });

    it(`names an experiment without traffic: ${version}`, async () => {
      const datafile = withExperiment(CHECKOUT, { trafficAllocation: [] });
      await using inspector = await makeInspector({ datafile, now: () => Date.now() });
      const diagnosis = (await run(version, inspector, datafile))?.diagnosis;
      expect(diagnosis).to.include({ state: 'cause', rootCause: 'outside_audience' });
      expect(diagnosis?.headline).to.contain('no traffic');
    });

    it(`suspects flag decisions that are off: ${version}`, async () => {
      const datafile = withExperiment(CHECKOUT, AUDIENCE, {
        typedAudiences: TYPED_AUDIENCES,
        sendFlagDecisions: false,
      });
      await using inspector = await makeInspector({ datafile, now: () => Date.now() });
      const diagnosis = (await run(version, inspector, datafile, { plan: 'silver' }))?.diagnosis;
      expect(diagnosis).to.include({ state: 'suspect', rootCause: 'flag_decisions_off' });
    });

    it(`names an experiment that is paused, for which the SDK decides no more: ${version}`, async () => {
      const datafile = withExperiment(CHECKOUT, { status: 'Paused' });
      await using inspector = await makeInspector({ datafile, now: () => Date.now() });
      const diagnosis = (await run(version, inspector, datafile))?.diagnosis;
      expect(diagnosis).to.include({ state: 'cause', rootCause: 'not_running' });
    });
  }
});
