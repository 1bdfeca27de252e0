// SPDX-License-Identifier: Apache-2.0
import { ROOT_CONTEXT, trace } from '@opentelemetry/api';
import {
  JsonLogsSerializer,
  JsonTraceSerializer,
  ProtobufLogsSerializer,
  ProtobufTraceSerializer,
} from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { LoggerProvider, type SdkLogRecord } from '@opentelemetry/sdk-logs';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { expect } from 'chai';
import { OptimizelySpanProcessor } from 'opentelemetry-exporter-optimizely';
import { readExperimentEvent, readFlagEvaluation } from 'opentelemetry-exporter-optimizely/capture';
import { OptimizelyLogRecordProcessor } from 'opentelemetry-exporter-optimizely/logs';
import { makeDatafile } from '../support/datafile.js';
import { RecordingDispatcher, RecordingLogger } from '../support/fakes.js';
import { ManualRuntime } from '../support/manual-runtime.js';
import { readJson, readProtobuf, type SentEvent } from '../support/otlp-reader.js';

const USER = 'feature_flag.context.id';
const TAGS = 'optimizely.event.tags';
const CONVERSION = { [USER]: 'visitor-7f3a', 'optimizely.event.key': 'purchase' };
const IMPRESSION = {
  [USER]: 'visitor-7f3a',
  'feature_flag.key': 'checkout',
  'optimizely.rule.key': 'checkout_test',
  'feature_flag.result.variant': 'treatment',
};

const processors: { shutdown(): Promise<void> }[] = [];

/** An application that delivers its experiment events itself, and exports its traces and logs over OTLP, too. */
function makeApplication({ resource = {}, spanLimits = {} } = {}) {
  const dispatcher = new RecordingDispatcher();
  const processor = new OptimizelySpanProcessor({
    datafile: makeDatafile(),
    eventDispatcher: dispatcher,
    evaluationEvents: true,
    logger: new RecordingLogger(),
    runtime: new ManualRuntime(),
  });
  processors.push(processor);
  const spans = new InMemorySpanExporter();
  const exported: SentEvent[][] = [];
  const exportAs = (read: (bytes: Uint8Array) => SentEvent[], request: Uint8Array | undefined) =>
    exported.push(read(request ?? Uint8Array.of()));
  const tracer = new BasicTracerProvider({
    resource: resourceFromAttributes(resource),
    spanProcessors: [processor, new SimpleSpanProcessor(spans)],
    spanLimits,
  }).getTracer('test');
  const exporting = {
    onEmit(record: SdkLogRecord) {
      exportAs(readProtobuf, ProtobufLogsSerializer.serializeRequest([record]));
      exportAs(readJson, JsonLogsSerializer.serializeRequest([record]));
    },
    forceFlush: async () => {},
    shutdown: async () => {},
  };
  const log = new LoggerProvider({
    resource: resourceFromAttributes(resource),
    // Before ours, which gives the record its uuid as an attribute.
    processors: [exporting, new OptimizelyLogRecordProcessor(processor)],
  }).getLogger('test');
  /** The uuids that it delivered, and those that a gateway reads: from protobuf, and from JSON. */
  const uuids = async () => {
    await processor.forceFlush();
    const finished = spans.getFinishedSpans();
    if (finished.length > 0) {
      exportAs(readProtobuf, ProtobufTraceSerializer.serializeRequest(finished));
      exportAs(readJson, JsonTraceSerializer.serializeRequest(finished));
    }
    const delivered = dispatcher.visitors.map(visitor => visitor.snapshots[0]?.events[0]?.uuid);
    return { delivered, read: exported.map(events => events.flatMap(uuidOfSent)) };
  };
  return { tracer, log, uuids, exported };
}

function uuidOfSent({ event, origin }: SentEvent): string[] {
  const read = readExperimentEvent(event, origin) ?? readFlagEvaluation(event, origin);
  return read?.kind === 'event' ? [read.event.uuid] : [];
}

describe('an event that is delivered by its process and read from OTLP again', () => {
  afterEach(() => Promise.all(processors.splice(0).map(processor => processor.shutdown())));

  it('has one uuid as a span event, at any time', async () => {
    const { tracer, uuids } = makeApplication();
    const span = tracer.startSpan('request');
    for (const time of [undefined, 1_700_000_000_123, 1_700_000_000_123.25, new Date(1_700_000_000_124)]) {
      span.addEvent('optimizely.impression', IMPRESSION, time);
      span.addEvent('other', {}, time);
      span.addEvent('optimizely.conversion', { ...CONVERSION, [TAGS]: '{"b": 1.5, "a": [1, null]}' }, time);
      span.addEvent('optimizely.conversion', CONVERSION, [1_700_000_000, 1]);
    }
    span.addEvent('feature_flag.evaluation', IMPRESSION);
    span.end();
    const { delivered, read } = await uuids();
    expect(delivered).to.have.length(13);
    // The four conversions of one nanosecond are the same event.
    expect(new Set(delivered)).to.have.property('size', 10);
    expect(read).to.deep.equal([delivered, delivered]);
  });

  it('has one uuid as a log record with a map of tags, of a span', async () => {
    const { tracer, log, uuids } = makeApplication();
    const context = trace.setSpan(ROOT_CONTEXT, tracer.startSpan('request'));
    const tags = { revenue: 4200, value: 1.5, deep: { b: [1, 'ä', null, {}], a: 2 ** 53 - 1 }, ｱ: true };
    log.emit({
      eventName: 'optimizely.conversion',
      context,
      attributes: { ...CONVERSION, [TAGS]: tags as never },
    });
    const { delivered, read } = await uuids();
    expect(delivered).to.have.length(1);
    expect(read).to.deep.equal([delivered, delivered]);
  });

  it('has one uuid as a log record without a span, by the instance of the service', async () => {
    const found = await Promise.all(
      ['instance-1', 'instance-2'].map(async instance => {
        const { log, uuids } = makeApplication({ resource: { 'service.instance.id': instance } });
        log.emit({
          eventName: 'optimizely.impression',
          attributes: IMPRESSION,
          timestamp: 1_700_000_000_123,
        });
        const { delivered, read } = await uuids();
        expect(read).to.deep.equal([delivered, delivered]);
        return delivered[0];
      }),
    );
    expect(found[0]).not.to.equal(found[1]);
  });

  it('has one uuid where a limit has cut its strings', async () => {
    const { tracer, uuids } = makeApplication({ spanLimits: { attributeValueLengthLimit: 10 } });
    const span = tracer.startSpan('request');
    span.addEvent('optimizely.conversion', CONVERSION);
    span.end();
    const { delivered, read } = await uuids();
    expect(delivered).to.have.length(1);
    expect(read).to.deep.equal([delivered, delivered]);
  });

  it('has the uuid of its log record where that has one', async () => {
    const { log, uuids } = makeApplication();
    const attributes = { ...CONVERSION, 'log.record.uid': '01ARZ3NDEKTSV4RRFFQ69G5FAV' };
    log.emit({ eventName: 'optimizely.conversion', attributes });
    log.emit({
      eventName: 'optimizely.conversion',
      attributes: { ...attributes, 'optimizely.event.uuid': 'own' },
    });
    const { delivered, read } = await uuids();
    expect(delivered).to.deep.equal(['01ARZ3NDEKTSV4RRFFQ69G5FAV', 'own']);
    expect(read.flat()).to.deep.equal(delivered.flatMap(uuid => [uuid, uuid]));
  });

  it('has one uuid beside other events of its span that a Collector removes', async () => {
    const { tracer, uuids, exported } = makeApplication();
    const span = tracer.startSpan('request');
    for (let count = 0; count < 5; count++) span.addEvent('exception', { count });
    span.addEvent('optimizely.conversion', CONVERSION);
    span.end();
    const { delivered } = await uuids();
    const kept = exported.flat().filter(({ event }) => event.name === 'optimizely.conversion');
    expect(kept.flatMap(uuidOfSent)).to.deep.equal([...delivered, ...delivered]);
  });
});
