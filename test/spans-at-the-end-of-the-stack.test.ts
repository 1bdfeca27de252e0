// SPDX-License-Identifier: Apache-2.0
import { setFlagsFromString } from 'node:v8';
import { BasicTracerProvider, type ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { expect } from 'chai';
import {
  type ExperimentEvent,
  OptimizelySpanProcessor,
  type OptimizelySpanProcessorOptions,
} from 'opentelemetry-exporter-optimizely';
import { makeDatafile } from './support/datafile.js';
import { atTheEndOfTheStack } from './support/end-of-the-stack.js';
import { RecordingDispatcher, RecordingLogger } from './support/fakes.js';
import { ManualRuntime, settle } from './support/manual-runtime.js';
import { skip } from './support/skip.js';

const EVENTS_A_SPAN = 3;
const FRAMES = 80;

let processor: OptimizelySpanProcessor | undefined;

function makeProcessor(options: Partial<OptimizelySpanProcessorOptions> = {}) {
  const runtime = new ManualRuntime();
  const dispatcher = new RecordingDispatcher();
  processor = new OptimizelySpanProcessor({
    datafile: makeDatafile(),
    runtime,
    eventDispatcher: dispatcher,
    logger: new RecordingLogger(),
    ...options,
  });
  return { processor, dispatcher, runtime };
}

/** Spans that ended with raw events, of which each is another visitor's. */
function makeSpans(count: number): ReadableSpan[] {
  const tracer = new BasicTracerProvider().getTracer('test');
  return Array.from({ length: count }, (_, n) => {
    const span = tracer.startSpan('request');
    for (let event = 0; event < EVENTS_A_SPAN; event++) {
      span.addEvent('optimizely.conversion', {
        'feature_flag.context.id': `visitor ${n} ${event}`,
        'optimizely.event.key': 'purchase',
      });
    }
    span.end();
    return span as unknown as ReadableSpan;
  });
}

const sink = (levels: number): number => (levels === 0 ? 0 : 1 + sink(levels - 1));

/** As much of the stack, in frames of `sink`, as `onEnd` takes before it can catch anything. */
const OWN_FRAMES = 8;

/** So many more it may take where earlier tests have made V8 optimize it. */
const OPTIMIZED_FRAMES = 8;

describe('a span that ends where the stack does', () => {
  // Code that V8 has optimized takes as much of the stack at once as all that it calls.
  before(() => setFlagsFromString('--no-opt'));
  after(() => setFlagsFromString('--opt'));
  afterEach(() => processor?.shutdown());

  for (const [name, options, then] of [
    ['by default', {}, 'nothing'],
    ['with a batch an event', { batchSize: 1 }, 'nothing'],
    ['with beforeSend', { beforeSend: (event: unknown) => event }, 'nothing'],
    ['before a flush', {}, 'flush'],
    ['before a shutdown', {}, 'shutdown'],
  ] as const) {
    it(`makes onEnd throw from no frame that has room for it, and each of its events is counted, ${name}`, async function () {
      let kept = 0;
      for (let offset = 0; offset < 12; offset++) {
        const made = makeProcessor(options as Partial<OptimizelySpanProcessorOptions>);
        const spans = makeSpans(FRAMES + 1);
        let ended = 0;
        let thrown = 0;
        atTheEndOfTheStack(FRAMES, offset, () => {
          const span = spans.pop();
          if (span === undefined) return;
          sink(OWN_FRAMES);
          try {
            made.processor.onEnd(span);
            ended++;
          } catch {
            thrown++;
          }
        });
        expect(thrown, `thrown at offset ${offset}`).to.be.at.most(OPTIMIZED_FRAMES);
        const before = made.processor.ledger().recorded;
        if (then === 'flush') await made.processor.forceFlush();
        if (then === 'shutdown') await made.processor.shutdown();
        await settle();
        const { recorded } = made.processor.ledger();
        if (recorded > before) kept++;
        // In code that V8 has optimized the stack may end between the last event of a span and its count.
        expect(recorded, `offset ${offset}`).to.be.within((ended - 1) * EVENTS_A_SPAN, ended * EVENTS_A_SPAN);
        await made.runtime.advance(31_000);
        const { delivered, pending, dropped } = made.processor.ledger();
        const { interrupted = 0, invalid = 0, before_send = 0, ...others } = dropped;
        expect({ pending, others }).to.deep.equal({ pending: 0, others: {} });
        expect(delivered + interrupted + invalid + before_send).to.equal(recorded);
        const visitors = made.dispatcher.visitors.map(visitor => visitor.visitor_id);
        expect(new Set(visitors).size, 'none is sent twice').to.equal(visitors.length);
        await made.processor.shutdown();
      }
      if (kept === 0)
        skip(this, 'V8 has compiled it into one frame, in which no stack ends: run this file alone');
    });
  }

  it('has each event counted once where beforeSend shuts the processor down while what was left is read', async function () {
    let kept = 0;
    for (let offset = 0; offset < 12; offset++) {
      let isOver = false;
      const beforeSend = (event: ExperimentEvent) => {
        if (isOver) void made.processor.shutdown();
        return event;
      };
      const made = makeProcessor({ beforeSend });
      const spans = makeSpans(FRAMES + 1);
      let ended = 0;
      atTheEndOfTheStack(FRAMES, offset, () => {
        const span = spans.pop();
        if (span === undefined) return;
        sink(OWN_FRAMES);
        try {
          made.processor.onEnd(span);
          ended++;
        } catch {
          // No frame had room for it.
        }
      });
      isOver = true;
      const before = made.processor.ledger().recorded;
      await settle();
      await made.processor.shutdown();
      const { recorded, delivered, pending, dropped } = made.processor.ledger();
      if (recorded > before + 1) kept++;
      expect(recorded, `offset ${offset}`).to.be.within((ended - 1) * EVENTS_A_SPAN, ended * EVENTS_A_SPAN);
      // Those of the span that was being read come behind it.
      const { interrupted = 0, invalid = 0, already_shutdown = 0, ...others } = dropped;
      expect(already_shutdown).to.be.at.most(EVENTS_A_SPAN);
      expect({ pending, others }).to.deep.equal({ pending: 0, others: {} });
      expect(delivered + interrupted + invalid + already_shutdown).to.equal(recorded);
      const visitors = made.dispatcher.visitors.map(visitor => visitor.visitor_id);
      expect(new Set(visitors).size, 'none is sent twice').to.equal(visitors.length);
    }
    if (kept === 0)
      skip(this, 'V8 has compiled it into one frame, in which no stack ends: run this file alone');
  });
});
