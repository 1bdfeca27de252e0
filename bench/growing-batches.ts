// SPDX-License-Identifier: Apache-2.0
import { deliverAll, makeProcessor, registerContextManager } from './ours.js';
import { paced } from './paced.js';
import type { Row, Size } from './row.js';
import { startServer } from './server.js';
import { makeConversion } from './workload.js';

const EVENTS_A_MILLI = 2;
const TURN_MILLIS = 10;

/**
 * CPU time, whatever the clock: 2,000 events a second, recorded in the same way and all delivered, to a server that
 * takes its time. The peer takes longer for it, as its requests carry ten events each.
 */
export function rows({ short }: Size): Row[] {
  registerContextManager();
  const millis = short ? 100 : 1_000;
  return [50, 100].map(latency => ({
    name: `CPU an event at 2,000 events/s, answers after ${latency} ms`,
    peer: 'itself with maxBatchSize 10',
    unit: 'ns',
    target: { atMost: 0.5 },
    rounds: 5,
    warmUps: 1,
    open: () => open(millis, latency),
  }));
}

async function open(millis: number, latency: number) {
  const server = await startServer(latency);
  const side = async (options: { readonly maxBatchSize?: number }) => {
    const processor = makeProcessor({
      endpoint: server.url,
      maxQueueSize: 100_000,
      timeoutIntervalMillis: 60_000,
      ...options,
    });
    const before = process.cpuUsage();
    const count = await paced(
      millis,
      EVENTS_A_MILLI,
      n => void processor.recordConversion(makeConversion(n)),
      TURN_MILLIS,
    );
    await deliverAll(processor);
    const { user, system } = process.cpuUsage(before);
    await processor.shutdown();
    return ((user + system) * 1_000) / count;
  };
  return {
    ours: () => side({}),
    theirs: () => side({ maxBatchSize: 10 }),
    close: () => server.stop(),
  };
}
