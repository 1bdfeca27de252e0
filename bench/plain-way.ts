// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import type { Attributes } from '@opentelemetry/api';
import { BasicTracerProvider, type SpanProcessor } from '@opentelemetry/sdk-trace-base';
import { nanosEach } from './compare.js';
import {
  CountingDispatcher,
  deliverAll,
  makeProcessor,
  registerContextManager,
  requireSameInformation,
} from './ours.js';
import { CONVERSION, IMPRESSION, type Kind } from './plain-kinds.js';
import type { Row, Size } from './row.js';
import { emptyProcessor } from './spans.js';
import { inputs, inTurns } from './workload.js';

const FLOOR = 'randomUUID + JSON.stringify(visitor)';

export function rows({ short }: Size): Row[] {
  registerContextManager();
  const count = short ? 1_000 : 50_000;
  return [...rowsOf(CONVERSION, count), ...rowsOf(IMPRESSION, count)];
}

function rowsOf<T>(kind: Kind<T>, count: number): Row[] {
  return [
    ...[10, 1_000].map(
      (batchSize): Row => ({
        name: `${kind.name} to body without a span, batches of ${batchSize}`,
        peer: FLOOR,
        unit: 'ns',
        target: { atMost: 1 },
        rounds: 15,
        open: () => openWithoutSpan(kind, count, batchSize),
      }),
    ),
    {
      name: `${kind.name} to body on a recording span, a span an event`,
      peer: `${FLOOR} + bare span.addEvent`,
      unit: 'ns',
      target: { atMost: 1.3 },
      rounds: 15,
      open: () => openWithSpan(kind, count),
    },
  ];
}

function openWithoutSpan<T>(kind: Kind<T>, count: number, batchSize: number) {
  const events = inputs(count, kind.make);
  const side = ourSide(batchSize, count, n => kind.record(events[n] as T));
  let characters = 0;
  let last = '';
  return {
    ours: side.run,
    theirs: () =>
      nanosEach(count, () =>
        inTurns(count, n => {
          last = JSON.stringify(kind.visitor(events[n] as T, randomUUID()));
          characters += last.length;
        }),
      ),
    close: () => {
      if (characters === 0) throw new Error('nothing was serialized');
      return side.close(last);
    },
  };
}

/** Both sides start and end a span of the same provider for each event; no exporter, which would cost both the same. */
function openWithSpan<T>(kind: Kind<T>, count: number) {
  const events = inputs(count, kind.make);
  const onSpan: { ours?: unknown; theirs?: unknown } = {};
  const tracerWith = (processor: SpanProcessor) =>
    new BasicTracerProvider({ spanProcessors: [processor] }).getTracer('bench');
  const side = ourSide(10, count, n => {
    const span = ourTracer.startSpan('request');
    kind.record(events[n] as T, span);
    span.end();
    onSpan.ours = span;
  });
  const ourTracer = tracerWith(side.processor);
  const tracer = tracerWith(emptyProcessor());
  let characters = 0;
  let last = '';
  return {
    ours: side.run,
    theirs: () =>
      nanosEach(count, () =>
        inTurns(count, n => {
          const span = tracer.startSpan('request');
          const input = events[n] as T;
          const uuid = randomUUID();
          last = JSON.stringify(kind.visitor(input, uuid));
          characters += last.length;
          span.addEvent(...kind.spanEvent(input, uuid));
          span.end();
          onSpan.theirs = span;
        }),
      ),
    close: async () => {
      if (characters === 0) throw new Error('nothing was serialized');
      requireSameInformation(spanEventOf(onSpan.ours), spanEventOf(onSpan.theirs));
      await side.close(last);
    },
  };
}

function ourSide(batchSize: number, count: number, record: (n: number) => void) {
  const eventDispatcher = new CountingDispatcher();
  const processor = makeProcessor({ batchSize, eventDispatcher });
  return {
    processor,
    run: () =>
      nanosEach(count, async () => {
        await inTurns(count, record);
        await deliverAll(processor);
      }),
    close: async (theirLastVisitor: string) => {
      const { visitors } = JSON.parse(eventDispatcher.lastBody) as { visitors: unknown[] };
      requireSameInformation(visitors.at(-1), JSON.parse(theirLastVisitor));
      await processor.shutdown();
    },
  };
}

/** The one event of a span, without its uuid. */
function spanEventOf(span: unknown) {
  const { events } = span as { events: { name: string; attributes?: Attributes }[] };
  return events.map(({ name, attributes }) => ({
    name,
    attributes: { ...attributes, 'optimizely.event.uuid': undefined },
  }));
}
