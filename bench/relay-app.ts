// SPDX-License-Identifier: Apache-2.0
import { createJetStreamDispatcher } from 'optimizely-event-gateway/jetstream';
import { send } from './child.js';
import { makeProcessor, registerContextManager } from './ours.js';
import { inputs, inTurns, makeConversion } from './workload.js';

/** What it has spent since it began, microseconds. */
export interface AppFigures {
  readonly cpuMicros: number;
}

// An application that records as many conversions as it is told, as fast as it can, and says when none is left with it.
const [kind, url, batchSize] = process.argv.slice(2) as ['stream' | 'http', string, string];
const dispatcher =
  kind === 'stream' ? createJetStreamDispatcher({ servers: url, idleTimeoutMillis: 60_000 }) : undefined;
registerContextManager();

async function record(count: number): Promise<void> {
  const events = inputs(count, makeConversion);
  const processor = makeProcessor({
    ...(batchSize !== 'default' && { batchSize: Number(batchSize) }),
    ...(dispatcher === undefined ? { endpoint: url } : { eventDispatcher: dispatcher }),
    maxQueueSize: 1_000_000,
    timeoutIntervalMillis: 60_000,
  });
  await inTurns(count, n => processor.recordConversion(events[n] as (typeof events)[number]));
  await processor.forceFlush();
  const { delivered, streamed } = processor.ledger();
  if (delivered + streamed !== count) throw new Error(`${delivered + streamed} of ${count} events left`);
  await processor.shutdown();
}

function figures(): AppFigures {
  const { user, system } = process.cpuUsage();
  return { cpuMicros: user + system };
}

process.on('message', async (count: number) => {
  if (count > 0) await record(count);
  await send(figures());
});
process.on('disconnect', () => process.exit());
await send(0);
