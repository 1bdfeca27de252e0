// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { Agent, request } from 'node:http';
import { encode } from '../packages/gateway/test/support/otlp-schema.js';

let made = 0;

/** A trace request in protobuf: spans as an HTTP instrumentation makes them, some with a conversion of a new user. */
export function traceRequest(spans: number, eventEvery: number): Buffer {
  return encode('ExportTraceServiceRequest', {
    resourceSpans: [
      {
        resource: { attributes: [text('service.name', 'shop'), text('service.instance.id', 'a1')] },
        scopeSpans: [
          { scope: { name: 'http' }, spans: Array.from({ length: spans }, (_, n) => span(n, eventEvery)) },
        ],
      },
    ],
  });
}

const text = (key: string, stringValue: string) => ({ key, value: { stringValue } });

function span(n: number, eventEvery: number) {
  const user = ++made;
  return {
    traceId: randomBytes(16),
    spanId: randomBytes(8),
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
    ],
    events:
      (n + 1) % eventEvery === 0
        ? [
            {
              name: 'optimizely.conversion',
              timeUnixNano: String(1_700_000_000_000_000_000n + BigInt(user)),
              attributes: [
                text('feature_flag.context.id', `user-${user}`),
                text('optimizely.event.key', 'purchase'),
                text('optimizely.user.attributes', '{"plan":"gold"}'),
                text('optimizely.event.tags', '{"revenue":4200,"sku":"a"}'),
              ],
            },
          ]
        : [],
  };
}

export interface Answered {
  readonly status: number;
  readonly millis: number;
}

/** Keeps its connections, as exporters do. */
export class Senders {
  readonly #agent: Agent;
  readonly #port: number;

  constructor(port: number, connections: number) {
    this.#port = port;
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections });
  }

  send(body: Buffer): Promise<Answered> {
    const startedAt = performance.now();
    return new Promise((resolve, reject) => {
      const sent = request(
        {
          host: '127.0.0.1',
          port: this.#port,
          path: '/v1/traces',
          method: 'POST',
          agent: this.#agent,
          headers: { 'content-type': 'application/x-protobuf', 'content-length': body.length },
        },
        response => {
          response.resume();
          response.on('end', () =>
            resolve({ status: response.statusCode ?? 0, millis: performance.now() - startedAt }),
          );
        },
      );
      sent.on('error', reject);
      sent.end(body);
    });
  }

  /** All of them, as many at once as there are connections. */
  sendAll(bodies: readonly Buffer[]): Promise<Answered[]> {
    return Promise.all(bodies.map(body => this.send(body)));
  }

  close(): void {
    this.#agent.destroy();
  }
}
