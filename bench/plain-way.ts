// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import type { Attributes } from '@opentelemetry/api';
import { BasicTracerProvider, type SpanProcessor } from '@opentelemetry/sdk-trace-base';
import { inChunks, inRounds, type Peer } from './call-by-call.js';
import { nanosEach } from './harness/compare.js';
import type { Row, Size } from './harness/row.js';
import {
  BytesDispatcher,
  CountingDispatcher,
  deliverAll,
  makeProcessor,
  OwnDispatcher,
  registerContextManager,
  requireSameInformation,
} from './ours.js';
import { CONVERSION, IMPRESSION, type Kind } from './plain-kinds.js';
import { type PlainVisitor, plainPayload } from './plain-visitor.js';
import { emptyProcessor } from './spans.js';
import { EVENTS_A_TURN, inputs, inTurns } from './workload.js';

const PLAIN = 'randomUUID + JSON.stringify(visitor)';
const PLAIN_BATCH = 'randomUUID + JSON.stringify(payload) + Buffer.from';

/** From Node 22 on, `JSON.stringify` takes little more than half the time that it takes on Node 20. */
const AT_MOST = process.version.startsWith('v20.') ? 0.8 : 1;

export function rows({ short }: Size): Row[] {
  registerContextManager();
  const count = short ? 1_000 : 50_000;
  return [...rowsOf(CONVERSION, count), ...rowsOf(IMPRESSION, count)];
}

function rowsOf<T>(kind: Kind<T>, count: number): Row[] {
  return [
    ...[10, 1_000].flatMap((batchSize): Row[] => {
      const name = `${kind.name} to body without a span, batches of ${batchSize}`;
      const inBytes = `${kind.name} to body as bytes, batches of ${batchSize}, CPU time`;
      const untargeted = { peer: PLAIN, unit: 'ns', rounds: 9 } as const;
      const row = { ...untargeted, target: { atMost: AT_MOST } };
      const makePeer = (events: readonly T[]) => makePlain(kind, events);
      const comparison = { kind, count, batchSize, makePeer };
      return [
        { ...row, name: `${name}, chunks`, open: () => inChunks(comparison) },
        { ...row, name: `${name}, CPU time`, open: () => inRounds(comparison) },
        // More than the target speaks of, and than the peer does.
        { ...untargeted, name: inBytes, open: () => inRounds({ ...comparison, makeDispatcher: makeOwn }) },
        ...rowsOfBatches(kind, count, batchSize),
      ];
    }),
    {
      name: `${kind.name} to body on a recording span, a span an event`,
      peer: `${PLAIN} + bare span.addEvent`,
      unit: 'ns',
      target: { atMost: 1.3 },
      rounds: 15,
      open: () => openWithSpan(kind, count),
    },
  ];
}

/** What a request takes on both sides: bytes of a batch. */
function rowsOfBatches<T>(kind: Kind<T>, count: number, batchSize: number): Row[] {
  const name = `${kind.name} to bytes on both sides, batches of ${batchSize}`;
  const row = { peer: PLAIN_BATCH, unit: 'ns', rounds: 9, target: { atMost: AT_MOST } } as const;
  const makePeer = (events: readonly T[]) => makePlainBatches(kind, events, batchSize);
  const ofBytes = { kind, count, batchSize, makePeer, makeDispatcher: makeOwn };
  const ofText = { ...ofBytes, makeDispatcher: () => new BytesDispatcher() };
  const inTime = [
    { ...row, name: `${name}, CPU time`, open: () => inRounds(ofBytes) },
    { ...row, name: `${name}, a dispatcher that takes texts, CPU time`, open: () => inRounds(ofText) },
  ];
  // In most chunks no larger batch ends.
  if (batchSize > EVENTS_A_TURN) return inTime;
  return [{ ...row, name: `${name}, chunks`, open: () => inChunks(ofBytes) }, ...inTime];
}

const makeOwn = () => new OwnDispatcher();

/** What an application would write that sends batches: it keeps the visitors, and makes one text of them. */
function makePlainBatches<T>(kind: Kind<T>, events: readonly T[], batchSize: number): Peer {
  let visitors: PlainVisitor[] = [];
  let last = Buffer.alloc(0);
  return {
    record: n => {
      visitors.push(kind.visitor(events[n] as T, randomUUID()));
      if (visitors.length < batchSize) return;
      last = Buffer.from(JSON.stringify(plainPayload(visitors)));
      visitors = [];
    },
    check: ourLastBody => requireSameInformation(JSON.parse(ourLastBody), JSON.parse(last.toString())),
  };
}

function makePlain<T>(kind: Kind<T>, events: readonly T[]): Peer {
  let characters = 0;
  let last = '';
  return {
    record: n => {
      last = JSON.stringify(kind.visitor(events[n] as T, randomUUID()));
      characters += last.length;
    },
    check: ourLastBody => {
      if (characters === 0) throw new Error('nothing was serialized');
      requireSameVisitor(ourLastBody, last);
    },
  };
}

/** Both sides start and end a span of the same provider for each event; no exporter, which would cost both the same. */
function openWithSpan<T>(kind: Kind<T>, count: number) {
  const events = inputs(count, kind.make);
  const onSpan: { ours?: unknown; theirs?: unknown } = {};
  const tracerWith = (processor: SpanProcessor) =>
    new BasicTracerProvider({ spanProcessors: [processor] }).getTracer('bench');
  const eventDispatcher = new CountingDispatcher();
  const processor = makeProcessor({ batchSize: 10, eventDispatcher });
  const ourTracer = tracerWith(processor);
  const tracer = tracerWith(emptyProcessor());
  let characters = 0;
  let last = '';
  return {
    ours: () =>
      nanosEach(count, async () => {
        await inTurns(count, n => {
          const span = ourTracer.startSpan('request');
          kind.record(events[n] as T, span);
          span.end();
          onSpan.ours = span;
        });
        await deliverAll(processor);
      }),
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
      requireSameVisitor(eventDispatcher.lastBody, last);
      await processor.shutdown();
    },
  };
}

function requireSameVisitor(ourLastBody: string, theirLastVisitor: string): void {
  const { visitors } = JSON.parse(ourLastBody) as { visitors: unknown[] };
  requireSameInformation(visitors.at(-1), JSON.parse(theirLastVisitor));
}

/** The one event of a span, without its uuid. */
function spanEventOf(span: unknown) {
  const { events } = span as { events: { name: string; attributes?: Attributes }[] };
  return events.map(({ name, attributes }) => ({
    name,
    attributes: { ...attributes, 'optimizely.event.uuid': undefined },
  }));
}
