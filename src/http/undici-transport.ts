// SPDX-License-Identifier: Apache-2.0
import type { buildConnector, Client, Dispatcher } from 'undici';
import type { RequestOwner } from '../model/event-dispatcher.js';
import { areImmediatesFake } from '../util/system-timers.js';
import { ClientPool } from './client-pool.js';
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
  type Message,
  MOST_HEADER_BYTES,
  type Transport,
  type TransportOptions,
} from './transport.js';

/** Where requests are handed to undici. */
interface Dispatching {
  dispatch(options: Dispatcher.DispatchOptions, exchange: Exchange): unknown;
}

interface Route {
  readonly origin: string;
  readonly proxy: NamedProxy | undefined;
  readonly dispatching: Dispatching;
}

const NO_OWNER: RequestOwner = { listen() {}, unlisten() {}, responded() {}, failed() {} };

/** Requests by undici, over connections of its own. */
export class UndiciTransport implements Transport {
  readonly #undici: Undici;
  readonly #options: TransportOptions;
  /** By proxy. */
  readonly #connectors = new Map<string, Connector>();
  readonly #draining: Draining = { count: 0 };
  /** While one is kept, so is the code that V8 optimized for them (`export/specimens.ts` has those of other kinds). */
  readonly specimen = new Exchange({ count: 0 }, NO_OWNER);
  /** For GET, and for the proxies that undici itself speaks to; by proxy, `''` for none. */
  readonly #dispatchers = new Map<string, Dispatcher>();
  /** Of connections that are used once: before undici uses one again, it waits for a `setImmediate()`, which may be fake. */
  readonly #singleUse = new Map<string, Dispatcher>();
  /** For POST; by proxy and origin. */
  readonly #pools = new Map<string, ClientPool>();
  #latest: Route | undefined;

  constructor(undici: Undici, options: TransportOptions) {
    this.#undici = undici;
    this.#options = options;
  }

  post(
    { origin, path, authorization }: Destination,
    { method, headers, body }: Message,
    proxy: NamedProxy | undefined,
    owner: RequestOwner,
  ): void {
    const exchange = new Exchange(this.#draining, owner);
    if (exchange.isAborted) return;
    const reset = areImmediatesFake();
    this.#routeTo(origin, proxy, reset).dispatch(
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
    for (const pool of this.#pools.values()) pool.destroy();
    await Promise.all([...this.#connectors.values()].map(connector => connector.close()));
  }

  /** Nearly always the one before. */
  #routeTo(origin: string, proxy: NamedProxy | undefined, isSingleUse: boolean): Dispatching {
    if (isSingleUse) return this.#dispatcherFor(proxy, true);
    if (this.#latest?.origin === origin && this.#latest.proxy === proxy) return this.#latest.dispatching;
    const dispatching = isBySocks(proxy) ? this.#dispatcherFor(proxy, false) : this.#poolFor(origin, proxy);
    this.#latest = { origin, proxy, dispatching };
    return dispatching;
  }

  #poolFor(origin: string, proxy: NamedProxy | undefined): ClientPool {
    const key = `${proxy?.url.href ?? ''} ${origin}`;
    const known = this.#pools.get(key);
    if (known !== undefined) return known;
    const { Client } = this.#undici;
    const options = this.#clientOptions(proxy);
    const pool = new ClientPool(
      () => new Client(origin, options),
      () => this.#forget(key, pool),
    );
    this.#pools.set(key, pool);
    return pool;
  }

  #forget(key: string, pool: ClientPool): void {
    if (this.#pools.get(key) === pool) this.#pools.delete(key);
    if (this.#latest?.dispatching === pool) this.#latest = undefined;
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
    const options = { ...this.#clientOptions(proxy), connections: CONNECTIONS_PER_ORIGIN };
    if (isBySocks(proxy)) return new ProxyAgent({ ...options, uri: proxy.url.href });
    return new Agent(options);
  }

  #clientOptions(proxy: NamedProxy | undefined): Client.Options {
    const { timeoutMillis } = this.#options;
    const options = {
      pipelining: 1,
      keepAliveTimeout: KEEP_ALIVE_MILLIS,
      headersTimeout: timeoutMillis,
      bodyTimeout: timeoutMillis,
      maxHeaderSize: MOST_HEADER_BYTES,
    };
    if (isBySocks(proxy)) return options;
    // undici's own tunnels have deadlines of their own, and hold the process.
    return { ...options, connect: this.#connectorFor(proxy).connect as buildConnector.connector };
  }

  #connectorFor(proxy: NamedProxy | undefined): Connector {
    const key = proxy?.url.href ?? '';
    const connector = this.#connectors.get(key) ?? new Connector(this.#options, proxy);
    this.#connectors.set(key, connector);
    return connector;
  }
}

function isBySocks(proxy: NamedProxy | undefined): proxy is NamedProxy {
  return proxy?.url.protocol.startsWith('socks') === true;
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
