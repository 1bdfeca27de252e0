// SPDX-License-Identifier: Apache-2.0

import { decodeExport } from '../packages/gateway/src/otlp/decode.js';
import { eventNames } from '../packages/gateway/src/otlp/event-names.js';
import { decode, encode, type Json } from '../packages/gateway/test/support/otlp-schema.js';
import { nanosEach } from './compare.js';
import type { Row, Size } from './row.js';

const SPANS = 500;
const NAMES = eventNames(false);

/** The gateway's reading of a trace request against protobufjs, which decodes all of it. Figures are for a span. */
export function rows({ short }: Size): Row[] {
  const requests = short ? 2 : 40;
  const row = (name: string, eventEvery: number, encoding: 'protobuf' | 'json'): Row => ({
    name: `reading ${encoding}, ${name}`,
    peer: encoding === 'protobuf' ? 'protobufjs, whole schema' : 'JSON.parse',
    unit: 'ns',
    open: () => open(requests, eventEvery, encoding),
  });
  return (['protobuf', 'json'] as const).flatMap(encoding => [
    row('spans without an experiment event', Number.POSITIVE_INFINITY, encoding),
    row('an experiment event in every 20th span', 20, encoding),
    row('an experiment event in every span', 1, encoding),
  ]);
}

function open(requests: number, eventEvery: number, encoding: 'protobuf' | 'json') {
  const request = makeRequest(eventEvery);
  const body =
    encoding === 'protobuf'
      ? encode('ExportTraceServiceRequest', request)
      : Buffer.from(JSON.stringify(request));
  const expected = Math.floor(SPANS / eventEvery);
  return {
    ours: () =>
      nanosEach(requests * SPANS, () => {
        for (let n = 0; n < requests; n++) {
          const { events } = decodeExport('traces', encoding, body, NAMES);
          if (events.length !== expected) throw new Error(`events read: ${events.length} of ${expected}`);
        }
      }),
    theirs: () =>
      nanosEach(requests * SPANS, () => {
        for (let n = 0; n < requests; n++) {
          const whole: Json =
            encoding === 'protobuf' ? decode('ExportTraceServiceRequest', body) : JSON.parse(body.toString());
          if (whole.resourceSpans === undefined) throw new Error('nothing was read');
        }
      }),
  };
}

/** Spans as an HTTP instrumentation makes them. */
function makeRequest(eventEvery: number): Json {
  const text = (key: string, stringValue: string) => ({ key, value: { stringValue } });
  const span = (n: number) => ({
    traceId: hex(n, 32),
    spanId: hex(n, 16),
    parentSpanId: hex(n + 1, 16),
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
    events: [
      {
        name: 'cache.miss',
        timeUnixNano: '1700000000000000001',
        attributes: [text('cache.key', `product:${n}`)],
      },
      ...((n + 1) % eventEvery === 0
        ? [
            {
              name: 'optimizely.conversion',
              timeUnixNano: '1700000000000000002',
              attributes: [
                text('feature_flag.context.id', `user-${n}`),
                text('feature_flag.provider.name', 'optimizely'),
                text('optimizely.event.key', 'purchase'),
                text('optimizely.user.attributes', '{"plan":"gold"}'),
                text('optimizely.event.tags', '{"revenue":4200,"sku":"a"}'),
              ],
            },
          ]
        : []),
    ],
    status: { code: 1 },
  });
  return {
    resourceSpans: [
      {
        resource: { attributes: [text('service.name', 'shop'), text('service.instance.id', 'a1')] },
        scopeSpans: [{ scope: { name: 'http' }, spans: Array.from({ length: SPANS }, (_, n) => span(n)) }],
      },
    ],
  };
}

/** Text, which protobufjs takes for base64: ids of another length, which are as expensive to read. */
function hex(n: number, digits: number): string {
  return (n + 1).toString(16).padStart(digits, '0');
}
