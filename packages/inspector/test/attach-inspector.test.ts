// SPDX-License-Identifier: Apache-2.0
import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import { expect } from 'chai';
import {
  BatchEventProcessor,
  type LogEvent,
  NotificationCenter,
  NotificationType,
  OptimizelySpanProcessor,
  type OptimizelySpanProcessorOptions,
} from 'opentelemetry-exporter-optimizely';
import { createSpanEventDispatcher } from 'opentelemetry-exporter-optimizely/optimizely-sdk';
import { attachInspector } from 'optimizely-event-inspector';
import { makeClient, VERSIONS } from '../../../test/optimizely-sdk/clients.js';
import { readDatafile } from '../../../test/optimizely-sdk/datafiles.js';
import { makeUserEvent } from '../../../test/support/fakes.js';
import { eventsOf, makeDatafile, makeInspector } from './harness.js';

const LOOPBACK = 'http://127.0.0.1:4319/v1/events';
const CAUSE = 'X-Optimizely-Inspect-Cause';
const SPANS = 'X-Optimizely-Inspect-Spans';

function makeSender(options: Partial<OptimizelySpanProcessorOptions> = {}) {
  const sent: { headers: Record<string, string>; body: string }[] = [];
  const notificationCenter = new NotificationCenter();
  const inspector = attachInspector(notificationCenter);
  const processor = new OptimizelySpanProcessor({
    datafile: makeDatafile(),
    notificationCenter,
    eventDispatcher: {
      dispatchEvent: async ({ headers, body }: LogEvent) => {
        sent.push({ headers: { ...headers }, body });
        return { statusCode: 204 };
      },
    },
    ...options,
  });
  const provider = new BasicTracerProvider({
    spanProcessors: [processor, inspector],
    spanLimits: { eventCountLimit: 1_000 },
  });
  return { inspector, processor, notificationCenter, sent, tracer: provider.getTracer('test') };
}

describe('an attached inspector', () => {
  before(() => {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager());
  });
  after(() => {
    context.disable();
  });

  it('is told why a batch was closed, and the spans of its events', async () => {
    await using inspector = await makeInspector({ now: () => Date.now() });
    const notificationCenter = new NotificationCenter();
    const processor = new OptimizelySpanProcessor({
      datafile: makeDatafile(),
      endpoint: `${inspector.url}v1/events`,
      batchSize: 3,
      notificationCenter,
    });
    const provider = new BasicTracerProvider({
      spanProcessors: [processor, attachInspector(notificationCenter)],
    });
    const span = provider.getTracer('test').startSpan('request');
    processor.recordConversion({ userId: 'ann', eventKey: 'purchase' }, span);
    await processor.forceFlush();
    context.with(trace.setSpan(context.active(), span), () => {
      processor.recordImpression({ userId: 'ada', ruleKey: 'banner', variationKey: 'control' });
    });
    processor.recordConversion({ userId: 'bob', eventKey: 'purchase' });
    // By hand, without a uuid.
    span.addEvent('optimizely.conversion', {
      'feature_flag.context.id': 'cyd',
      'optimizely.event.key': 'purchase',
    });
    span.end();
    processor.recordConversion({ userId: 'dee', eventKey: 'purchase' });
    await provider.shutdown();
    const view = await inspector.rows();
    const causes = view.rows.filter(row => row.kind === 'batch').map(({ cause }) => cause);
    expect(causes.sort()).to.deep.equal(['flush', 'shutdown', 'size']);
    const { traceId, spanId } = span.spanContext();
    const spans = Object.fromEntries(
      eventsOf(view).map(event => [event.visitorId, [event.traceId, event.spanId]]),
    );
    expect(spans).to.deep.equal({
      ann: [traceId, spanId],
      ada: [traceId, spanId],
      bob: [undefined, undefined],
      cyd: [traceId, spanId],
      dee: [undefined, undefined],
    });
  });

  it('knows the spans of events that come as log records', async () => {
    const { inspector, processor, sent } = makeSender({ endpoint: LOOPBACK });
    const uuid = processor.recordConversion({ userId: 'ada', eventKey: 'purchase' });
    const spanContext = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) };
    const attributes = { 'optimizely.event.uuid': uuid };
    inspector.onEmit({ eventName: 'optimizely.conversion', attributes, hrTime: [1, 0], spanContext });
    await processor.shutdown();
    expect(sent[0]?.headers[SPANS]).to.equal(`${spanContext.traceId}-${spanContext.spanId}`);
  });

  for (const version of VERSIONS) {
    it(`knows the spans of events of the official SDK ${version}`, async () => {
      const datafile = readDatafile();
      const { processor, sent, tracer } = makeSender({ endpoint: LOOPBACK, datafile });
      const eventDispatcher = createSpanEventDispatcher(processor);
      const { traceId, spanId } = tracer.startActiveSpan('request', span => {
        makeClient(version, { datafile, eventDispatcher }).track('purchase', 'ann');
        span.end();
        return span.spanContext();
      });
      await processor.shutdown();
      expect(sent[0]?.headers[SPANS]).to.equal(`${traceId}-${spanId}`);
    });
  }

  for (const endpoint of [
    undefined,
    'https://127.0.0.1:4319/v1/events',
    'http://10.0.0.1/v1/events',
    'http://127.0.0.1.evil.example/v1/events',
    'http://localhost.evil.example/v1/events',
    'http://evil.example/?127.0.0.1',
  ]) {
    it(`adds nothing to a request to ${endpoint ?? "Optimizely's own address"}`, async () => {
      const { processor, sent, tracer } = makeSender({ endpoint });
      tracer.startActiveSpan('request', span => {
        processor.recordConversion({ userId: 'ada', eventKey: 'purchase' });
        span.end();
      });
      await processor.shutdown();
      expect(sent[0]?.headers).to.deep.equal({ 'Content-Type': 'application/json' });
    });
  }

  for (const endpoint of [LOOPBACK, 'http://localhost:4319/v1/events', 'http://[::1]:4319/v1/events']) {
    it(`adds headers to a request to ${endpoint}, and changes nothing else`, async () => {
      const { processor, sent, tracer } = makeSender({ endpoint });
      const other = makeSender();
      tracer.startActiveSpan('request', span => {
        const conversion = { userId: 'ada', eventKey: 'purchase', uuid: 'one', timestamp: 1_700_000_000_000 };
        for (const sender of [processor, other.processor]) sender.recordConversion(conversion);
        span.end();
      });
      await Promise.all([processor.shutdown(), other.processor.shutdown()]);
      expect(sent[0]?.headers).to.have.all.keys('Content-Type', CAUSE, SPANS);
      expect(sent[0]?.body).to.equal(other.sent[0]?.body);
    });
  }

  it('adds nothing any more once it is detached', async () => {
    const { inspector, processor, sent } = makeSender({ endpoint: LOOPBACK });
    inspector.detach();
    processor.recordConversion({ userId: 'ada', eventKey: 'purchase' });
    await processor.shutdown();
    expect(sent[0]?.headers).to.deep.equal({ 'Content-Type': 'application/json' });
  });

  it('leaves what another listener took out where it is', async () => {
    const { processor, notificationCenter, sent } = makeSender({ endpoint: LOOPBACK });
    notificationCenter.addNotificationListener(NotificationType.LOG_EVENT, ({ params }) => {
      for (const visitor of params.visitors) visitor.visitor_id = 'redacted';
    });
    processor.recordConversion({ userId: 'visitor-1', eventKey: 'purchase' });
    await processor.shutdown();
    expect(sent[0]?.body).to.contain('redacted').and.not.to.contain('visitor-1');
    expect(sent[0]?.headers).to.have.property(CAUSE, 'shutdown');
  });

  it('adds no longer a header than servers take', async () => {
    const { processor, sent, tracer } = makeSender({ endpoint: LOOPBACK, batchSize: 1_000 });
    tracer.startActiveSpan('request', span => {
      for (let event = 0; event < 1_000; event++)
        processor.recordConversion({ userId: 'ada', eventKey: 'purchase' });
      span.end();
    });
    await processor.shutdown();
    expect(sent[0]?.headers[SPANS]?.split(',')).to.have.length(150);
    expect(sent[0]?.headers[SPANS]).to.have.length.below(8_000);
  });

  it('is told the cause alone without OpenTelemetry', async () => {
    const headers: object[] = [];
    const notificationCenter = new NotificationCenter();
    attachInspector(notificationCenter);
    const processor = new BatchEventProcessor({
      endpoint: LOOPBACK,
      startOnInit: true,
      notificationCenter,
      eventDispatcher: {
        dispatchEvent: async (logEvent: LogEvent) => {
          headers.push({ ...logEvent.headers });
          return { statusCode: 204 };
        },
      },
    });
    processor.process(makeUserEvent());
    await processor.stop();
    expect(headers).to.deep.equal([{ 'Content-Type': 'application/json', [CAUSE]: 'shutdown' }]);
  });
});
