// SPDX-License-Identifier: Apache-2.0
import { SpanKind, trace } from '@opentelemetry/api';
import { logs } from '@opentelemetry/api-logs';
import {
  JsonLogsSerializer,
  JsonTraceSerializer,
  ProtobufLogsSerializer,
  ProtobufTraceSerializer,
} from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { expect } from 'chai';
import { MEDIA_TYPES, makeDoor } from './support/otlp-door.js';

const ATTRIBUTES = {
  'feature_flag.context.id': 'Jörg 🦊',
  'optimizely.event.key': 'purchase',
  'optimizely.event.tags': '{"revenue":4200}',
  flags: [true, false],
  amounts: [1, 1.5],
};
const RESOURCE = resourceFromAttributes({ 'service.name': 'shop', 'optimizely.project': 'eu' });
const TIME: [number, number] = [1_700_000_000, 123_456_789];

describe("OTLP: what OpenTelemetry's JavaScript SDK serializes", () => {
  for (const [encoding, serializer] of [
    ['protobuf', ProtobufTraceSerializer],
    ['json', JsonTraceSerializer],
  ] as const) {
    it(`is read as it was recorded: span events in ${encoding}`, async () => {
      const exporter = new InMemorySpanExporter();
      const provider = new BasicTracerProvider({
        resource: RESOURCE,
        spanProcessors: [new SimpleSpanProcessor(exporter)],
      });
      const span = provider.getTracer('test').startSpan('a request', { kind: SpanKind.SERVER });
      span.addEvent('exception', { 'exception.message': 'x' });
      span.addEvent('optimizely.conversion', ATTRIBUTES, TIME);
      span.end();
      const body = serializer.serializeRequest(exporter.getFinishedSpans());
      const { taken, send } = makeDoor('traces');
      expect((await send(Buffer.from(body as Uint8Array), MEDIA_TYPES[encoding])).status).to.equal(200);
      const { traceId, spanId } = span.spanContext();
      const [event] = taken[0]?.events ?? [];
      expect(taken[0]?.events).to.have.length(1);
      expect(event).to.include({ traceId, spanId, timeUnixNano: 1_700_000_000_123_456_789n });
      expect({ ...event?.attributes }).to.deep.equal(ATTRIBUTES);
      expect({ ...event?.resource }).to.deep.equal({ 'optimizely.project': 'eu' });
      await provider.shutdown();
    });
  }

  it('is read as it was recorded: numbers in JSON that are written as integers of more than 64 bits', async () => {
    const exporter = new InMemorySpanExporter();
    const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
    const large = { most: Number.MAX_VALUE, least: -Number.MAX_VALUE, list: [1e21, 2 ** 63] };
    const span = provider.getTracer('test').startSpan('a request');
    span.addEvent('optimizely.conversion', { ...ATTRIBUTES, ...large });
    span.end();
    const { taken, send } = makeDoor('traces');
    const body = JsonTraceSerializer.serializeRequest(exporter.getFinishedSpans());
    await send(Buffer.from(body as Uint8Array), MEDIA_TYPES.json);
    expect({ ...taken[0]?.events[0]?.attributes }).to.deep.equal({ ...ATTRIBUTES, ...large });
    await provider.shutdown();
  });

  for (const [encoding, serializer] of [
    ['protobuf', ProtobufLogsSerializer],
    ['json', JsonLogsSerializer],
  ] as const) {
    it(`is read as it was recorded: log records in ${encoding}`, async () => {
      const exporter = new InMemoryLogRecordExporter();
      const provider = new LoggerProvider({
        resource: RESOURCE,
        processors: [new SimpleLogRecordProcessor({ exporter })],
      });
      const nested = { tags: { revenue: 4200, sizes: ['m', { eu: 38 }] }, bytes: new Uint8Array([1, 2]) };
      const logger = provider.getLogger('test');
      logger.emit({ body: 'a line' });
      logger.emit({
        eventName: 'optimizely.conversion',
        attributes: { ...ATTRIBUTES, ...nested },
        timestamp: TIME,
      });
      const body = serializer.serializeRequest(exporter.getFinishedLogRecords());
      const { taken, send } = makeDoor('logs');
      expect((await send(Buffer.from(body as Uint8Array), MEDIA_TYPES[encoding])).status).to.equal(200);
      expect(taken[0]?.events).to.have.length(1);
      const [event] = taken[0]?.events ?? [];
      expect(event).to.include({ traceId: '', spanId: '', timeUnixNano: 1_700_000_000_123_456_789n });
      const { tags, sizes: _, ...attributes } = { ...event?.attributes } as Record<string, unknown>;
      expect(attributes).to.deep.equal({ ...ATTRIBUTES, bytes: nested.bytes });
      expect(JSON.parse(JSON.stringify(tags))).to.deep.equal(nested.tags);
      await provider.shutdown();
    });
  }

  afterEach(() => {
    trace.disable();
    logs.disable();
  });
});
