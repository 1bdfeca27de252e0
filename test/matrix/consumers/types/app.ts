// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { type Span, trace } from '@opentelemetry/api';
import { NodeSDK } from '@opentelemetry/sdk-node';
import type { SpanProcessor } from '@opentelemetry/sdk-trace';
import {
  type LedgerSnapshot,
  OptimizelySpanProcessor,
  type OptimizelySpanProcessorOptions,
  recordConversion,
  recordImpression,
} from 'opentelemetry-exporter-optimizely';
import { type ReceivedEvent, startLocalEventsEndpoint } from 'opentelemetry-exporter-optimizely/testing';

async function main(): Promise<void> {
  const datafile = readFileSync('datafile.json', 'utf8');
  const endpoint = await startLocalEventsEndpoint({ datafile });
  const options: OptimizelySpanProcessorOptions = { datafile, endpoint: endpoint.url };
  const optimizely = new OptimizelySpanProcessor(options);
  const ofTheSdk: SpanProcessor = optimizely;
  const sdk = new NodeSDK({ spanProcessors: [ofTheSdk, optimizely] });
  sdk.start();

  trace.getTracer('shop').startActiveSpan('request', (span: Span) => {
    const userId = 'visitor';
    const timestamp = Date.now() - 1_000;
    recordImpression({ userId, ruleKey: 'banner', variationKey: 'treatment', timestamp });
    recordConversion({ userId, eventKey: 'purchase', tags: { revenue: 4200 } }, span);
    span.addEvent('optimizely.conversion', {
      'feature_flag.context.id': userId,
      'optimizely.event.key': 'purchase',
    });
    span.end();
  });

  await sdk.shutdown();
  await endpoint.close();
  const events: ReceivedEvent[] = endpoint.batches.flatMap(batch => batch.events);
  const problems = events.flatMap(event => event.problems.map(({ message }) => message));
  const { delivered }: LedgerSnapshot = optimizely.ledger();
  if (events.length !== 3 || delivered !== 3 || problems.length > 0) {
    throw new Error(`${events.length} events arrived, ${delivered} delivered; ${problems.join('; ')}`);
  }
}

void main();
