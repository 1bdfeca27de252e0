// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-http';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { expect } from 'chai';
import { startLocalEventsEndpoint } from 'opentelemetry-exporter-optimizely/testing';
import { startGateway } from 'optimizely-event-gateway';
import { SEED } from '../../../test/support/seed.js';
import { skip } from '../../../test/support/skip.js';
import { patience } from '../../../test/support/slowness.cjs';
import { runAgent } from './faults/agent-run.js';
import { expectAllCounted } from './faults/expect-all-counted.js';
import { freePort } from './faults/gateway-process.js';
import { DATAFILE } from './senders/senders.js';
import { collector } from './senders/toolbox.js';
import { startCaptureServer } from './support/capture-server.js';
import { Collector, NO_COLLECTOR } from './support/collector.js';

const SPANS = 100;
const EVENTS = 1_500;
const KILLS = 3;
const LIMIT_MILLIS = patience(120_000);
const conversion = (userId: string) => ({
  'feature_flag.context.id': userId,
  'optimizely.event.key': 'purchase',
});

/** Each says for itself why it is skipped. */
function needsCollector(context: Mocha.Context): void {
  if (!collector.isInstalled) skip(context, NO_COLLECTOR);
}

describe('the gateway behind a Collector', function () {
  this.timeout(LIMIT_MILLIS);

  it('knows an event again that also comes directly, though the Collector drops other events of its span', async function () {
    needsCollector(this);
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

  it(`counts each event once that the Collector took, whatever is killed (seed ${SEED})`, async function () {
    needsCollector(this);
    const report = await runAgent({
      events: EVENTS,
      kills: KILLS,
      seed: SEED,
      limitMillis: LIMIT_MILLIS,
      isHurried: true,
    });
    expectAllCounted(report, EVENTS);
  });

  it('leaves the log records of others to a logging backend, and none of its own', async function () {
    needsCollector(this);
    await using gateway = await startCaptureServer();
    await using logging = await startCaptureServer();
    await using agent = await Collector.start('agent.yaml', {
      env: { GATEWAY_ENDPOINT: baseOf(gateway), LOGGING_ENDPOINT: baseOf(logging) },
      settings: ['exporters::otlphttp/experiments::compression: none', ...LOGGING_AS_JSON],
    });
    const named = (name: string) => ({
      eventName: name,
      attributes: [],
      body: { stringValue: `a field: ${name}` },
    });
    const attributed = (name: string) => ({
      attributes: [{ key: 'event.name', value: { stringValue: name } }],
      body: { stringValue: `an attribute: ${name}` },
    });
    const names = [
      'optimizely.impression',
      'optimizely.conversion',
      'checkout.optimizely.step',
      'device.crash',
    ];
    const records = [
      ...names.map(named),
      ...names.map(attributed),
      { body: { stringValue: 'a line' } },
      ...[{ intValue: '5' }, { boolValue: true }, { bytesValue: '/+8=' }, { kvlistValue: {} }, {}].map(
        (value, index) => ({
          attributes: [{ key: 'event.name', value }],
          body: { stringValue: `no name: ${index}` },
        }),
      ),
    ];
    const { status } = await postJson(agent.url, 'logs', {
      resourceLogs: [{ scopeLogs: [{ logRecords: records }] }],
    });
    expect(status).to.equal(200);
    while (logging.bodies.length === 0 || gateway.bodies.length === 0) await new Promise(setImmediate);
    const seen = logging.bodies.join();
    const linesOf = (text: string) =>
      records.map(({ body }) => body.stringValue).filter(line => text.includes(`${line}"`));
    expect(linesOf(seen)).to.have.members([
      'a field: checkout.optimizely.step',
      'a field: device.crash',
      'an attribute: checkout.optimizely.step',
      'an attribute: device.crash',
      'a line',
      ...Array.from({ length: 5 }, (_, index) => `no name: ${index}`),
    ]);
  });

  it('answers senders while the backends of others are away', async function () {
    needsCollector(this);
    const away = `http://127.0.0.1:${await freePort()}`;
    await using gateway = await startCaptureServer();
    await using agent = await Collector.start('agent.yaml', {
      env: { GATEWAY_ENDPOINT: baseOf(gateway), TRACING_ENDPOINT: away, LOGGING_ENDPOINT: away },
      settings: [
        ...['tracing', 'logging'].map(name => `exporters::otlphttp/${name}::sending_queue::queue_size: 1`),
        'processors::batch::timeout: 1ms',
        'processors::tail_sampling::decision_wait: 1ms',
      ],
    });
    const span = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7', name: 'GET /' };
    const line = { body: { stringValue: 'a line' } };
    const answers: number[] = [];
    for (let n = 0; n < 50; n++) {
      const spans = await postJson(agent.url, 'traces', {
        resourceSpans: [{ scopeSpans: [{ spans: [span] }] }],
      });
      const logs = await postJson(agent.url, 'logs', {
        resourceLogs: [{ scopeLogs: [{ logRecords: [line] }] }],
      });
      answers.push(spans.status, logs.status);
    }
    expect(new Set(answers)).to.deep.equal(new Set([200]));
  });
});

const LOGGING_AS_JSON = [
  'exporters::otlphttp/logging::encoding: json',
  'exporters::otlphttp/logging::compression: none',
  'processors::batch::timeout: 10ms',
];

const baseOf = ({ url }: { readonly url: string }) => url.replace('/v1/events', '');

function postJson(url: string, signal: 'logs' | 'traces', body: object): Promise<Response> {
  return fetch(`${url}/v1/${signal}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}
