// SPDX-License-Identifier: Apache-2.0
import { context } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import type { Dispatcher, request } from 'undici';

type RequestOptions = NonNullable<Parameters<typeof request>[1]>;

interface Opened {
  readonly request: typeof request;
  readonly dispatcher: Dispatcher;
  readonly own: boolean;
}

/** Above `maxConcurrentRequests`: a request that undici queues itself would run outside the untraced context. */
const CONNECTIONS_PER_ORIGIN = 64;
const KEEP_ALIVE_MILLIS = 4_000;

/** Untraced requests over connections of its own, with proxies from the environment. undici is loaded at the first. */
export class UndiciClient {
  readonly #given: Dispatcher | undefined;
  readonly #timeoutMillis: number;
  #opened: Promise<Opened> | undefined;

  constructor(given: Dispatcher | undefined, timeoutMillis: number) {
    this.#given = given;
    this.#timeoutMillis = timeoutMillis;
  }

  /** Redirects are not followed. */
  async request(url: string, options: RequestOptions): Promise<Dispatcher.ResponseData<unknown>> {
    this.#opened ??= this.#open();
    const { request, dispatcher } = await this.#opened;
    return context.with(suppressTracing(context.active()), () => request(url, { ...options, dispatcher }));
  }

  /** Ends what is in flight. Opens new connections if it is used again. */
  async close(): Promise<void> {
    const opened = await this.#opened?.catch(() => undefined);
    this.#opened = undefined;
    if (opened?.own) await opened.dispatcher.destroy();
  }

  async #open(): Promise<Opened> {
    try {
      const { EnvHttpProxyAgent, request } = await import('undici');
      if (this.#given !== undefined) return { request, dispatcher: this.#given, own: false };
      const dispatcher = new EnvHttpProxyAgent({
        connections: CONNECTIONS_PER_ORIGIN,
        pipelining: 1,
        keepAliveTimeout: KEEP_ALIVE_MILLIS,
        headersTimeout: this.#timeoutMillis,
        bodyTimeout: this.#timeoutMillis,
        connect: { timeout: this.#timeoutMillis },
      });
      return { request, dispatcher, own: true };
    } catch (error) {
      // A proxy URL that can't be parsed, say: the next attempt looks again.
      this.#opened = undefined;
      throw error;
    }
  }
}
