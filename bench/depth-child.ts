// SPDX-License-Identifier: Apache-2.0
import type { OptimizelySpanProcessor } from 'opentelemetry-exporter-optimizely';
import { send } from './child.js';
import { clockNanos } from './clock.js';
import { CountingDispatcher, deliverAll, makeProcessor } from './ours.js';
import { inTurns, makeConversion } from './workload.js';

const WINDOW = 1_000;

/**
 * What recording one more event costs while so many are queued: windows of 1,000 events at each depth, the shallow
 * ones first. A processor whose queue has grown by half within its windows gives way to a fresh one, so that small
 * depths stay small; otherwise the queue grows on to the next depth. What V8 spends on the size of the heap within a
 * window counts.
 */
const [where, windows, warmUp, ...depths] = process.argv.slice(2);

const warm = makeProcessor({ eventDispatcher: new CountingDispatcher() });
await inTurns(Number(warmUp), n => warm.recordConversion(makeConversion(n)));
await deliverAll(warm);
await warm.shutdown();

let processor = makeHanging();
const nanos: number[] = [];
for (const depth of depths) nanos.push(await nanosAt(Number(depth)));
await send(nanos);
process.exit();

async function nanosAt(depth: number): Promise<number> {
  let total = 0;
  for (let window = 0; window < Number(windows); window++) {
    if (processor.ledger().pending >= depth * 1.5) {
      // Else the registry of installed processors would keep its events.
      await processor.shutdown();
      processor = makeHanging();
    }
    const missing = depth - processor.ledger().pending;
    await inTurns(Math.max(0, missing), n => processor.recordConversion(makeConversion(n)));
    const { pending } = processor.ledger();
    const start = clockNanos();
    for (let n = 0; n < WINDOW; n++) processor.recordConversion(makeConversion(n));
    total += clockNanos() - start;
    if (pending < depth || processor.ledger().pending !== pending + WINDOW) {
      throw new Error('events went astray');
    }
  }
  return total / (Number(windows) * WINDOW);
}

function makeHanging(): OptimizelySpanProcessor {
  return makeProcessor({
    startOnInit: where !== 'held',
    maxQueueSize: 10_000_000,
    maxQueueBytes: 2 ** 40,
    requestTimeoutMillis: 3_600_000,
    timeoutIntervalMillis: 1,
    eventDispatcher: { dispatchEvent: () => new Promise(() => {}) },
  });
}
