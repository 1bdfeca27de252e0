// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { SEED } from '../../../test/support/seed.js';
import { skip } from '../../../test/support/skip.js';
import { patience } from '../../../test/support/slowness.cjs';
import { expectAllCounted } from './faults/expect-all-counted.js';
import { LOSS_CASES } from './faults/kafka-loss-cases.js';
import { runLossCase } from './faults/kafka-losses.js';
import { runKafka } from './faults/kafka-run.js';
import { collector, kafka } from './senders/toolbox.js';
import { NO_COLLECTOR } from './support/collector.js';
import { NO_KAFKA } from './support/kafka-broker.js';

const EVENTS = 1_500;
// Each of the four processes, two at a time.
const KILLS = 2;
const LIMIT_MILLIS = patience(120_000);

describe('deploy/collector, with Kafka between two Collectors', function () {
  this.timeout(2 * LIMIT_MILLIS);

  function needsKafka(context: Mocha.Context) {
    if (!collector.isInstalled) skip(context, NO_COLLECTOR);
    if (!kafka.isInstalled) skip(context, NO_KAFKA);
  }

  it(`counts each event once that the first Collector took, whatever is killed behind it (seed ${SEED})`, async function () {
    needsKafka(this);
    const report = await runKafka({
      events: EVENTS,
      kills: KILLS,
      seed: SEED,
      limitMillis: LIMIT_MILLIS,
      isHurried: true,
    });
    expectAllCounted(report, EVENTS);
    expect([...report.kills.keys()]).to.deep.equal(
      ['gateway', 'reader', 'broker', 'agent'].map(link => `${link} SIGKILL`),
    );
  });

  it('splits a request that is too large for a message of Kafka', async function () {
    needsKafka(this);
    const large = LOSS_CASES.find(({ setting }) => setting.includes('batch'));
    if (large === undefined) throw new Error('there is no such case');
    expect(await runLossCase(large, true)).to.deep.equal({ receipts: 6_000, lost: 0, violations: [] });
  });
});
