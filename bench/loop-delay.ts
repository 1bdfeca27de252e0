// SPDX-License-Identifier: Apache-2.0
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { deliverAll, makeProcessor, registerContextManager } from './ours.js';
import type { Row, Size } from './row.js';
import { startServer } from './server.js';
import { type ConversionInput, makeConversion } from './workload.js';

const EVENTS_A_MILLI = 20;

/** 20,000 events a second, recorded a few every millisecond and delivered to a server in another process. */
export function rows({ short }: Size): Row[] {
  registerContextManager();
  const millis = short ? 100 : 2_000;
  return [
    {
      name: 'event-loop delay p99, 20,000 events/s',
      peer: 'same load without the plugin',
      unit: 'ms',
      target: { atMostMore: 1 },
      rounds: 7,
      warmUps: 1,
      open: () => open(millis),
    },
  ];
}

async function open(millis: number) {
  const server = await startServer();
  const processor = makeProcessor({
    endpoint: server.url,
    maxQueueSize: 1_000_000,
    timeoutIntervalMillis: 60_000,
  });
  let characters = 0;
  const bare = ({ userId }: ConversionInput) => {
    characters += userId.length;
  };
  return {
    ours: async () => {
      const { result, requests } = await server.during(async () => {
        const delay = await delayUnder(millis, input => void processor.recordConversion(input));
        await deliverAll(processor);
        return delay;
      });
      const expected = Math.ceil((millis * EVENTS_A_MILLI) / 10);
      if (requests !== expected) throw new Error(`${requests} of ${expected} requests arrived`);
      return result;
    },
    theirs: () => delayUnder(millis, bare),
    close: async () => {
      if (characters === 0) throw new Error('the peer had no load');
      await processor.shutdown();
    },
  };
}

/** The 99th percentile of the event loop's delay, milliseconds. A load that fell behind catches up at once. */
async function delayUnder(millis: number, record: (input: ConversionInput) => void): Promise<number> {
  globalThis.gc?.();
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  const total = millis * EVENTS_A_MILLI;
  histogram.enable();
  const start = performance.now();
  for (let n = 0; n < total; ) {
    const due = Math.min(total, Math.floor((performance.now() - start) * EVENTS_A_MILLI));
    while (n < due) record(makeConversion(n++));
    await new Promise(resolve => setTimeout(resolve, 1));
  }
  histogram.disable();
  return histogram.percentile(99) / 1e6;
}
