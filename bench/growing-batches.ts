// SPDX-License-Identifier: Apache-2.0
import { cpuNanos } from './harness/clock.js';
import { paced } from './harness/paced.js';
import type { Row, Size } from './harness/row.js';
import { startServer } from './harness/server.js';
import { deliverAll, makeProcessor, registerContextManager } from './ours.js';
import { type ConversionInput, inputs, makeConversion } from './workload.js';

const EVENTS_A_MILLI = 2;
const TURN_MILLIS = 10;

/**
 * CPU time, whatever the clock: 2,000 events a second, recorded in the same way and all delivered, to a server that
 * takes its time. The peer takes longer for it, as its requests carry ten events each. What the load itself takes, timers
 * for the most part, is measured in each round and left out.
 */
export function rows({ short }: Size): Row[] {
  registerContextManager();
  const millis = short ? 100 : 1_000;
  return [50, 100].map(latency => ({
    name: `CPU an event at 2,000 events/s, answers after ${latency} ms`,
    peer: 'itself with maxBatchSize 10',
    unit: 'ns',
    target: { atMost: 0.5 },
    rounds: 7,
    warmUps: 3,
    open: () => open(millis, latency),
  }));
}

async function open(millis: number, latency: number) {
  const server = await startServer(latency);
  const events = inputs(millis * EVENTS_A_MILLI, makeConversion);
  const cpuUnder = async (record: (event: ConversionInput) => void, flush?: () => Promise<void>) => {
    const before = cpuNanos();
    const count = await paced(millis, EVENTS_A_MILLI, n => record(events[n] as ConversionInput), TURN_MILLIS);
    await flush?.();
    return (cpuNanos() - before) / count;
  };
  const side = async (options: { readonly maxBatchSize?: number }) => {
    const processor = makeProcessor({
      endpoint: server.url,
      maxQueueSize: 100_000,
      timeoutIntervalMillis: 60_000,
      ...options,
    });
    const cost = await cpuUnder(
      event => void processor.recordConversion(event),
      () => deliverAll(processor),
    );
    await processor.shutdown();
    return cost;
  };
  let characters = 0;
  const loadAlone = () =>
    cpuUnder(({ userId }) => {
      characters += userId.length;
    });
  return {
    both: async () => {
      const [ours, alone, theirs] = [await side({}), await loadAlone(), await side({ maxBatchSize: 10 })];
      return { ours: ours - alone, theirs: theirs - alone };
    },
    close: () => {
      server.end();
      if (characters === 0) throw new Error('no load');
    },
  };
}
