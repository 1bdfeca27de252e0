// SPDX-License-Identifier: Apache-2.0
//
// npm run example:official-sdk: a service with Optimizely's own SDK, twenty visitors, and what arrived at Optimizely's
// Events API, here a local one.
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace';
import {
  type LocalEventsEndpoint,
  startLocalEventsEndpoint,
} from 'opentelemetry-exporter-optimizely/testing';
import { datafileOf } from '../datafile.js';
import { openService } from './service.js';
import { setUp } from './telemetry.js';

// NodeSDK would look for a collector of metrics and logs, and its shutdown would wait for it.
process.env.OTEL_METRICS_EXPORTER = 'none';
process.env.OTEL_LOGS_EXPORTER = 'none';
// A proxy is none for the loopback interface.
process.env.NO_PROXY = process.env.no_proxy = '127.0.0.1';

const VISITORS = Array.from({ length: 20 }, (_, index) => `visitor-${index + 1}`);
const datafile = datafileOf(42);
const endpoint = await startLocalEventsEndpoint({ datafile });
const spans = new InMemorySpanExporter();
const { optimizely, processor, sdk } = setUp(datafile, spans, endpoint.url);
const { url, server } = await openService(optimizely);
console.log(`Events API (local)  ${endpoint.url}\nService             ${url}\n`);

for (const [method, path] of [
  ['GET', '/product'],
  ['GET', '/checkout'],
  ['POST', '/purchase'],
] as const) {
  for (const id of VISITORS) {
    const response = await fetch(`${url}${path}`, { method, headers: { cookie: `visitor=${id}` } });
    await response.body?.cancel();
  }
}
printTraces();
server.close();
server.closeAllConnections();
// First the client, which may hand over a last event, then what delivers them.
await optimizely.close();
await sdk.shutdown();
await endpoint.close();
if (!printSummary(endpoint)) process.exitCode = 1;

/** The first span of each kind: they are forgotten when the SDK is shut down. */
function printTraces(): void {
  const kinds = new Map(spans.getFinishedSpans().map(span => [span.name, span]));
  for (const span of kinds.values()) {
    console.log(`span ${span.name}`);
    for (const { name, attributes = {} } of span.events) {
      console.log(`  event ${name}`);
      for (const [key, value] of Object.entries(attributes)) {
        if (!key.endsWith('.id') && !key.endsWith('.uuid')) console.log(`    ${key} = ${value}`);
      }
    }
  }
}

/** @returns whether all that the SDK handed over arrived, once and without a problem */
function printSummary({ batches }: LocalEventsEndpoint): boolean {
  const { recorded } = processor.ledger();
  const events = batches.flatMap(batch => batch.events);
  const problems = events.filter(event => event.problems.length > 0).length;
  const count = (key: string) => events.filter(event => (event.variationKey ?? event.key) === key).length;
  const clients = new Set(batches.map(({ params }) => `${params.client_name} ${params.client_version}`));
  console.log(`
hero_banner         mountains ${count('mountains')}, beach ${count('beach')}
checkout_flow       three_steps ${count('three_steps')}, one_page ${count('one_page')}
purchase            ${count('purchase')}
sent in the name of ${[...clients].join(', ')}
handed over ${recorded}, received ${events.length} in ${batches.length} batches, problems found ${problems}`);
  return recorded === 3 * VISITORS.length && events.length === recorded && problems === 0;
}
