// SPDX-License-Identifier: Apache-2.0
import { context, ROOT_CONTEXT } from '@opentelemetry/api';
import type { Client, Dispatcher } from 'undici';
import { Fifo } from '../util/fifo.js';
import { suppressTracing } from '../util/suppress-tracing.js';
import type { Exchange, Lease } from './exchange.js';
import { CONNECTIONS_PER_ORIGIN } from './transport.js';

interface Waiting {
  readonly options: Dispatcher.DispatchOptions;
  readonly exchange: Exchange;
}

const SETTLED = Promise.resolve();

/**
 * Connections to one origin, each of which carries out one request at a time. The one that was used last is the next to
 * be used, even within the call in which its answer ends: undici's own pool takes another one then, and each connection
 * that has been idle, if only for a moment, is looked at in a turn of its own, which costs a tenth of a request.
 */
export class ClientPool {
  readonly #open: () => Client;
  readonly #onEmpty: () => void;
  readonly #clients = new Set<PooledClient>();
  /** In the order of their use. */
  readonly #free: PooledClient[] = [];
  readonly #waiting = new Fifo<Waiting>();

  /**
   * @param open makes a client, which connects when it is used
   * @param onEmpty no connection is left
   */
  constructor(open: () => Client, onEmpty: () => void) {
    this.#open = open;
    this.#onEmpty = onEmpty;
  }

  dispatch(options: Dispatcher.DispatchOptions, exchange: Exchange): void {
    const client = this.#free.pop() ?? this.#add();
    if (client === undefined) this.#waiting.push({ options, exchange });
    else client.dispatch(options, exchange);
  }

  /** Ends what is in flight, and what waits. */
  destroy(): void {
    for (const { client } of [...this.#clients]) void client.destroy();
    const error = new Error('the dispatcher was closed');
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      next.exchange.fail(error);
    }
  }

  /** The client has carried its request out. */
  ended(client: PooledClient): void {
    const next = this.#next();
    if (next !== undefined) client.dispatch(next.options, next.exchange);
    else {
      client.isFree = true;
      this.#free.push(client);
    }
  }

  /** The client is not used again. */
  gone(client: PooledClient): void {
    if (!this.#clients.delete(client)) return;
    const place = this.#free.indexOf(client);
    if (place >= 0) this.#free.splice(place, 1);
    void client.client.destroy();
    // In a call of its own: a request that fails at once must not begin the next one from within. And in no context of
    // whoever gave the request before up, in which it would be traced.
    if (this.#waiting.size > 0)
      void SETTLED.then(() => context.with(suppressTracing(ROOT_CONTEXT), () => this.#sendNext()));
    else if (this.#clients.size === 0) this.#onEmpty();
  }

  #sendNext(): void {
    const next = this.#next();
    if (next !== undefined) this.dispatch(next.options, next.exchange);
    else if (this.#clients.size === 0) this.#onEmpty();
  }

  #next(): Waiting | undefined {
    for (;;) {
      const next = this.#waiting.shift();
      if (next?.exchange.isAborted !== true) return next;
    }
  }

  #add(): PooledClient | undefined {
    if (this.#clients.size >= CONNECTIONS_PER_ORIGIN) return undefined;
    const client = new PooledClient(this.#open(), this);
    this.#clients.add(client);
    return client;
  }
}

/** One connection, which is made when it is needed. */
class PooledClient implements Lease {
  readonly client: Client;
  isFree = false;
  readonly #pool: ClientPool;

  constructor(client: Client, pool: ClientPool) {
    this.client = client;
    this.#pool = pool;
    client.on('disconnect', () => {
      if (this.isFree) pool.gone(this);
    });
  }

  dispatch(options: Dispatcher.DispatchOptions, exchange: Exchange): void {
    this.isFree = false;
    exchange.lease = this;
    this.client.dispatch(options, exchange);
  }

  ended(): void {
    this.#pool.ended(this);
  }

  broke(): void {
    this.#pool.gone(this);
  }
}
