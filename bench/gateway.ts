// SPDX-License-Identifier: Apache-2.0
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { start } from './child.js';
import { Senders, traceRequest } from './gateway-requests.js';
import type { Row, Size } from './row.js';

const SPANS = 500;
const CONNECTIONS = 8;

type Kind = 'gateway' | 'gateway-with-store' | 'floor';

/**
 * The gateway in a process of its own, by the CPU time of that process, against a server that reads the same requests with
 * the same code and answers 200. Receipts wait for delivery to a third process.
 */
export function rows({ short }: Size): Row[] {
  const requests = short ? 4 : 60;
  const row = (name: string, eventEvery: number, atMost: number): Row => ({
    name: `the gateway, CPU a span: ${name}`,
    peer: 'reading them and answering 200',
    unit: 'ns',
    target: { atMost },
    rounds: 5,
    open: () => openCpu(requests, eventEvery),
  });
  return [
    row('an event in every span', 1, 1 / 0.5),
    row('an event in every 20th span', 20, 1 / 0.8),
    {
      name: 'p99 of a receipt with a store, 100 requests of 100 events a second',
      peer: 'the same, read and answered',
      unit: 'ms',
      target: { atMostMore: 50 },
      rounds: 3,
      open: () => openLatency(short ? 20 : 300),
    },
  ];
}

async function openCpu(requests: number, eventEvery: number) {
  const optimizely = start('./loopback-server.ts');
  const [port] = (await once(optimizely, 'message')) as [number];
  const [ours, theirs] = await Promise.all([side('gateway', port), side('floor', port)]);
  const figure = async ({ child, senders }: Side) => {
    const bodies = Array.from({ length: requests }, () => traceRequest(SPANS, eventEvery));
    const before = await spent(child);
    for (const { status } of await senders.sendAll(bodies)) {
      if (status !== 200) throw new Error(`answered ${status}`);
    }
    return ((await spent(child)).cpuMicros - before.cpuMicros) * (1_000 / (requests * SPANS));
  };
  return {
    ours: () => figure(ours),
    theirs: () => figure(theirs),
    close: () => end([optimizely, ours.child, theirs.child], [ours.senders, theirs.senders]),
  };
}

async function openLatency(requests: number) {
  const optimizely = start('./loopback-server.ts');
  const [port] = (await once(optimizely, 'message')) as [number];
  const [ours, theirs] = await Promise.all([side('gateway-with-store', port), side('floor', port)]);
  const figure = async ({ senders }: Side) => {
    const bodies = Array.from({ length: requests }, () => traceRequest(100, 1));
    const answers = await Promise.all(
      bodies.map(async (body, n) => {
        await new Promise(resolve => setTimeout(resolve, n * 10));
        return senders.send(body);
      }),
    );
    if (answers.some(({ status }) => status !== 200)) throw new Error('a request was refused');
    return percentile(
      answers.map(({ millis }) => millis),
      0.99,
    );
  };
  return {
    ours: () => figure(ours),
    theirs: () => figure(theirs),
    close: () => end([optimizely, ours.child, theirs.child], [ours.senders, theirs.senders]),
  };
}

interface Side {
  readonly child: ChildProcess;
  readonly senders: Senders;
}

async function side(kind: Kind, optimizely: number): Promise<Side> {
  const child = start('./gateway-server.ts', [kind, `http://127.0.0.1:${optimizely}/v1/events`]);
  const [port] = (await once(child, 'message')) as [number];
  return { child, senders: new Senders(port, CONNECTIONS) };
}

/** What the process has spent since it began. */
export async function spent(child: ChildProcess): Promise<{ cpuMicros: number; rss: number }> {
  child.send('spent');
  const [told] = (await once(child, 'message')) as [{ cpuMicros: number; rss: number }];
  return told;
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

function end(children: readonly ChildProcess[], senders: readonly Senders[]): void {
  for (const one of senders) one.close();
  for (const child of children) child.disconnect();
}
