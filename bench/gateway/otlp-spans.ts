// SPDX-License-Identifier: Apache-2.0
import type { Json } from '../../packages/gateway/test/support/otlp-schema.js';

export interface SpanIds {
  /** Bytes, or text for what is encoded as JSON. */
  readonly traceId: unknown;
  readonly spanId: unknown;
}

const text = (key: string, stringValue: string) => ({ key, value: { stringValue } });

/**
 * An `ExportTraceServiceRequest` of spans as an HTTP instrumentation makes them.
 *
 * @param eventEvery each of so many spans has a conversion
 */
export function makeTraces(
  spans: number,
  eventEvery: number,
  idsOf: (n: number, hasConversion: boolean) => SpanIds,
): Json {
  const all = Array.from({ length: spans }, (_, n) => {
    const hasConversion = (n + 1) % eventEvery === 0;
    return makeSpan(n, idsOf(n, hasConversion), hasConversion ? [conversion(n)] : []);
  });
  const resource = { attributes: [text('service.name', 'shop'), text('service.instance.id', 'a1')] };
  return { resourceSpans: [{ resource, scopeSpans: [{ scope: { name: 'http' }, spans: all }] }] };
}

function makeSpan(n: number, ids: SpanIds, conversions: readonly object[]) {
  return {
    ...ids,
    name: 'GET /products/:id',
    kind: 2,
    startTimeUnixNano: '1700000000000000000',
    endTimeUnixNano: '1700000000012345678',
    attributes: [
      text('http.request.method', 'GET'),
      text('url.path', `/products/${n}`),
      text('http.route', '/products/:id'),
      text('server.address', 'shop.example'),
      text('user_agent.original', 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0'),
      { key: 'http.response.status_code', value: { intValue: '200' } },
    ],
    events: [cacheMiss(n), ...conversions],
    status: { code: 1 },
  };
}

function cacheMiss(n: number) {
  return {
    name: 'cache.miss',
    timeUnixNano: '1700000000000000001',
    attributes: [text('cache.key', `product:${n}`)],
  };
}

function conversion(n: number) {
  return {
    name: 'optimizely.conversion',
    timeUnixNano: String(1_700_000_000_000_000_000n + BigInt(n)),
    attributes: [
      text('feature_flag.context.id', `user-${1_000_000 + n}`),
      text('feature_flag.provider.name', 'optimizely'),
      text('optimizely.event.key', 'purchase'),
      text('optimizely.user.attributes', '{"plan":"gold"}'),
      text('optimizely.event.tags', '{"revenue":4200,"sku":"a"}'),
    ],
  };
}
