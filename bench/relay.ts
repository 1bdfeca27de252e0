// SPDX-License-Identifier: Apache-2.0
import { NATS_VERSION, NatsServer, NO_NATS } from '../packages/gateway/test/support/nats-server.js';
import { Optimizely } from './gateway-sides.js';
import { Bare, type Cost, Direct, Relay } from './relay-sides.js';
import type { Row, Sides, Size } from './row.js';

type Peer = 'bare' | 'http';

/**
 * Events from an application over JetStream and a gateway to a server that stands for Optimizely, each in a process of its
 * own, against JetStream alone with the very messages, and against the application without JetStream and gateway.
 */
export function rows({ short }: Size): Row[] {
  if (NATS_VERSION === undefined) {
    console.log(`relay: skipped, ${NO_NATS}`);
    return [];
  }
  const count = short ? 500 : 40_000;
  const row = (what: keyof Cost, batchSize: string, peer: Peer): Row => ({
    name: `${NAMES[what]} through an application, JetStream, a gateway and HTTP, batches of ${batchSize}`,
    peer: peer === 'bare' ? 'the same messages published and consumed' : 'the application and HTTP alone',
    unit: 'ns',
    ...(peer === 'bare' && { target: { atLeast: 0.5 } }),
    rounds: 3,
    warmUps: 1,
    open: () => open(count, batchSize, peer, what),
  });
  return ['10', 'default'].flatMap(batchSize =>
    (['bare', 'http'] as const).flatMap(peer => [row('time', batchSize, peer), row('cpu', batchSize, peer)]),
  );
}

const NAMES = { time: 'time of an event', cpu: 'CPU of an event' } as const;

async function open(count: number, batchSize: string, peer: Peer, what: keyof Cost): Promise<Sides> {
  const server = await NatsServer.start();
  const optimizely = await Optimizely.start();
  const endpoint = `http://127.0.0.1:${optimizely.port}/v1/events`;
  const relay = await Relay.start(server, endpoint, batchSize);
  const other =
    peer === 'bare'
      ? await Bare.start(server, await relay.messagesOf(count))
      : await Direct.start(endpoint, batchSize);
  return {
    ours: async () => (await relay.round(count))[what],
    theirs: async () => (await other.round(count))[what],
    async close() {
      relay.end();
      other.end();
      optimizely.end();
      await server[Symbol.asyncDispose]();
    },
  };
}
