// SPDX-License-Identifier: Apache-2.0
import * as official from '@optimizely/optimizely-sdk';
import { end, send } from './harness/child.js';
import { makeProcessor } from './ours.js';
import { type ConversionInput, DATAFILE, inTurns, makeConversion, turn } from './workload.js';

/**
 * Heap that an event takes while the dispatcher hangs: what is left after collecting, with `count` more events queued.
 * Inputs are made for each event and let go, as requests do: what a side keeps of them is its own.
 */
const [side, user, count] = process.argv.slice(2);
const total = Number(count);
const { record, pending } = side === 'ours' ? ours() : theirs(side === 'queued' ? 2 * total + 1 : 10);
const recordMore = (from: number) => inTurns(total, n => record(makeConversion(n, `${user}-${from + n}`)));

// Code, feedback and growing arrays are paid for before.
await recordMore(0);
const before = await collectedHeap();
await recordMore(total);
const after = await collectedHeap();
if (pending() !== 2 * total) throw new Error(`${pending()} of ${2 * total} events are queued`);
await send((after - before) / total);
end();

function ours() {
  const processor = makeProcessor({
    maxQueueSize: 1_000_000,
    maxQueueBytes: 2 ** 40,
    requestTimeoutMillis: 3_600_000,
    eventDispatcher: { dispatchEvent: () => new Promise(() => {}) },
  });
  return {
    record: (input: ConversionInput) => void processor.recordConversion(input),
    pending: () => processor.ledger().pending,
  };
}

function theirs(batchSize: number) {
  let [tracked, dispatched] = [0, 0];
  const client = official.createInstance({
    projectConfigManager: official.createStaticProjectConfigManager({ datafile: DATAFILE }),
    eventProcessor: official.createBatchEventProcessor({
      batchSize,
      flushInterval: 3_600_000,
      eventDispatcher: {
        dispatchEvent: ({ params }) => {
          dispatched += params.visitors.length;
          return new Promise(() => {});
        },
      },
    }),
  });
  return {
    record: ({ eventKey, userId, attributes, tags }: ConversionInput) => {
      client.track(eventKey, userId, attributes, tags as official.EventTags);
      tracked++;
    },
    // What is in its queue can't be seen from outside.
    pending: () => (batchSize > tracked ? tracked : dispatched),
  };
}

async function collectedHeap(): Promise<number> {
  await turn();
  globalThis.gc?.();
  await turn();
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}
