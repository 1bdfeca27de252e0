// SPDX-License-Identifier: Apache-2.0
import { setTimeout as pause } from 'node:timers/promises';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { FileEventStore, OptimizelySpanProcessor } from 'opentelemetry-exporter-optimizely';
import { createJetStreamDispatcher } from 'optimizely-event-gateway/jetstream';

/** See `AppOrder` in app-process.ts. */
const order = JSON.parse(process.argv[2]);

// Whoever started us is gone: nobody will end us.
process.on('disconnect', () => process.exit(3));

const log = level => message => process.stderr.write(`${level} ${message}\n`);
const logger = { error: log('error'), warn: log('warn'), info: log('info'), debug: () => {} };

const processor = new OptimizelySpanProcessor({
  ...order.processor,
  ...(order.storeDirectory !== undefined && {
    eventStore: new FileEventStore({ directory: order.storeDirectory }),
  }),
  eventDispatcher: createJetStreamDispatcher({ ...order.dispatcher, logger }),
  logger,
});
const provider = new NodeTracerProvider({ spanProcessors: [processor] });
const tracer = provider.getTracer('shop');

/** @returns the uuids of those that the processor refused */
function record(events) {
  const span = tracer.startSpan('checkout');
  const refused = events.flatMap(({ type, ...event }) => {
    const uuid =
      type === 'conversion'
        ? processor.recordConversion(event, span)
        : processor.recordImpression(event, span);
    return uuid === undefined ? [event.uuid] : [];
  });
  span.end();
  return refused;
}

async function end() {
  for (;;) {
    await processor.forceFlush();
    const { pending, stored } = processor.ledger();
    if (pending + stored === 0) break;
    await pause(50);
  }
  await provider.shutdown();
}

process.on('message', async ({ id, events }) => {
  if (events === undefined) await end();
  process.send({ id, refused: record(events ?? []), ledger: processor.ledger() });
  if (events === undefined) process.disconnect();
});
