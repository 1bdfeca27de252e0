// SPDX-License-Identifier: Apache-2.0
//
// A function as on AWS Lambda: the process is frozen once the handler's promise has settled, and perhaps never runs again.
import { TracerProvider } from '@opentelemetry/sdk-trace';
import { OptimizelySpanProcessor } from 'opentelemetry-exporter-optimizely';
import { datafileOf } from '../datafile.js';
import { localEndpoint } from '../local-endpoint.js';
import { type PageRequest, page } from './pages.js';

// Outside the handler: made at a cold start, and there for every invocation that follows.
export const optimizely = new OptimizelySpanProcessor({
  datafile: datafileOf(42),
  endpoint: localEndpoint(), // leave it out to send to Optimizely
  timeoutIntervalMillis: 1_000, // how long forceFlush() may take; less than your function may
});
const provider = new TracerProvider({ spanProcessors: [optimizely] });
const tracer = provider.getTracer('shop');

export async function handler(request: PageRequest): Promise<{ statusCode: number; body: string }> {
  const span = tracer.startSpan(request.path);
  try {
    return { statusCode: 200, body: JSON.stringify(page(request, span)) };
  } finally {
    span.end();
    // Inside the invocation: nothing runs after it. Never rejects.
    await optimizely.forceFlush();
  }
}
