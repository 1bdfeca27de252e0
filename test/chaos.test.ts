// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { runChaos } from './chaos/chaos.js';
import { FAULTS } from './chaos/faults.js';
import { SEED } from './support/seed.js';
import { patience } from './support/slowness.cjs';

const EVENTS = 20_000;
const LANES = 3;
const KILLS_PER_LANE = 5;
const LIMIT_MILLIS = patience(20_000);

describe('chaos', function () {
  this.timeout(2 * LIMIT_MILLIS);

  const seed = Number(process.env.CHAOS_SEED ?? SEED);

  it(`delivers every event of killed processes to a failing endpoint, none invented (CHAOS_SEED=${seed})`, async () => {
    const report = await runChaos({
      events: EVENTS,
      lanes: LANES,
      killsPerLane: KILLS_PER_LANE,
      seed,
      faults: FAULTS,
      limitMillis: LIMIT_MILLIS,
    });
    expect(report.violations.join('\n')).to.equal('');
    expect(report).to.include({ acknowledged: EVENTS, missing: 0, violationCount: 0 });
    expect(report.received).to.equal(EVENTS - report.poison + report.unacknowledged);
    expect(report.kills.SIGKILL + report.kills.SIGTERM).to.equal(LANES * KILLS_PER_LANE);
    expect(report.kills.SIGKILL).to.be.at.least(5);
    expect(report.kills.SIGTERM).to.be.at.least(5);
    expect(report.recovered).to.be.above(0);
    const faults = FAULTS.map(([fault]) => fault).filter(fault => fault !== 'none');
    expect([...report.outcomes.keys()]).to.include.members([...faults, '204', '400']);
  });
});
