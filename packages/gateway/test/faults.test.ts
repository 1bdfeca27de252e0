// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { SEED } from '../../../test/support/seed.js';
import { patience } from '../../../test/support/slowness.cjs';
import { expectAllCounted } from './faults/expect-all-counted.js';
import { FORMS, type Form, runFaults } from './faults/fault-run.js';

const EVENTS = 2_000;
const KILLS = 3;
const LIMIT_MILLIS = patience(60_000);

describe('the receipt of a gateway that is killed, before an endpoint that fails', function () {
  this.timeout(2 * LIMIT_MILLIS);

  for (const form of Object.keys(FORMS) as Form[]) {
    it(`means that the event is counted once, and none is invented: ${form} (seed ${SEED})`, async () => {
      const report = await runFaults({
        form,
        events: EVENTS,
        kills: KILLS,
        seed: SEED,
        limitMillis: LIMIT_MILLIS,
        isHurried: true,
      });
      expectAllCounted(report, EVENTS);
      expect(report.kills).to.deep.equal({ SIGKILL: 2, SIGTERM: 1 });
    });
  }
});
