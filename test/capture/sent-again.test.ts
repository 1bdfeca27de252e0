// SPDX-License-Identifier: Apache-2.0
import { JsonTraceSerializer, ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { expect } from 'chai';
import fc from 'fast-check';
import { OptimizelySpanProcessor } from 'opentelemetry-exporter-optimizely';
import { readExperimentEvent } from 'opentelemetry-exporter-optimizely/capture';
import { makeDatafile } from '../support/datafile.js';
import { RecordingDispatcher, RecordingLogger } from '../support/fakes.js';
import { ManualRuntime } from '../support/manual-runtime.js';
import { readJson, readProtobuf, type SentEvent } from '../support/otlp-reader.js';
import { SEED } from '../support/seed.js';
import { RecordingSettlement } from '../support/settlements.js';

/** Spans with one to three experiment events each, among others. */
function makeSpans(sizes: readonly number[]): ReadableSpan[] {
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  const tracer = provider.getTracer('test');
  let users = 0;
  for (const size of sizes) {
    const span = tracer.startSpan('request');
    for (let count = 0; count < size; count++) {
      const user = { 'feature_flag.context.id': `visitor-${users++}` };
      span.addEvent('exception');
      const tags = `{"revenue": ${users}, "value": ${users / 7}}`;
      span.addEvent('optimizely.conversion', {
        ...user,
        'optimizely.event.key': 'purchase',
        'optimizely.event.tags': tags,
      });
    }
    span.end();
  }
  return exporter.getFinishedSpans();
}

/** What a gateway reads of a request. */
function sent(span: ReadableSpan, encoding: 'protobuf' | 'json'): SentEvent[] {
  return encoding === 'protobuf'
    ? readProtobuf(ProtobufTraceSerializer.serializeRequest([span]) ?? Uint8Array.of())
    : readJson(JsonTraceSerializer.serializeRequest([span]) ?? Uint8Array.of());
}

describe('events of requests that are sent again', () => {
  it('are counted once by a server that knows an event by entity, uuid and timestamp', async () => {
    const repeats = fc.array(fc.constantFrom('protobuf' as const, 'json' as const), {
      minLength: 1,
      maxLength: 3,
    });
    const request = fc.tuple(fc.integer({ min: 1, max: 3 }), repeats);
    await fc.assert(
      fc.asyncProperty(fc.array(request, { minLength: 1, maxLength: 20 }), async requests => {
        const dispatcher = new RecordingDispatcher();
        const processor = new OptimizelySpanProcessor({
          datafile: makeDatafile(),
          eventDispatcher: dispatcher,
          logger: new RecordingLogger(),
          runtime: new ManualRuntime(),
        });
        const spans = makeSpans(requests.map(([size]) => size));
        const settlements: RecordingSettlement[] = [];
        for (const [index, [, encodings]] of requests.entries()) {
          for (const encoding of encodings) {
            for (const { event, origin } of sent(spans[index] as ReadableSpan, encoding)) {
              const read = readExperimentEvent(event, origin);
              if (read?.kind !== 'event') continue;
              const settlement = new RecordingSettlement();
              settlements.push(settlement);
              processor.receive(read.event, settlement);
            }
          }
        }
        await processor.shutdown();
        const counted = dispatcher.visitors.map(({ visitor_id, snapshots }) => {
          const [event] = snapshots[0]?.events ?? [];
          return { user: visitor_id, identity: `${event?.entity_id} ${event?.uuid} ${event?.timestamp}` };
        });
        const events = requests.reduce((sum, [size]) => sum + size, 0);
        const handed = requests.reduce((sum, [size, encodings]) => sum + size * encodings.length, 0);
        expect(counted).to.have.length(handed);
        expect(new Set(counted.map(({ identity }) => identity))).to.have.property('size', events);
        expect(new Set(counted.map(({ user }) => user))).to.have.property('size', events);
        expect(settlements.flatMap(({ outcomes }) => outcomes)).to.deep.equal(
          Array.from({ length: handed }, () => 'delivered'),
        );
      }),
      { seed: SEED, numRuns: 50 },
    );
  });
});
