// SPDX-License-Identifier: Apache-2.0
//
// A service as it was before: it decides and tracks with Optimizely's own SDK, and knows nothing of this package.
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { trace } from '@opentelemetry/api';
import type { Client } from '@optimizely/optimizely-sdk';

type Page = (optimizely: Client, userId: string) => unknown;

const pages: Record<string, Page> = {
  'GET /product': (optimizely, userId) => ({
    hero: optimizely.activate('hero_banner', userId, { device: 'desktop' }),
  }),

  'GET /checkout': (optimizely, userId) => {
    const user = optimizely.createUserContext(userId, { device: 'desktop' });
    const { variationKey, enabled } = user.decide('checkout_flow');
    return { flow: variationKey, onePage: enabled };
  },

  'POST /purchase': (optimizely, userId) => {
    const user = optimizely.createUserContext(userId, { device: 'desktop' });
    user.trackEvent('purchase', { revenue: 2490, value: 24.9, sku: 'shirt' });
    return { paid: 2490 };
  },
};

export async function openService(optimizely: Client): Promise<{ url: string; server: Server }> {
  const tracer = trace.getTracer('service');
  const server = createServer((request, response) => {
    const name = `${request.method} ${request.url}`;
    // What an instrumentation of the HTTP server does for you.
    tracer.startActiveSpan(name, span => {
      const page = pages[name];
      response.writeHead(page === undefined ? 404 : 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(page?.(optimizely, visitorOf(request)) ?? { error: 'no page' }));
      span.end();
    });
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return { url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : address}`, server };
}

/** The id comes from a first-party cookie: a random one, never a name or a mail address. */
function visitorOf(request: IncomingMessage): string {
  return /visitor=([\w-]+)/.exec(request.headers.cookie ?? '')?.[1] ?? 'unknown';
}
