// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { SEED } from '../../../test/support/seed.js';
import { skip } from '../../../test/support/skip.js';
import { patience } from '../../../test/support/slowness.cjs';
import type { FaultName } from './faults/relay/fault-plan.js';
import { runRelayFaults } from './faults/relay/relay-run.js';
import { BEARS_A_CLUSTER } from './faults/relay/run-flags.js';
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
  ...(BEARS_A_CLUSTER ? (['the leader of the stream cut off from the others'] as const) : []),
];
const SERVERS = BEARS_A_CLUSTER ? 3 : 1;

describe('a relay whose server, gateways, applications and network fail', function () {
  this.timeout(2 * LIMIT_MILLIS);

  before(function () {
    if (NATS_VERSION === undefined) skip(this as never, NO_NATS);
  });

  it(`counts each event with a receipt once, and invents none (seed ${SEED})`, async () => {
    const report = await runRelayFaults({
      events: EVENTS,
      servers: SERVERS,
      copies: SERVERS,
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
