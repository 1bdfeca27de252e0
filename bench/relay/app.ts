// SPDX-License-Identifier: Apache-2.0
import { createJetStreamDispatcher } from 'optimizely-event-gateway/jetstream';
import { send } from '../harness/child.js';
import { makeProcessor, registerContextManager } from '../ours.js';
import { type ConversionInput, inputs, inTurns, makeConversion } from '../workload.js';

/** What it has spent since it began, microseconds. */
export interface AppFigures {
  readonly cpuMicros: number;
}

/** To make so many inputs for what comes next, or to record all that were made. */
export type AppTask = { readonly make: number } | 'record';

// An application that records the conversions that it was told to make, as fast as it can, and says when none is left
// with it.
const [kind, url, batchSize] = process.argv.slice(2) as ['stream' | 'http', string, string];
const dispatcher =
  kind === 'stream' ? createJetStreamDispatcher({ servers: url, idleTimeoutMillis: 60_000 }) : undefined;
registerContextManager();

let events: readonly ConversionInput[] = [];

async function record(): Promise<void> {
  const count = events.length;
  const processor = makeProcessor({
    ...(batchSize !== 'default' && { batchSize: Number(batchSize) }),
    ...(dispatcher === undefined ? { endpoint: url } : { eventDispatcher: dispatcher }),
    maxQueueSize: 1_000_000,
    timeoutIntervalMillis: 60_000,
  });
  await inTurns(count, n => processor.recordConversion(events[n] as ConversionInput));
  await processor.forceFlush();
  const { delivered, streamed } = processor.ledger();
  if (delivered + streamed !== count) throw new Error(`${delivered + streamed} of ${count} events left`);
  await processor.shutdown();
}

function figures(): AppFigures {
  const { user, system } = process.cpuUsage();
  return { cpuMicros: user + system };
}

process.on('message', async (task: AppTask) => {
  if (task === 'record') await record();
  else events = inputs(task.make, makeConversion);
  await send(figures());
});
process.on('disconnect', () => process.exit());
await send(0);
