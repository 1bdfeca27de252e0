// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { SEED } from '../../../test/support/seed.js';
import { skip } from '../../../test/support/skip.js';
import { patience } from '../../../test/support/slowness.cjs';
import type { FaultName } from './faults/relay/fault-plan.js';
import { runRelayFaults } from './faults/relay/relay-run.js';
import { NATS_VERSION, NO_NATS } from './support/nats-server.js';

const EVENTS = 5_000;
const LIMIT_MILLIS = patience(60_000);
const KINDS: readonly FaultName[] = [
  'a server killed',
  'clients cut off, connections reset',
  'a delivering gateway killed between request and acknowledgment',
  'a receiving gateway killed',
  'the application with a store killed',
  'all gateways replaced',
];

describe('a relay whose server, gateways, applications and network fail', function () {
  this.timeout(2 * LIMIT_MILLIS);

  before(function () {
    if (NATS_VERSION === undefined) skip(this as never, NO_NATS);
  });

  it(`counts each event with a receipt once, and invents none (seed ${SEED})`, async () => {
    const report = await runRelayFaults({
      events: EVENTS,
      servers: 1,
      copies: 1,
      faults: KINDS.length,
      kinds: KINDS,
      seed: SEED,
      eventsPerSecond: 2_000,
      ackWaitMillis: 2_000,
      pace: 0.2,
      limit: AbortSignal.timeout(LIMIT_MILLIS),
    });
    expect(report.violations.join('\n')).to.equal('');
    expect(report.missing).to.equal(0);
    expect(report.receipts).to.be.at.least(EVENTS);
    expect(report.faults.size).to.equal(KINDS.length);
  });
});
