// SPDX-License-Identifier: Apache-2.0
import { end, send } from './harness/child.js';
import { paced } from './harness/paced.js';
import { startServer } from './harness/server.js';
import { makeProcessor, registerContextManager, SILENT } from './ours.js';
import { makeConversion } from './workload.js';

/** How far the default settings go with a server that takes its time. */
export interface Sustained {
  readonly 'answers after, ms': number;
  readonly maxBatchSize: string;
  /** The highest of the rates tried that was held without a drop. */
  readonly 'events a second, none dropped': number;
  readonly 'events a request': number;
  readonly 'CPU an event, µs': number;
  readonly 'next rate tried': number | 'none';
  /** At that rate. */
  readonly 'dropped or left behind there': number;
}

const LATENCIES = [50, 100];
const SETTINGS = [
  { label: 'default, 1,000', options: {}, rates: [2_000, 5_000, 10_000, 20_000, 40_000, 60_000, 80_000] },
  { label: '10', options: { maxBatchSize: 10 }, rates: [200, 400, 800, 1_600, 2_000, 5_000] },
];

/** Batches leave in bursts: as much may wait more at the end than halfway. */
const BACKLOG_SECONDS = 0.5;

/**
 * Holds a rate. What the queue can't send, it takes for a while: the rate is too high where events are dropped, or
 * where more and more wait.
 */
async function hold(url: string, options: object, rate: number, millis: number) {
  const processor = makeProcessor({ endpoint: url, logger: SILENT, ...options });
  const record = (n: number) => void processor.recordConversion(makeConversion(n));
  const before = process.cpuUsage();
  await paced(millis / 2, rate / 1_000, record);
  const waitedHalfway = processor.ledger().pending;
  await paced(millis / 2, rate / 1_000, record);
  const { recorded, dropped, pending } = processor.ledger();
  const { user, system } = process.cpuUsage(before);
  await processor.shutdown();
  const grown = Math.max(0, pending - waitedHalfway);
  return {
    behind: (dropped.queue_full ?? 0) + (grown > rate * BACKLOG_SECONDS ? grown : 0),
    delivered: processor.ledger().delivered,
    cpuMicros: (user + system) / recorded,
  };
}

registerContextManager();
const millis = process.argv[2] === 'short' ? 100 : 4_000;
for (const latency of LATENCIES) {
  for (const { label, options, rates } of SETTINGS) {
    const server = await startServer(latency);
    let best = { rate: 0, perRequest: 0, cpuMicros: 0 };
    let next: { rate: number; behind: number } | undefined;
    for (const rate of process.argv[2] === 'short' ? rates.slice(0, 2) : rates) {
      const { result, requests } = await server.during(() => hold(server.url, options, rate, millis));
      const { behind, delivered, cpuMicros } = result;
      if (behind > 0) {
        next = { rate, behind };
        break;
      }
      best = { rate, perRequest: delivered / requests, cpuMicros };
    }
    server.end();
    await send({
      'answers after, ms': latency,
      maxBatchSize: label,
      'events a second, none dropped': best.rate,
      'events a request': Number(best.perRequest.toFixed(1)),
      'CPU an event, µs': Number(best.cpuMicros.toFixed(1)),
      'next rate tried': next?.rate ?? 'none',
      'dropped or left behind there': next?.behind ?? 0,
    } satisfies Sustained);
  }
}
end();
