// SPDX-License-Identifier: Apache-2.0
//
// npm run example:cluster: three workers, one of which is killed; first processes of node:cluster, then worker threads.
// Read service.ts first.
import { subscribe } from 'node:diagnostics_channel';
import { rmSync } from 'node:fs';
import { mkdtemp, readdir } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LedgerSnapshot } from 'opentelemetry-exporter-optimizely';
import { type ReceivedBatch, startLocalEventsEndpoint } from 'opentelemetry-exporter-optimizely/testing';
import { datafileOf } from '../datafile.js';
import { arrivedAt, check, endWithin, ledgerLine, problemsAt } from '../outcome.js';
import type { Crew } from './crew.js';
import { clusterCrew } from './processes.js';
import { threadCrew } from './threads.js';

endWithin(30_000);

const workerOf = ({ headers }: { headers: IncomingMessage['headers'] }) => String(headers['x-worker']);

/** By the name of the worker, the ports from which its requests came. */
const ports = new Map<string, Set<number>>();
subscribe('http.server.request.start', message => {
  const { request } = message as { request: IncomingMessage };
  const name = workerOf(request);
  ports.set(name, (ports.get(name) ?? new Set()).add(request.socket.remotePort ?? 0));
});

for (const makeCrew of [clusterCrew, threadCrew]) {
  // Yours should outlive the process: '/var/lib/my-service/optimizely'.
  const directory = await mkdtemp(join(tmpdir(), 'optimizely-'));
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  await tellStory(makeCrew, directory);
}

async function tellStory(makeCrew: (endpoint: string, directory: string) => Crew, directory: string) {
  ports.clear();
  let victim = '';
  let onBatch: (batch: ReceivedBatch) => void = () => {};
  await using endpoint = await startLocalEventsEndpoint({
    datafile: datafileOf(42),
    respond: batch => {
      onBatch(batch);
      // Not taken. If it were, and only the answer lost, it would come twice, with the same uuids, and count once.
      return workerOf(batch) === victim ? 503 : undefined;
    },
  });
  const crew = makeCrew(endpoint.url, directory);
  console.log(`\n${crew.title}\n`);
  const names = await Promise.all([crew.start(), crew.start(), crew.start()]);
  const stores = await readdir(directory);
  console.log(`  ${names.join(', ')}: ${stores.length} store directories in the one that they share`);

  const recordedBy = new Map<string, string[]>();
  const letIn = async (count: number) => {
    for (let visitor = 0; visitor < count; visitor++) {
      const { uuid = '', by } = await crew.visit(`visitor-${visitor}`);
      recordedBy.set(by, [...(recordedBy.get(by) ?? []), uuid]);
    }
  };
  const hasArrived = (uuids: string[]) => {
    const arrived = new Set(arrivedAt(endpoint).map(({ uuid }) => uuid));
    return uuids.every(uuid => arrived.has(uuid));
  };

  await letIn(24);
  victim = names[1] ?? '';
  const requested = new Promise<void>(resolve => {
    onBatch = batch => workerOf(batch) === victim && resolve();
  });
  crew.flush(victim);
  await requested;
  await crew.kill(victim);
  const left = recordedBy.get(victim) ?? [];
  console.log(`  ${victim} is killed while its request with ${left.length} events is in flight`);

  const successor = await crew.start();
  await letIn(12);
  if (!hasArrived(left)) {
    await new Promise<void>(resolve => {
      // Called before the batch counts as arrived: looked at in the next turn.
      onBatch = () => setImmediate(() => hasArrived(left) && resolve());
    });
  }
  const ledgers = await crew.end();
  print(ledgers, recordedBy, endpoint.batches);

  const recorded = [...recordedBy.values()].flat();
  const arrived = arrivedAt(endpoint).map(({ uuid }) => uuid);
  const allPorts = [...ports.values()].flatMap(own => [...own]);
  const adopter = [...ledgers].find(([, { recovered }]) => recovered > 0)?.[0];
  check('each worker has a store directory of its own', stores.length === names.length);
  check(`what ${victim} left was adopted and delivered by ${adopter}`, adopter === successor);
  check(`all ${recorded.length} events arrived`, hasArrived(recorded));
  check('each arrived once', arrived.length === recorded.length);
  check('no two workers share a connection', new Set(allPorts).size === allPorts.length);
  check('nothing is left on disk', (await readdir(directory)).length === 0);
  check('Optimizely would count every event', problemsAt(endpoint).length === 0);
}

function print(
  ledgers: Map<string, LedgerSnapshot>,
  recordedBy: Map<string, string[]>,
  batches: readonly ReceivedBatch[],
): void {
  console.log();
  for (const name of [...new Set([...recordedBy.keys(), ...ledgers.keys()])].sort()) {
    const taken = batches.filter(batch => workerOf(batch) === name && batch.statusCode < 300);
    const uuids = new Set(taken.flatMap(({ events }) => events.map(({ uuid }) => uuid)));
    const delivered = [...recordedBy]
      .map(([owner, own]) => ({ owner, count: own.filter(uuid => uuids.has(uuid)).length }))
      .filter(({ count }) => count > 0)
      .map(({ owner, count }) => (owner === name ? `${count} of its own` : `${count} of ${owner}`));
    const recorded = recordedBy.get(name)?.length ?? 0;
    console.log(`  ${name} recorded ${recorded}, delivered ${delivered.join(' and ') || 'none'}`);
  }
  console.log();
  for (const [name, ledger] of ledgers) console.log(`  ${name}: ${ledgerLine(ledger)}`);
  console.log();
}
