// SPDX-License-Identifier: Apache-2.0
import { NATS_VERSION, NatsServer, NO_NATS } from '../packages/gateway/test/support/nats-server.js';
import type { Row, Sides, SidesInTurn, Size } from './harness/row.js';
import { startServer } from './harness/server.js';
import { Bare, type Cost, Direct, Relay } from './relay/sides.js';

const PEERS = {
  bare: 'the same messages published and consumed',
  http: 'the application and HTTP alone',
  both: 'the application and HTTP alone, then the same messages published and consumed',
} as const;

type Peer = keyof typeof PEERS;

type BatchSize = '10' | 'default';

const BATCHES: Record<BatchSize, string> = { 10: 'batches of 10', default: 'default batches' };

/**
 * Events from an application over JetStream and a gateway to a server that stands for Optimizely, each in a process of its
 * own, against JetStream alone with the very messages, against the application without JetStream and gateway, and against
 * both after each other: a relay can spare nothing of what those two do.
 */
export function rows({ short }: Size): Row[] {
  if (NATS_VERSION === undefined) {
    console.log(`relay: skipped, ${NO_NATS}`);
    return [];
  }
  const count = short ? 500 : 40_000;
  return (['10', 'default'] as const).flatMap(batchSize =>
    (['bare', 'http', 'both'] as const).flatMap(peer => comparison(count, batchSize, peer)),
  );
}

/** Two rows of the same rounds. */
function comparison(count: number, batchSize: BatchSize, peer: Peer): Row[] {
  const costs = { ours: [] as Cost[], theirs: [] as Cost[] };
  const row = (what: string, open: Row['open']): Row => ({
    name: `${what} through an application, JetStream, a gateway and HTTP, ${BATCHES[batchSize]}`,
    peer: PEERS[peer],
    unit: 'ns',
    ...(peer === 'bare' && { target: { atLeast: 0.5 } }),
    rounds: 7,
    // A gateway runs for days. Until V8 has optimized what they do, an event costs up to twice as much on either side.
    warmUps: 6,
    open,
  });
  return [
    row('time of an event', () => open(count, batchSize, peer, costs)),
    row('CPU of an event', () => cpuOf(costs)),
  ];
}

async function open(
  count: number,
  batchSize: BatchSize,
  peer: Peer,
  costs: { readonly ours: Cost[]; readonly theirs: Cost[] },
): Promise<Sides> {
  const server = await NatsServer.start();
  const optimizely = await startServer();
  const relay = await Relay.start(server, optimizely.url, batchSize);
  const others: (Bare | Direct)[] = [];
  if (peer !== 'http') others.push(await Bare.start(server, await relay.messagesOf(count)));
  if (peer !== 'bare') others.push(await Direct.start(optimizely.url, batchSize));
  return {
    async ours() {
      const cost = await relay.round(count);
      costs.ours.push(cost);
      return cost.time;
    },
    async theirs() {
      const cost = { time: 0, cpu: 0 };
      for (const other of others) {
        const { time, cpu } = await other.round(count);
        cost.time += time;
        cost.cpu += cpu;
      }
      costs.theirs.push(cost);
      return cost.time;
    },
    async close() {
      relay.end();
      for (const other of others) other.end();
      optimizely.end();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** What the rounds of the row before have cost, in their order. */
function cpuOf({ ours, theirs }: { readonly ours: Cost[]; readonly theirs: Cost[] }): SidesInTurn {
  const next = (costs: Cost[]) => costs.shift()?.cpu ?? Number.NaN;
  return { ours: () => next(ours), theirs: () => next(theirs) };
}
