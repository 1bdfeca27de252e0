// SPDX-License-Identifier: Apache-2.0
import { traceRequests } from './gateway/requests.js';
import { Senders } from './gateway/senders.js';
import type { Kind } from './gateway/server.js';
import { Side } from './gateway/sides.js';
import type { Row, Size, Target } from './harness/row.js';
import { startServer } from './harness/server.js';

const SPANS = 500;

interface Load {
  readonly name: string;
  readonly eventEvery: number;
  readonly requests: number;
  /** So many that a batch for Optimizely fills without waiting. */
  readonly connections: number;
}

const DENSE: Load = { name: 'an event in every span', eventEvery: 1, requests: 150, connections: 8 };
const SPARSE: Load = {
  name: 'an event in every 20th span',
  eventEvery: 20,
  requests: 400,
  connections: 24,
};

const NONE: Load = {
  name: 'no experiment event',
  eventEvery: Number.POSITIVE_INFINITY,
  requests: 400,
  connections: 24,
};
/** Until V8 has optimized both sides: a gateway has more code than the floor, and takes its time. */
const WARM_UPS = 12;

const PEERS = {
  floor: 'reading them and answering 200',
  texts: 'the same, with the uuid and the text of each event',
  'whole-schema': 'reading them with protobufjs and answering 200',
} as const satisfies Partial<Record<Kind, string>>;

/** The gateway in a process of its own. Receipts wait for delivery, to a third process, unless a row says otherwise. */
export function rows(size: Size): Row[] {
  const row = (load: Load, peer: keyof typeof PEERS, target?: Target): Row => ({
    name: `the gateway, CPU a span: ${load.name}`,
    peer: PEERS[peer],
    unit: 'ns',
    ...(target !== undefined && { target }),
    rounds: 7,
    warmUps: WARM_UPS,
    open: () => open({ ...load, requests: size.short ? 4 : load.requests }, peer),
  });
  return [
    row(DENSE, 'floor', { atLeast: 0.5 }),
    row(SPARSE, 'floor', { atLeast: 0.8 }),
    row(NONE, 'floor'),
    row(DENSE, 'texts'),
    row(SPARSE, 'texts'),
    row(DENSE, 'whole-schema'),
    row(SPARSE, 'whole-schema'),
  ];
}

async function open({ eventEvery, requests, connections }: Load, peer: keyof typeof PEERS) {
  const optimizely = await startServer();
  const [ours, theirs] = await Promise.all([
    Side.start('gateway', optimizely.url),
    Side.start(peer, optimizely.url),
  ]);
  const make = traceRequests(SPANS, eventEvery);
  const figure = async (side: Side) => {
    const senders = new Senders(side.port, connections);
    const micros = await side.cpuMicros(async () => await senders.sendAll(requests, make));
    senders.close();
    return (micros * 1_000) / (requests * SPANS);
  };
  return {
    ours: () => figure(ours),
    theirs: () => figure(theirs),
    close() {
      for (const process of [ours, theirs, optimizely]) process.end();
    },
  };
}
