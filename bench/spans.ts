// SPDX-License-Identifier: Apache-2.0
import { BasicTracerProvider, type SpanProcessor } from '@opentelemetry/sdk-trace-base';
import { nanosEach } from './compare.js';
import { makeProcessor } from './ours.js';
import type { Row, Size } from './row.js';

export function emptyProcessor(): SpanProcessor {
  return { onStart() {}, onEnd() {}, forceFlush: async () => {}, shutdown: async () => {} };
}

/** What spans without experiment events pay. The second row, where both sides are the same, shows the noise. */
export function rows({ short }: Size): Row[] {
  const count = short ? 1_000 : 40_000;
  const empty = 'processor with empty hooks';
  return [
    {
      name: 'span without experiment events, start + end',
      peer: empty,
      unit: 'ns',
      target: { atMost: 1.02, atMostMore: 60 },
      rounds: 41,
      open: () => open(count, makeProcessor()),
    },
    {
      name: 'span, processor with empty hooks',
      peer: 'the same (noise)',
      unit: 'ns',
      rounds: 41,
      open: () => open(count, emptyProcessor()),
    },
  ];
}

function open(count: number, processor: SpanProcessor) {
  return {
    ours: spansWith(processor, count),
    theirs: spansWith(emptyProcessor(), count),
    close: () => processor.shutdown(),
  };
}

function spansWith(processor: SpanProcessor, count: number) {
  const tracer = new BasicTracerProvider({ spanProcessors: [processor] }).getTracer('bench');
  if (!tracer.startSpan('request').isRecording()) throw new Error('a span that does not record');
  return () =>
    nanosEach(count, () => {
      for (let n = 0; n < count; n++) tracer.startSpan('request').end();
    });
}
