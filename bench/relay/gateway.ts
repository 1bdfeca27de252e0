// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGateway } from 'optimizely-event-gateway';
import { send } from '../harness/child.js';
import { DATAFILE } from '../workload.js';

/** What it has spent since it began, microseconds, and the events that it has delivered. */
export interface GatewayFigures {
  readonly cpuMicros: number;
  readonly delivered: number;
}

/** The last batch of a round is not to be waited for as long as senders that want full batches wait. */
const FLUSH_MILLIS = 50;

// A gateway that delivers what is in the stream.
const [servers, endpoint] = process.argv.slice(2) as [string, string];
const folder = mkdtempSync(join(tmpdir(), 'bench-relay-'));
const datafile = join(folder, 'datafile.json');
writeFileSync(datafile, DATAFILE);
const gateway = await startGateway({
  datafile,
  endpoint,
  flushIntervalMillis: FLUSH_MILLIS,
  relay: { servers, role: 'deliver' },
  port: 0,
  logLevel: 'silent',
});

function figures(): GatewayFigures {
  const { user, system } = process.cpuUsage();
  const ledgers = Object.values(gateway.ledger());
  return {
    cpuMicros: user + system,
    delivered: ledgers.reduce((sum, { delivered }) => sum + delivered, 0),
  };
}

process.on('message', () => void send(figures()));
process.on('disconnect', () => {
  rmSync(folder, { recursive: true, force: true });
  process.exit();
});
await send(0);
