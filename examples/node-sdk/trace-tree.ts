// SPDX-License-Identifier: Apache-2.0
import { SpanKind } from '@opentelemetry/api';
import type { PlainSpan } from './messages.js';

/** Prints one visit that ended in a purchase: its spans, and the experiment events on them. */
export function printTrace(spans: readonly PlainSpan[]): void {
  const purchase = spans.find(({ events }) =>
    events.some(event => event.attributes['optimizely.event.key'] === 'purchase'),
  );
  if (purchase === undefined) return;
  const trace = spans.filter(({ traceId }) => traceId === purchase.traceId);
  trace.sort((a, b) => a.startMillis - b.startMillis);
  const startMillis = trace[0]?.startMillis ?? 0;
  console.log(`A VISIT WITH A PURCHASE, AS A TRACE (${trace.length} of ${spans.length} spans)\n`);
  console.log(`trace ${purchase.traceId}, begun in the visitor's browser`);
  const ids = new Set(trace.map(({ spanId }) => spanId));
  for (const span of trace) {
    if (!ids.has(span.parentSpanId ?? '')) printSpan(span, trace, startMillis, '  ');
  }
}

function printSpan(span: PlainSpan, trace: PlainSpan[], startMillis: number, indent: string): void {
  const { attributes, events, name, kind, durationMillis, spanId } = span;
  const what = [
    `${name} ${attributes['url.path'] ?? ''}`.trim(),
    `${SpanKind[kind]?.toLowerCase()} span`,
    `status ${attributes['http.response.status_code']}`,
    `after ${(span.startMillis - startMillis).toFixed(0)} ms, took ${durationMillis.toFixed(1)} ms`,
  ];
  console.log(`${indent}${what.join(', ')}`);
  for (const event of events) {
    console.log(`${indent}  event ${event.name}`);
    const width = Math.max(...Object.keys(event.attributes).map(key => key.length));
    for (const [key, value] of Object.entries(event.attributes)) {
      console.log(`${indent}    ${key.padEnd(width)}  ${value}`);
    }
  }
  for (const child of trace) {
    if (child.parentSpanId === spanId) printSpan(child, trace, startMillis, `${indent}  `);
  }
}
