// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileEventStore } from 'opentelemetry-exporter-optimizely';
import { nanosEach } from './compare.js';
import { CountingDispatcher, deliverAll, makeProcessor, registerContextManager } from './ours.js';
import type { Row, Size } from './row.js';
import { type ConversionInput, inputs, inTurns, makeConversion } from './workload.js';

/** Every event is written before the record call returns, and removed when it was delivered: both are timed. */
export function rows({ short }: Size): Row[] {
  registerContextManager();
  const count = short ? 1_000 : 20_000;
  return [10, 1_000].map(batchSize => ({
    name: `recordConversion to body with a FileEventStore, batches of ${batchSize}`,
    peer: 'without it',
    unit: 'ns',
    target: { atMost: 2 },
    rounds: 15,
    open: () => open(count, batchSize),
  }));
}

function open(count: number, batchSize: number) {
  const directory = mkdtempSync(join(tmpdir(), 'optimizely-bench-'));
  const events = inputs(count, makeConversion);
  const [stored, plain] = [{ eventStore: new FileEventStore({ directory }) }, {}].map(options =>
    makeProcessor({ ...options, batchSize, eventDispatcher: new CountingDispatcher() }),
  ) as [ReturnType<typeof makeProcessor>, ReturnType<typeof makeProcessor>];
  const recordsWith = (processor: typeof plain) => () =>
    nanosEach(count, async () => {
      await inTurns(count, n => processor.recordConversion(events[n] as ConversionInput));
      await deliverAll(processor);
    });
  return {
    ours: recordsWith(stored),
    theirs: recordsWith(plain),
    close: async () => {
      await Promise.all([stored.shutdown(), plain.shutdown()]);
      rmSync(directory, { recursive: true });
    },
  };
}
