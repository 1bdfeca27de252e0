// SPDX-License-Identifier: Apache-2.0
//
// What a service loads before anything else: `node --require ./telemetry.cjs`, or first thing from telemetry.mjs.
const { NodeSDK } = require('@opentelemetry/sdk-node');
const { OptimizelySpanProcessor } = require('opentelemetry-exporter-optimizely');
const { OptimizelyInstrumentation } = require('opentelemetry-exporter-optimizely/instrumentation');

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
