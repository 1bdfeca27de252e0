// SPDX-License-Identifier: Apache-2.0
//
// What a service of ES modules loads before anything else: `node --import ./telemetry.mjs`.
import { register } from 'node:module';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { OptimizelySpanProcessor } from 'opentelemetry-exporter-optimizely';
import { OptimizelyInstrumentation } from 'opentelemetry-exporter-optimizely/instrumentation';

register('@opentelemetry/instrumentation/hook.mjs', import.meta.url);

const spans = [];
const keepSpans = {
  onStart() {},
  onEnd: span => spans.push(span),
  async forceFlush() {},
  async shutdown() {},
};
const sdk = new NodeSDK({
  spanProcessors: [
    new OptimizelySpanProcessor({
      datafile: process.env.TEST_DATAFILE,
      endpoint: process.env.TEST_EVENTS_ENDPOINT,
    }),
    keepSpans,
  ],
  instrumentations: [new OptimizelyInstrumentation()],
});
sdk.start();

/** Tells which span events were recorded on which spans. */
process.once('beforeExit', async () => {
  const shown = spans.map(({ name, events }) => [name, events.map(event => event.name)]);
  process.stdout.write(`${JSON.stringify({ shown })}\n`);
  await sdk.shutdown();
});
