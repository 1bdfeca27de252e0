// SPDX-License-Identifier: Apache-2.0
import { BasicTracerProvider, type SpanProcessor } from '@opentelemetry/sdk-trace-base';
import { nanosEach } from './harness/compare.js';
import type { Row, Size } from './harness/row.js';
import { makeProcessor } from './ours.js';

export function emptyProcessor(): SpanProcessor {
  return { onStart() {}, onEnd() {}, forceFlush: async () => {}, shutdown: async () => {} };
}

/** What spans without experiment events pay. The row where both sides are the same shows the noise. */
export function rows({ short }: Size): Row[] {
  const count = short ? 1_000 : 40_000;
  const row = (processors: number, atMostMore: number): Row => ({
    name: `span without experiment events, ${processors === 1 ? 'a processor' : `${processors} processors`}`,
    peer: 'as many processors with empty hooks',
    unit: 'ns',
    target: { atMostMore },
    rounds: 41,
    open: () => open(count, () => makeProcessor(), processors),
  });
  return [
    row(1, 60),
    row(2, 90),
    row(5, 180),
    {
      name: 'span, processor with empty hooks',
      peer: 'the same (noise)',
      unit: 'ns',
      rounds: 41,
      open: () => open(count, emptyProcessor, 1),
    },
  ];
}

function open(count: number, make: () => SpanProcessor, processors: number) {
  const ours = Array.from({ length: processors }, make);
  return {
    ours: spansWith(ours, count),
    theirs: spansWith(Array.from({ length: processors }, emptyProcessor), count),
    close: async () => {
      await Promise.all(ours.map(processor => processor.shutdown()));
    },
  };
}

function spansWith(spanProcessors: SpanProcessor[], count: number) {
  const tracer = new BasicTracerProvider({ spanProcessors }).getTracer('bench');
  if (!tracer.startSpan('request').isRecording()) throw new Error('a span that does not record');
  return () =>
    nanosEach(count, () => {
      for (let n = 0; n < count; n++) tracer.startSpan('request').end();
    });
}
