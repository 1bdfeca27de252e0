// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-http';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { expect } from 'chai';
import { startLocalEventsEndpoint } from 'opentelemetry-exporter-optimizely/testing';
import { startGateway } from 'optimizely-event-gateway';
import { skip } from '../../../test/support/skip.js';
import { DATAFILE } from './senders/senders.js';
import { collector } from './senders/toolbox.js';
import { startCaptureServer } from './support/capture-server.js';
import { Collector, NO_COLLECTOR } from './support/collector.js';

const SPANS = 100;
const conversion = (userId: string) => ({
  'feature_flag.context.id': userId,
  'optimizely.event.key': 'purchase',
});

describe('the gateway behind a Collector', () => {
  before(function () {
    if (!collector.isInstalled) skip(this as unknown as Mocha.Context, NO_COLLECTOR);
  });

  it('knows an event again that also comes directly, though the Collector drops other events of its span', async function () {
    if (!collector.isInstalled) skip(this, NO_COLLECTOR);
    await using endpoint = await startLocalEventsEndpoint({ datafile: readFileSync(DATAFILE, 'utf8') });
    // One for each way: a gateway that remembers an event does not deliver its repeat.
    const options = { datafile: DATAFILE, endpoint: endpoint.url, port: 0, logLevel: 'silent' } as const;
    await using direct = await startGateway(options);
    await using behind = await startGateway(options);
    await using tracing = await startCaptureServer();
    await using agent = await Collector.start('agent.yaml', {
      env: { GATEWAY_ENDPOINT: behind.url, TRACING_ENDPOINT: tracing.url.replace('/v1/events', '') },
    });

    const ways = [direct.url, agent.url];
    const spans = new BasicTracerProvider({
      spanProcessors: ways.map(
        url => new BatchSpanProcessor(new OTLPTraceExporter({ url: `${url}/v1/traces` })),
      ),
    });
    const logs = new LoggerProvider({
      processors: ways.map(
        url => new BatchLogRecordProcessor({ exporter: new OTLPLogExporter({ url: `${url}/v1/logs` }) }),
      ),
    });
    const logger = logs.getLogger('shop');
    for (let n = 0; n < SPANS; n++) {
      const span = spans.getTracer('shop').startSpan('GET /');
      span.addEvent('cache.miss');
      span.addEvent('optimizely.conversion', conversion(`span-${n}`));
      span.addEvent('exception', { 'exception.message': 'out of stock' });
      span.addEvent('optimizely.conversion', {
        ...conversion(`span-${n}`),
        'optimizely.event.key': 'signup',
      });
      span.end();
      logger.emit({ body: 'a line' });
      logger.emit({
        eventName: 'optimizely.conversion',
        attributes: conversion(`log-${n}`),
        timestamp: Date.now(),
      });
    }
    await spans.shutdown();
    await logs.shutdown();

    const sent = () => endpoint.batches.flatMap(({ events }) => events.map(({ uuid }) => uuid));
    while (sent().length < 6 * SPANS) await new Promise(setImmediate);
    expect(sent()).to.have.length(6 * SPANS);
    expect(new Set(sent()).size, 'by uuid').to.equal(3 * SPANS);
  });
});
