// SPDX-License-Identifier: Apache-2.0
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startGateway } from 'optimizely-event-gateway';
import { makeDatafileFile } from '../support/engine.js';
import { NATS_VERSION, NatsServer, NO_NATS } from '../support/nats-server.js';
import { conversions, sendTraces } from '../support/start.js';
import type { AppsOrder, AppsReport } from './apps.js';

/** `npm run gateway:fill`: how full requests become, and how late, where many applications send little each. */
const { values } = parseArgs({
  options: {
    apps: { type: 'string', default: '300' },
    seconds: { type: 'string', default: '60' },
  },
});
const apps = Number(values.apps);
const seconds = Number(values.seconds);
/** What a processor waits by default. */
const FLUSH_INTERVAL_MILLIS = 30_000;
const LEAST_EVENTS = 100;

interface Request {
  readonly receivedAt: number;
  readonly timestamps: readonly number[];
}

async function startEndpoint() {
  const requests: Request[] = [];
  const server = createServer(async (request, response) => {
    const receivedAt = Date.now();
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { visitors } = JSON.parse(Buffer.concat(chunks).toString()) as {
      visitors: { snapshots: { events: { timestamp: number }[] }[] }[];
    };
    const timestamps = visitors.flatMap(({ snapshots }) =>
      snapshots.flatMap(({ events }) => events.map(({ timestamp }) => timestamp)),
    );
    requests.push({ receivedAt, timestamps });
    response.writeHead(204).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, requests, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/events` };
}

function report(name: string, requests: readonly Request[], warmUntil: number, until: number): boolean {
  const steady = requests.filter(({ receivedAt }) => receivedAt >= warmUntil && receivedAt <= until);
  const sizes = steady.map(({ timestamps }) => timestamps.length).sort((a, b) => a - b);
  const waits = steady
    .flatMap(({ receivedAt, timestamps }) => timestamps.map(timestamp => receivedAt - timestamp))
    .sort((a, b) => a - b);
  const at = (sorted: readonly number[], share: number) =>
    sorted[Math.floor((sorted.length - 1) * share)] ?? 0;
  const events = waits.length;
  const small = sizes.filter(size => size < LEAST_EVENTS).length;
  process.stdout.write(
    `${name}: ${events} events in ${sizes.length} requests; events a request: median ${at(sizes, 0.5)}, ` +
      `mean ${Math.round(events / Math.max(1, sizes.length))}, smallest ${at(sizes, 0)}, below ${LEAST_EVENTS}: ${small}; ` +
      `ms from record to request: median ${at(waits, 0.5)}, p99 ${at(waits, 0.99)}, longest ${at(waits, 1)}\n`,
  );
  return events > 0 && small === 0 && at(waits, 0.99) < FLUSH_INTERVAL_MILLIS + 1_000;
}

async function fill(send: (servers: string, receiveUrl: string) => Promise<string>, name: string) {
  await using nats = await NatsServer.start();
  const { server, requests, url } = await startEndpoint();
  const datafile = makeDatafileFile();
  const shared = { datafile, port: 0, logLevel: 'error' } as const;
  const delivering = await startGateway({
    ...shared,
    endpoint: url,
    relay: { servers: nats.url, role: 'deliver' },
  });
  const receiving = await startGateway({ ...shared, relay: { servers: nats.url, role: 'receive' } });
  const startedAt = Date.now();
  const said = await send(nats.url, receiving.url);
  const endedAt = startedAt + seconds * 1000;
  process.stdout.write(`${said}\n`);
  await receiving.close();
  await delivering.close();
  server.close();
  return report(name, requests, startedAt + Math.min(10_000, seconds * 250), endedAt);
}

async function byDispatchers(servers: string): Promise<string> {
  const child = fork(fileURLToPath(new URL('apps.ts', import.meta.url)), { execArgv: ['--import', 'tsx'] });
  const order: AppsOrder = { servers, apps, seconds };
  child.send(order);
  const [{ recorded, streamed, cpuMicrosAnEvent }] = (await once(child, 'message')) as [AppsReport];
  return `${apps} applications recorded ${recorded} events, ${streamed} are in the stream; ${Math.round(cpuMicrosAnEvent)} µs of CPU an event`;
}

async function byOtlp(_: string, url: string): Promise<string> {
  const endsAt = Date.now() + seconds * 1000;
  let answered = 0;
  await Promise.all(
    Array.from({ length: apps }, async (_, n) => {
      await new Promise(resolve => setTimeout(resolve, Math.random() * 1_000));
      for (let request = 0; Date.now() < endsAt; request++) {
        const body = conversions([`a-${n}-${request}`, `b-${n}-${request}`]);
        const now = body.replaceAll(/"timeUnixNano":"\d+"/g, `"timeUnixNano":"${Date.now()}000000"`);
        const { ok } = await sendTraces(url, now);
        if (ok) answered += 2;
        await new Promise(resolve => setTimeout(resolve, 1_000));
      }
    }),
  );
  return `${apps} OTLP senders have receipts for ${answered} events`;
}

if (NATS_VERSION === undefined) throw new Error(NO_NATS);
process.stdout.write(
  `load ${loadavg()
    .map(load => load.toFixed(1))
    .join(' ')}, nats-server ${NATS_VERSION}\n`,
);
const isFull = [await fill(byDispatchers, 'dispatchers'), await fill(byOtlp, 'OTLP')];
process.exitCode = isFull.every(Boolean) ? 0 : 1;
