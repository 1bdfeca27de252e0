// SPDX-License-Identifier: Apache-2.0
//
// npm run example:logs: experiment events as log records, and what arrived at Optimizely's Events API, here a local one.
import { trace } from '@opentelemetry/api';
import { logs } from '@opentelemetry/api-logs';
import { InMemoryLogRecordExporter, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs';
import { NodeSDK } from '@opentelemetry/sdk-node';
import {
  OptimizelySpanProcessor,
  recordConversion,
  recordImpression,
} from 'opentelemetry-exporter-optimizely';
import { OptimizelyLogRecordProcessor } from 'opentelemetry-exporter-optimizely/logs';
import { startLocalEventsEndpoint } from 'opentelemetry-exporter-optimizely/testing';
import { DATAFILE } from './datafile.js';

const endpoint = await startLocalEventsEndpoint({ datafile: DATAFILE });
const processor = new OptimizelySpanProcessor({
  datafile: DATAFILE,
  endpoint: endpoint.url,
  emitAs: 'log-record',
  traceDetail: 'minimal',
});
// In a service: a BatchLogRecordProcessor over an OTLPLogExporter.
const exported = new InMemoryLogRecordExporter();
const sdk = new NodeSDK({
  spanProcessors: [processor],
  logRecordProcessors: [
    new OptimizelyLogRecordProcessor(processor),
    new SimpleLogRecordProcessor({ exporter: exported }),
  ],
  metricReaders: [],
  autoDetectResources: false,
});
sdk.start();

trace.getTracer('shop').startActiveSpan('GET /checkout', span => {
  // 1. The helper: emits a log record on the active span, and hands the event over at once.
  recordImpression({
    userId: 'visitor-1',
    flagKey: 'checkout',
    ruleKey: 'checkout_test',
    variationKey: 'one_page',
    attributes: { plan: 'gold' },
  });
  span.end();
});

// A conversion counts after a decision that is earlier, by the millisecond.
await new Promise(resolve => setTimeout(resolve, 5));

trace.getTracer('shop').startActiveSpan('POST /purchase', span => {
  // 2. Code that knows OpenTelemetry's log API only. Attributes of log records may nest.
  logs.getLogger('payments').emit({
    eventName: 'optimizely.conversion',
    attributes: {
      'feature_flag.context.id': 'visitor-1',
      'optimizely.event.key': 'purchase',
      'optimizely.event.tags': { revenue: 4200, basket: { items: 2 } },
    },
  });
  span.end();
});

// 3. No span at all: a job at night.
recordConversion({ userId: 'visitor-1', eventKey: 'refund' });

const records = exported
  .getFinishedLogRecords()
  .map(({ eventName, instrumentationScope, spanContext, attributes }) => {
    const { 'optimizely.event.uuid': uuid, ...rest } = attributes;
    return { eventName, by: instrumentationScope.name, span: spanContext !== undefined, uuid, rest };
  });
await sdk.shutdown();

console.log('Log records');
for (const { eventName, by, span, rest } of records) {
  console.log(`  ${eventName}, by ${by}, ${span ? 'on a span' : 'without a span'}`);
  for (const [name, value] of Object.entries(rest)) console.log(`    ${name} = ${JSON.stringify(value)}`);
}

const received = endpoint.batches.flatMap(({ events }) => events);
console.log('Received by the Events API');
for (const { type, visitorId, entityId, uuid, problems } of received) {
  const times = received.filter(other => other.uuid === uuid).length;
  const record = records.findIndex(each => each.uuid === uuid) + 1;
  const verdict = problems.length === 0 ? 'counts' : problems.map(({ message }) => message).join(', ');
  console.log(
    `  ${type} of ${visitorId}, entity ${entityId}: log record ${record}, ${times === 1 ? 'once' : `${times} times`}, ${verdict}`,
  );
}
const { recorded, delivered, pending } = processor.ledger();
console.log(`recorded ${recorded}, delivered ${delivered}, pending ${pending}`);
await endpoint.close();
