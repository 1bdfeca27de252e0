// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Side } from './gateway/sides.js';
import { start } from './harness/child.js';
import type { Row, Sides, Size } from './harness/row.js';
import { startServer } from './harness/server.js';

const SERVICES = 4;
const OPENED_AT_ONCE = 500;
const REQUEST = 'GET /healthz HTTP/1.1\r\nhost: bench\r\n\r\n';

/** Many services that send little. */
export function rows({ short }: Size): Row[] {
  const requests = short ? 10 : 300;
  const connections = short ? 100 : 10_000;
  return [
    {
      name: `requests to Optimizely for ${SERVICES * requests} of two events, of ${SERVICES} processes`,
      peer: 'a request each',
      unit: 'requests',
      target: { atMost: 100 / 1_200 },
      rounds: 3,
      warmUps: 0,
      open: () => openServices(requests),
    },
    {
      name: `memory of a connection, of ${connections} that are idle after a request`,
      peer: "Node's server",
      unit: 'bytes',
      rounds: 1,
      warmUps: 0,
      open: () => openIdle(connections, bytesOfEach),
    },
    {
      name: `CPU of a second with ${connections} idle connections`,
      peer: "Node's server",
      unit: 'ms',
      rounds: 1,
      warmUps: 0,
      open: () => openIdle(connections, cpuOfASecond),
    },
  ];
}

async function openServices(requests: number): Promise<Sides> {
  const optimizely = await startServer();
  const gateway = await Side.start('gateway', optimizely.url);
  const services = Array.from({ length: SERVICES }, () =>
    start('gateway/sender.ts', [String(gateway.port), String(requests)]),
  );
  await Promise.all(services.map(service => once(service, 'message')));
  return {
    async ours() {
      const before = await optimizely.received();
      const done = services.map(service => once(service, 'message'));
      for (const service of services) service.send('send');
      await Promise.all(done);
      return (await optimizely.received()).requests - before.requests;
    },
    theirs: () => SERVICES * requests,
    close() {
      for (const service of services) service.disconnect();
      gateway.end();
      optimizely.end();
    },
  };
}

type Measure = (side: Side, open: () => Promise<void>, count: number) => Promise<number>;

const bytesOfEach: Measure = async (side, open, count) => {
  const before = (await side.figures('collect')).rssBytes;
  await open();
  return ((await side.figures('collect')).rssBytes - before) / count;
};

const cpuOfASecond: Measure = async (side, open) => {
  const seconds = 3;
  const wait = () => new Promise<void>(resolve => setTimeout(resolve, seconds * 1_000));
  await open();
  // What opening them has left to collect and to compile is no cost of idle ones.
  await wait();
  return (await side.cpuMicros(wait)) / 1_000 / seconds;
};

async function openIdle(count: number, measure: Measure): Promise<Sides> {
  const optimizely = await startServer();
  const [ours, theirs] = await Promise.all([
    Side.start('gateway', optimizely.url),
    Side.start('floor', optimizely.url),
  ]);
  const figure = async (side: Side) => {
    const sockets: Socket[] = [];
    const answer = await measure(side, () => openSockets(side.port, count, sockets), count);
    const lost = sockets.filter(socket => socket.readyState !== 'open').length;
    if (lost > 0) throw new Error(`${lost} of ${count} connections were closed`);
    for (const socket of sockets) socket.destroy();
    return answer;
  };
  return {
    ours: () => figure(ours),
    theirs: () => figure(theirs),
    close() {
      for (const process of [ours, theirs, optimizely]) process.end();
    },
  };
}

/** Rejects where the system allows too few: `ulimit -Hn` must be above their number. */
async function openSockets(port: number, count: number, into: Socket[]): Promise<void> {
  while (into.length < count) {
    const some = Array.from({ length: Math.min(OPENED_AT_ONCE, count - into.length) }, async () => {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => {});
      into.push(socket);
      await once(socket, 'connect');
      socket.write(REQUEST);
      await once(socket, 'data');
    });
    await Promise.all(some);
  }
}
