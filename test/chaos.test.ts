// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { runChaos } from './chaos/chaos.js';
import { FAULTS } from './chaos/faults.js';

const EVENTS = 20_000;
const LANES = 3;
const KILLS_PER_LANE = 5;

describe('chaos', function () {
  this.timeout(150_000);

  const seed = Number(process.env.CHAOS_SEED ?? Date.now() % 4_294_967_296);

  it(`delivers every event of killed processes to a failing endpoint, none invented (CHAOS_SEED=${seed})`, async () => {
    const report = await runChaos({
      events: EVENTS,
      lanes: LANES,
      killsPerLane: KILLS_PER_LANE,
      seed,
      faults: FAULTS,
      limitMillis: 120_000,
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
