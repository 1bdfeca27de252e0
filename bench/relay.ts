// SPDX-License-Identifier: Apache-2.0
import { NATS_VERSION, NatsServer, NO_NATS } from '../packages/gateway/test/support/nats-server.js';
import { Optimizely } from './gateway-sides.js';
import { Bare, type Cost, Direct, Relay } from './relay-sides.js';
import type { Row, Sides, Size } from './row.js';

type Peer = 'bare' | 'http' | 'both';

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
  const row = (what: keyof Cost, batchSize: string, peer: Peer): Row => ({
    name: `${NAMES[what]} through an application, JetStream, a gateway and HTTP, batches of ${batchSize}`,
    peer: PEERS[peer],
    unit: 'ns',
    ...(peer === 'bare' && { target: { atLeast: 0.5 } }),
    rounds: 5,
    // A gateway runs for days. Until V8 has optimized what they do, an event costs up to twice as much on either side.
    warmUps: 6,
    open: () => open(count, batchSize, peer, what),
  });
  return ['10', 'default'].flatMap(batchSize =>
    (['bare', 'http', 'both'] as const).flatMap(peer => [
      row('time', batchSize, peer),
      row('cpu', batchSize, peer),
    ]),
  );
}

const PEERS = {
  bare: 'the same messages published and consumed',
  http: 'the application and HTTP alone',
  both: 'the application and HTTP alone, then the same messages published and consumed',
} as const satisfies Record<Peer, string>;

const NAMES = { time: 'time of an event', cpu: 'CPU of an event' } as const;

async function open(count: number, batchSize: string, peer: Peer, what: keyof Cost): Promise<Sides> {
  const server = await NatsServer.start();
  const optimizely = await Optimizely.start();
  const endpoint = `http://127.0.0.1:${optimizely.port}/v1/events`;
  const relay = await Relay.start(server, endpoint, batchSize);
  const others: (Bare | Direct)[] = [];
  if (peer !== 'http') others.push(await Bare.start(server, await relay.messagesOf(count)));
  if (peer !== 'bare') others.push(await Direct.start(endpoint, batchSize));
  return {
    ours: async () => (await relay.round(count))[what],
    async theirs() {
      let sum = 0;
      for (const other of others) sum += (await other.round(count))[what];
      return sum;
    },
    async close() {
      relay.end();
      for (const other of others) other.end();
      optimizely.end();
      await server[Symbol.asyncDispose]();
    },
  };
}
