// SPDX-License-Identifier: Apache-2.0
import { BasicTracerProvider, type SpanProcessor } from '@opentelemetry/sdk-trace-base';
import { OptimizelySpanProcessor } from 'opentelemetry-exporter-optimizely';
import type { Measure } from './compare.js';

const makeEmpty = (): SpanProcessor => ({
  onStart() {},
  onEnd() {},
  forceFlush: async () => {},
  shutdown: async () => {},
});

/** What spans without experiment events pay. The second row shows the noise. */
export function spanMeasures(): Measure[] {
  const ours = spansWith(new OptimizelySpanProcessor({ projectConfigManager: { getConfig: () => null } }));
  return [
    {
      name: 'a span without experiment events',
      peer: 'a processor with empty hooks',
      count: 100_000,
      ours,
      theirs: spansWith(makeEmpty()),
    },
    {
      name: 'a processor with empty hooks',
      peer: 'the same',
      count: 100_000,
      ours: spansWith(makeEmpty()),
      theirs: spansWith(makeEmpty()),
    },
  ];
}

function spansWith(processor: SpanProcessor) {
  const tracer = new BasicTracerProvider({ spanProcessors: [processor] }).getTracer('bench');
  return (count: number) => {
    for (let n = 0; n < count; n++) tracer.startSpan('request').end();
  };
}
