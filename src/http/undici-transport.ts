// SPDX-License-Identifier: Apache-2.0
import type { Agent, buildConnector, Dispatcher } from 'undici';
import type { EventDispatcherResponse } from '../model/event-dispatcher.js';
import { areImmediatesFake } from '../util/system-timers.js';
import { Connector } from './connector.js';
import { type Destination, withAuthorization } from './destination.js';
import { DRAINED_MILLIS } from './drain.js';
import { type Draining, Exchange } from './exchange.js';
import type { Undici } from './load-undici.js';
import type { NamedProxy } from './proxy-environment.js';
import {
  type Answer,
  CONNECTIONS_PER_ORIGIN,
  KEEP_ALIVE_MILLIS,
  MOST_HEADER_BYTES,
  type Transport,
  type TransportOptions,
} from './transport.js';

/** Requests by undici, over connections of its own. */
export class UndiciTransport implements Transport {
  readonly #undici: Undici;
  readonly #options: TransportOptions;
  readonly #connectors: Connector[] = [];
  readonly #draining: Draining = { count: 0 };
  /** By proxy; `''` for none. */
  readonly #dispatchers = new Map<string, Dispatcher>();
  /** Of connections that are used once: before undici uses one again, it waits for a `setImmediate()`, which may be fake. */
  readonly #singleUse = new Map<string, Dispatcher>();

  constructor(undici: Undici, options: TransportOptions) {
    this.#undici = undici;
    this.#options = options;
  }

  post(
    { origin, path, authorization }: Destination,
    { method, headers, body, abortSource }: Parameters<Transport['post']>[1],
    proxy: NamedProxy | undefined,
  ): Promise<EventDispatcherResponse> {
    return new Promise((resolve, reject) => {
      const exchange = new Exchange(this.#draining, abortSource, resolve, reject);
      if (exchange.isAborted) return;
      const reset = areImmediatesFake();
      this.#dispatcherFor(proxy, reset).dispatch(
        {
          origin,
          path,
          method,
          reset,
          headers: withAuthorization(headers, authorization) ?? null,
          body: body ?? null,
          bodyTimeout: DRAINED_MILLIS,
        },
        exchange,
      );
    });
  }

  get(
    destination: Destination,
    message: Parameters<Transport['get']>[1],
    proxy: NamedProxy | undefined,
  ): Promise<Answer> {
    const reset = areImmediatesFake();
    return getBy(this.#dispatcherFor(proxy, reset), destination, message, reset);
  }

  async close(): Promise<void> {
    // Not undici's own word that it is done: it comes by queueMicrotask(), which Jest's fake timers hold up.
    for (const dispatchers of [this.#dispatchers, this.#singleUse])
      for (const dispatcher of dispatchers.values()) void dispatcher.destroy();
    await Promise.all(this.#connectors.map(connector => connector.close()));
  }

  #dispatcherFor(proxy: NamedProxy | undefined, isSingleUse: boolean): Dispatcher {
    const dispatchers = isSingleUse ? this.#singleUse : this.#dispatchers;
    const key = proxy?.url.href ?? '';
    const known = dispatchers.get(key);
    if (known !== undefined) return known;
    const dispatcher = this.#makeDispatcher(proxy);
    dispatchers.set(key, dispatcher);
    return dispatcher;
  }

  #makeDispatcher(proxy: NamedProxy | undefined): Dispatcher {
    const { Agent, ProxyAgent } = this.#undici;
    const { timeoutMillis } = this.#options;
    const options: Agent.Options = {
      connections: CONNECTIONS_PER_ORIGIN,
      pipelining: 1,
      keepAliveTimeout: KEEP_ALIVE_MILLIS,
      headersTimeout: timeoutMillis,
      bodyTimeout: timeoutMillis,
      maxHeaderSize: MOST_HEADER_BYTES,
    };
    if (proxy?.url.protocol.startsWith('socks')) return new ProxyAgent({ ...options, uri: proxy.url.href });
    const connector = new Connector(this.#options, proxy);
    this.#connectors.push(connector);
    // undici's own tunnels have deadlines of their own, and hold the process.
    return new Agent({ ...options, connect: connector.connect as buildConnector.connector });
  }
}

/** As every undici has it, whatever its version. @param reset whether the connection is for this request alone */
export async function getBy(
  dispatcher: Pick<Dispatcher, 'request'>,
  { origin, path, authorization }: Destination,
  { headers, signal }: Parameters<Transport['get']>[1],
  reset = false,
): Promise<Answer> {
  const { statusCode, ...response } = await dispatcher.request({
    origin,
    path,
    method: 'GET',
    reset,
    headers: withAuthorization(headers, authorization) ?? null,
    signal,
  });
  return { status: statusCode, headers: response.headers, body: response.body };
}
