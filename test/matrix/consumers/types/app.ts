// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { type Span, trace } from '@opentelemetry/api';
import {
  InMemoryLogRecordExporter,
  LoggerProvider,
  type LogRecordProcessor,
  SimpleLogRecordProcessor,
} from '@opentelemetry/sdk-logs';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { BatchSpanProcessor, InMemorySpanExporter, type SpanProcessor } from '@opentelemetry/sdk-trace';
import {
  type LedgerSnapshot,
  OptimizelySpanProcessor,
  type OptimizelySpanProcessorOptions,
  recordConversion,
  recordImpression,
} from 'opentelemetry-exporter-optimizely';
import { OptimizelyLogRecordProcessor } from 'opentelemetry-exporter-optimizely/logs';
import { type ReceivedEvent, startLocalEventsEndpoint } from 'opentelemetry-exporter-optimizely/testing';

async function main(): Promise<void> {
  const datafile = readFileSync('datafile.json', 'utf8');
  const endpoint = await startLocalEventsEndpoint({ datafile });
  const options: OptimizelySpanProcessorOptions = { datafile, endpoint: endpoint.url, emitAs: 'both' };
  const optimizely = new OptimizelySpanProcessor(options);
  const ofTheSdk: SpanProcessor = optimizely;
  const logProcessor: LogRecordProcessor = new OptimizelyLogRecordProcessor(optimizely);
  const spanExporter = new InMemorySpanExporter();
  const exporter = new InMemoryLogRecordExporter();
  const sdk = new NodeSDK({
    // The first as the README shows it, for both lines.
    spanProcessors: [new BatchSpanProcessor({ exporter: spanExporter }), ofTheSdk, optimizely],
    logRecordProcessors: [logProcessor, new SimpleLogRecordProcessor({ exporter })],
    // Records wait for what detectors find out.
    autoDetectResources: false,
  });
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
  const logger = new LoggerProvider({ processors: [logProcessor] }).getLogger('somebody');
  logger.emit({
    eventName: 'optimizely.conversion',
    attributes: {
      'feature_flag.context.id': 'visitor',
      'optimizely.event.key': 'purchase',
      'optimizely.event.tags': { revenue: 4200 },
    },
  });
  const records = exporter.getFinishedLogRecords().length;

  await sdk.shutdown();
  await endpoint.close();
  const events: ReceivedEvent[] = endpoint.batches.flatMap(batch => batch.events);
  const problems = events.flatMap(event => event.problems.map(({ message }) => message));
  const { delivered }: LedgerSnapshot = optimizely.ledger();
  if (events.length !== 4 || delivered !== 4 || records !== 2 || problems.length > 0) {
    const figures = `${events.length} events arrived, ${delivered} delivered, ${records} log records`;
    throw new Error(`${figures}; ${problems.join('; ')}`);
  }
}

void main();
