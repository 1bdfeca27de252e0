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
import { makeUserEvent } from '../support/fakes.js';
import { eventsOf, makeDatafile, makeInspector } from './harness.js';

const LOOPBACK = 'http://127.0.0.1:4319/v1/events';
const CAUSE = 'X-Optimizely-Inspect-Cause';
const SPANS = 'X-Optimizely-Inspect-Spans';

function makeSender(options: Partial<OptimizelySpanProcessorOptions> = {}) {
  const sent: { headers: Record<string, string>; body: string }[] = [];
  const processor = new OptimizelySpanProcessor({
    datafile: makeDatafile(),
    eventDispatcher: {
      dispatchEvent: async ({ headers, body }: LogEvent) => {
        sent.push({ headers: { ...headers }, body });
        return { statusCode: 204, headers: { 'x-optimizely-inspect': 'notes' } };
      },
    },
    ...options,
  });
  const provider = new BasicTracerProvider({ spanProcessors: [processor] });
  /** The endpoint has answered once, and asked. */
  const asked = async () => {
    processor.recordConversion({ userId: 'first', eventKey: 'purchase' });
    await processor.forceFlush();
    sent.length = 0;
  };
  return { processor, sent, asked, tracer: provider.getTracer('test') };
}

describe('inspect: what senders tell', () => {
  before(() => {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager());
  });
  after(() => {
    context.disable();
  });

  it('is why a batch was closed, and the spans of its events', async () => {
    await using inspector = await makeInspector({ now: () => Date.now() });
    const processor = new OptimizelySpanProcessor({
      datafile: makeDatafile(),
      endpoint: `${inspector.url}v1/events`,
      batchSize: 3,
    });
    const provider = new BasicTracerProvider({ spanProcessors: [processor] });
    const span = provider.getTracer('test').startSpan('request');
    processor.recordConversion({ userId: 'ann', eventKey: 'purchase' }, span);
    await processor.forceFlush();
    context.with(trace.setSpan(context.active(), span), () => {
      processor.recordImpression({ userId: 'ada', ruleKey: 'banner', variationKey: 'control' });
    });
    processor.recordConversion({ userId: 'bob', eventKey: 'purchase' });
    span.addEvent('optimizely.conversion', {
      'feature_flag.context.id': 'cyd',
      'optimizely.event.key': 'purchase',
    });
    span.end();
    processor.recordConversion({ userId: 'dee', eventKey: 'purchase' });
    await provider.shutdown();
    const view = await inspector.rows();
    const causes = view.rows.filter(row => row.kind === 'batch').map(({ cause }) => cause);
    // What comes before the inspector's first answer is told nothing of.
    expect(causes.sort()).to.deep.equal(['shutdown', 'size', undefined]);
    const { traceId, spanId } = span.spanContext();
    const spans = Object.fromEntries(
      eventsOf(view).map(event => [event.visitorId, [event.traceId, event.spanId]]),
    );
    expect(spans).to.deep.equal({
      ann: [undefined, undefined],
      ada: [traceId, spanId],
      bob: [undefined, undefined],
      cyd: [traceId, spanId],
      dee: [undefined, undefined],
    });
  });

  for (const endpoint of [
    undefined,
    'https://127.0.0.1:4319/v1/events',
    'http://10.0.0.1/v1/events',
    'http://127.0.0.1.evil.example/v1/events',
    'http://localhost.evil.example/v1/events',
    'http://evil.example/?127.0.0.1',
  ]) {
    it(`is told to nobody at ${endpoint ?? "Optimizely's own address"}`, async () => {
      const { processor, sent, asked, tracer } = makeSender({ endpoint });
      await asked();
      tracer.startActiveSpan('request', span => {
        processor.recordConversion({ userId: 'ada', eventKey: 'purchase' });
        span.end();
      });
      await processor.shutdown();
      expect(sent[0]?.headers).to.deep.equal({ 'Content-Type': 'application/json' });
    });
  }

  for (const endpoint of [LOOPBACK, 'http://localhost:4319/v1/events', 'http://[::1]:4319/v1/events']) {
    it(`is told at ${endpoint}, and changes nothing else`, async () => {
      const { processor, sent, asked, tracer } = makeSender({ endpoint });
      const other = makeSender();
      await Promise.all([asked(), other.asked()]);
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

  it('is told to nobody on this machine who has not asked', async () => {
    const { processor, sent } = makeSender({ endpoint: LOOPBACK });
    processor.recordConversion({ userId: 'ada', eventKey: 'purchase' });
    await processor.shutdown();
    expect(sent[0]?.headers).to.deep.equal({ 'Content-Type': 'application/json' });
  });

  it('leaves what a listener took out where it is', async () => {
    const notificationCenter = new NotificationCenter();
    notificationCenter.addNotificationListener(NotificationType.LOG_EVENT, ({ params }) => {
      for (const visitor of params.visitors) visitor.visitor_id = 'redacted';
    });
    const { processor, sent, asked } = makeSender({ endpoint: LOOPBACK, notificationCenter });
    await asked();
    processor.recordConversion({ userId: 'ada', eventKey: 'purchase' });
    await processor.shutdown();
    expect(sent[0]?.body).to.contain('redacted').and.not.to.contain('ada');
    expect(sent[0]?.headers).to.have.property(CAUSE, 'shutdown');
  });

  it('is no longer than servers take', async () => {
    const { processor, sent, asked, tracer } = makeSender({ endpoint: LOOPBACK, batchSize: 1_000 });
    await asked();
    tracer.startActiveSpan('request', span => {
      for (let event = 0; event < 1_000; event++)
        processor.recordConversion({ userId: 'ada', eventKey: 'purchase' });
      span.end();
    });
    await processor.shutdown();
    expect(sent[0]?.headers[SPANS]?.split(',')).to.have.length(150);
    expect(sent[0]?.headers[SPANS]).to.have.length.below(8_000);
  });

  it('is the cause alone without OpenTelemetry', async () => {
    const headers: object[] = [];
    const processor = new BatchEventProcessor({
      endpoint: LOOPBACK,
      startOnInit: true,
      eventDispatcher: {
        dispatchEvent: async (logEvent: LogEvent) => {
          headers.push({ ...logEvent.headers });
          return { headers: { 'x-optimizely-inspect': 'notes' } };
        },
      },
    });
    processor.process(makeUserEvent());
    await processor.flush();
    processor.process(makeUserEvent());
    await processor.stop();
    expect(headers).to.deep.equal([
      { 'Content-Type': 'application/json' },
      { 'Content-Type': 'application/json', [CAUSE]: 'shutdown' },
    ]);
  });
});
