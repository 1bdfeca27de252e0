// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Agent, request } from 'undici';
import { paced } from './harness/paced.js';
import type { Row, Size } from './harness/row.js';
import { startServer } from './harness/server.js';
import { deliverAll, makeProcessor, registerContextManager } from './ours.js';
import { type PlainVisitor, plainConversion } from './plain-visitor.js';
import { type ConversionInput, makeConversion } from './workload.js';

const EVENTS_A_MILLI = 20;
const BATCH_SIZE = 10;

/**
 * 20,000 events a second, recorded a few every millisecond and delivered to a server in another process. The row of the
 * plain way shows what texts, requests and their garbage ask for.
 */
export function rows({ short }: Size): Row[] {
  registerContextManager();
  const millis = short ? 100 : 2_000;
  const common = { unit: 'ms', rounds: 7, warmUps: 1 } as const;
  return [
    {
      ...common,
      name: 'event-loop delay p99, 20,000 events/s',
      peer: 'same load without the plugin',
      target: { atMostMore: 1 },
      open: () => open(millis, makeSender),
    },
    {
      ...common,
      name: 'event-loop delay p99, 20,000 events/s by JSON.stringify and bare undici',
      peer: 'same load without it',
      open: () => open(millis, makePlainSender),
    },
  ];
}

/** What delivers events to a server. */
interface Sender {
  send(input: ConversionInput): void;
  /** Resolves when all has arrived. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

async function open(millis: number, makeSenderTo: (url: string) => Sender) {
  const server = await startServer();
  const sender = makeSenderTo(server.url);
  let characters = 0;
  const bare = ({ userId }: ConversionInput) => {
    characters += userId.length;
  };
  return {
    ours: async () => {
      const { result, requests } = await server.during(async () => {
        const delay = await delayUnder(millis, input => sender.send(input));
        await sender.flush();
        return delay;
      });
      const expected = Math.ceil((millis * EVENTS_A_MILLI) / BATCH_SIZE);
      if (requests !== expected) throw new Error(`${requests} of ${expected} requests arrived`);
      return result;
    },
    theirs: () => delayUnder(millis, bare),
    close: async () => {
      if (characters === 0) throw new Error('the peer had no load');
      await sender.close();
    },
  };
}

function makeSender(url: string): Sender {
  const processor = makeProcessor({
    endpoint: url,
    batchSize: BATCH_SIZE,
    maxQueueSize: 1_000_000,
    timeoutIntervalMillis: 60_000,
  });
  return {
    send: input => void processor.recordConversion(input),
    flush: () => deliverAll(processor),
    close: () => processor.shutdown(),
  };
}

function makePlainSender(url: string): Sender {
  const dispatcher = new Agent({ connections: 64, pipelining: 1 });
  const headers = { 'Content-Type': 'application/json' };
  let visitors: PlainVisitor[] = [];
  let inFlight: Promise<unknown>[] = [];
  const post = async (body: string) => {
    const response = await request(url, { method: 'POST', headers, body, dispatcher });
    await response.body.dump();
    if (response.statusCode !== 204) throw new Error(`status ${response.statusCode}`);
  };
  return {
    send(input) {
      visitors.push(plainConversion(input, randomUUID()));
      if (visitors.length < BATCH_SIZE) return;
      inFlight.push(post(JSON.stringify({ visitors })));
      visitors = [];
    },
    async flush() {
      await Promise.all(inFlight);
      inFlight = [];
    },
    close: () => dispatcher.destroy(),
  };
}

/** The 99th percentile of the event loop's delay, milliseconds. */
async function delayUnder(millis: number, record: (input: ConversionInput) => void): Promise<number> {
  globalThis.gc?.();
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  histogram.enable();
  await paced(millis, EVENTS_A_MILLI, n => record(makeConversion(n)));
  histogram.disable();
  return histogram.percentile(99) / 1e6;
}
