// SPDX-License-Identifier: Apache-2.0
import { traceRequests } from './gateway/requests.js';
import { Senders } from './gateway/senders.js';
import { Side } from './gateway/sides.js';
import type { Row, Sides, Size } from './harness/row.js';
import { type LoopbackServer, startServer } from './harness/server.js';

const SPANS = 500;
/** Longer than a row takes. */
const NEVER_MILLIS = 600_000;

/** What an event takes while it waits for Optimizely, against its text. */
export function rows({ short }: Size): Row[] {
  const requests = short ? 4 : 80;
  const row = (
    name: string,
    kind: 'gateway' | 'gateway-with-store',
    of: 'heapBytes' | 'storeBytes',
  ): Row => ({
    name,
    peer: 'its text',
    unit: 'bytes',
    rounds: 1,
    warmUps: 0,
    open: () => openWaiting(requests, kind, of),
  });
  return [
    row('memory of an event that waits for delivery', 'gateway', 'heapBytes'),
    row('the store of an event that waits for delivery', 'gateway-with-store', 'storeBytes'),
  ];
}

async function openWaiting(
  requests: number,
  kind: 'gateway' | 'gateway-with-store',
  of: 'heapBytes' | 'storeBytes',
): Promise<Sides> {
  const answering = await startServer();
  const textBytes = await textBytesOf(requests, answering);
  answering.end();
  const silent = await startServer(NEVER_MILLIS);
  const side = await Side.start(kind, silent.url);
  return {
    async ours() {
      const make = traceRequests(SPANS, 1);
      const senders = new Senders(side.port);
      const before = (await side.figures('collect'))[of];
      for (let sent = 1; sent <= requests; sent++) {
        // Without a store its answer comes when the wait for delivery is over.
        senders.send(make()).catch(() => {});
        while ((await side.figures()).pending < sent * SPANS);
      }
      const after = (await side.figures('collect'))[of];
      senders.close();
      return (after - before) / (requests * SPANS);
    },
    theirs: () => textBytes,
    close() {
      side.end();
      silent.end();
    },
  };
}

/** As Optimizely gets it, with its share of what the events of a batch have in common. */
async function textBytesOf(requests: number, optimizely: LoopbackServer): Promise<number> {
  const side = await Side.start('gateway', optimizely.url);
  const senders = new Senders(side.port, 8);
  await senders.sendAll(requests, traceRequests(SPANS, 1));
  senders.close();
  side.end();
  return (await optimizely.received()).bytes / (requests * SPANS);
}
