// SPDX-License-Identifier: Apache-2.0
//
// npm run example:openfeature: an application that knows OpenFeature only, and what Optimizely's Events API, here a local
// one, receives of it.
import { setTimeout } from 'node:timers/promises';
import { OpenFeature } from '@openfeature/server-sdk';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { OptimizelySpanProcessor } from 'opentelemetry-exporter-optimizely';
import { OptimizelyHook, withConversions } from 'opentelemetry-exporter-optimizely/openfeature';
import { startLocalEventsEndpoint } from 'opentelemetry-exporter-optimizely/testing';
import { datafileOf } from '../datafile.js';
import { OptimizelyProvider } from './optimizely-provider.js';

const VISITORS = 40;
const PAGES = 3;

const datafile = datafileOf(1);
const endpoint = await startLocalEventsEndpoint({ datafile });

// 1. OpenTelemetry, with the plugin.
const optimizely = new OptimizelySpanProcessor({ datafile, endpoint: endpoint.url });
const sdk = new NodeSDK({ serviceName: 'example', spanProcessors: [optimizely], metricReaders: [] });
sdk.start();

// 2. OpenFeature, with the hook for what is evaluated and the provider for what is tracked.
const hook = new OptimizelyHook();
OpenFeature.addHooks(hook);
await OpenFeature.setProviderAndWait(withConversions(new OptimizelyProvider(datafile)));

// 3. The application: nothing in it is Optimizely's.
const client = OpenFeature.getClient();
await Promise.all(
  Array.from({ length: VISITORS }, (_, number) => visit(`visitor-${number}`, number % 3 === 0)),
);

async function visit(targetingKey: string, buys: boolean): Promise<void> {
  const context = { targetingKey, device: 'phone' };
  for (let page = 0; page < PAGES; page++) {
    await client.getBooleanValue('checkout_flow', false, context);
    await setTimeout(2);
  }
  if (buys) client.track('purchase', context, { value: 42, revenue: 4200, currency: 'EUR' });
}

await optimizely.forceFlush();
const events = endpoint.batches.flatMap(batch => batch.events);
const impressions = events.filter(event => event.type === 'impression');
const buyers = new Set(events.filter(event => event.key === 'purchase').map(event => event.visitorId));
const problems = events.flatMap(event => event.problems);

console.log(`${VISITORS} visitors, ${VISITORS * PAGES} evaluations of checkout_flow`);
console.log(`impressions received ${impressions.length}, evaluations that added nothing ${hook.suppressed}`);
for (const variation of ['three_steps', 'one_page']) {
  const shown = impressions.filter(event => event.variationKey === variation);
  const bought = shown.filter(event => buyers.has(event.visitorId));
  console.log(`  ${variation.padEnd(12)} ${shown.length} visitors, ${bought.length} bought`);
}
console.log(`conversions received ${events.length - impressions.length}`);
console.log(`problems found ${problems.length}`);
for (const { message } of problems) console.log(`  ${message}`);

await OpenFeature.close();
await sdk.shutdown();
await endpoint.close();
