// SPDX-License-Identifier: Apache-2.0
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';

const VARIATIONS = ['three_steps', 'one_page'];

/** A service that traces with OpenTelemetry and imports nothing of ours: the events are span events. */
export async function sendAsJavaScript(url: string, visitors: number) {
  const exporter = new OTLPTraceExporter({ url: `${url}/v1/traces` });
  const provider = new BasicTracerProvider({ spanProcessors: [new BatchSpanProcessor(exporter)] });
  const tracer = provider.getTracer('shop');
  for (let visitor = 0; visitor < visitors; visitor++) {
    const span = tracer.startSpan('POST /checkout');
    const now = Date.now();
    span.addEvent(
      'optimizely.impression',
      {
        'feature_flag.context.id': `javascript-${visitor}`,
        'feature_flag.key': 'checkout_flow',
        'optimizely.rule.key': 'checkout_flow_test',
        'feature_flag.result.variant': VARIATIONS[visitor % 2] ?? '',
      },
      now,
    );
    span.addEvent(
      'optimizely.conversion',
      {
        'feature_flag.context.id': `javascript-${visitor}`,
        'optimizely.event.key': 'purchase',
        'optimizely.event.tags': JSON.stringify({ revenue: 4_200 }),
      },
      now + 60_000,
    );
    span.end();
  }
  await provider.forceFlush();
  await provider.shutdown();
  return { events: 2 * visitors };
}
