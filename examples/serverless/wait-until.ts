// SPDX-License-Identifier: Apache-2.0
//
// A function as on Vercel or Cloudflare: it answers at once, and the platform freezes it when the promises that
// `context.waitUntil` was given have settled.
import { AsyncLocalStorage } from 'node:async_hooks';
import { OptimizelySpanProcessor } from 'opentelemetry-exporter-optimizely';
import { datafileOf } from '../datafile.js';
import { localEndpoint } from '../local-endpoint.js';
import { type PageRequest, page } from './pages.js';

export interface InvocationContext {
  waitUntil(promise: Promise<unknown>): void;
}

// The processor outlives invocations; each has a context of its own.
const invocation = new AsyncLocalStorage<InvocationContext>();

export const optimizely = new OptimizelySpanProcessor({
  datafile: datafileOf(42),
  endpoint: localEndpoint(), // leave it out to send to Optimizely
  timeoutIntervalMillis: 1_000,
  // On Vercel the function of that name from '@vercel/functions' will do: it knows the invocation by itself.
  waitUntil: promise => invocation.getStore()?.waitUntil(promise),
});

export default {
  async fetch(request: Request, _env: unknown, context: InvocationContext): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    const asked = { path: pathname, visitorId: searchParams.get('visitor') } as PageRequest;
    return invocation.run(context, () => Response.json(page(asked)));
  },
};
