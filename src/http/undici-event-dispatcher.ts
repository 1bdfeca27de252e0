// SPDX-License-Identifier: Apache-2.0
import { context } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import type { Dispatcher, request } from 'undici';
import type { EventDispatcher, EventDispatcherResponse } from '../model/event-dispatcher.js';
import { bodyOf, type LogEventLike } from '../model/log-event.js';

export interface UndiciEventDispatcherOptions {
  /**
   * An undici dispatcher of your own, for a private CA, mTLS or a fixed proxy; you close it.
   *
   * @default an `EnvHttpProxyAgent` of this dispatcher's own: proxies from `HTTPS_PROXY`, `HTTP_PROXY` and
   * `NO_PROXY`, 64 connections an origin, keep-alive of 4 s
   */
  dispatcher?: Dispatcher | undefined;
  /** Deadline where the caller gives no `signal`, milliseconds. @default 10_000 */
  requestTimeoutMillis?: number | undefined;
}

interface Transport {
  readonly request: typeof request;
  readonly dispatcher: Dispatcher;
  readonly own: boolean;
}

/** Above `maxConcurrentRequests`: a request that undici queues itself would run outside the untraced context. */
const CONNECTIONS_PER_ORIGIN = 64;
const KEEP_ALIVE_MILLIS = 4_000;
/** Nothing in an answer's body matters; this much is read so that the connection can be used again. */
const DRAINED_BODY_BYTES = 65_536;
const DEFAULT_TIMEOUT_MILLIS = 10_000;

/** Carries LogEvents out over undici, which is loaded at the first one. Untraced; redirects are not followed. */
export class UndiciEventDispatcher implements EventDispatcher {
  readonly #given: Dispatcher | undefined;
  readonly #timeoutMillis: number;
  #transport: Promise<Transport> | undefined;

  constructor({ dispatcher, requestTimeoutMillis }: UndiciEventDispatcherOptions = {}) {
    this.#given = dispatcher;
    this.#timeoutMillis =
      requestTimeoutMillis !== undefined && requestTimeoutMillis > 0
        ? requestTimeoutMillis
        : DEFAULT_TIMEOUT_MILLIS;
  }

  /**
   * @param logEvent a LogEvent, a copy of one, or one of Optimizely's JavaScript SDK
   * @returns the answer, whatever its status
   * @throws (rejects) where there was no answer: undici's errors, or the signal's reason
   */
  async dispatchEvent(
    logEvent: LogEventLike,
    options?: { signal?: AbortSignal },
  ): Promise<EventDispatcherResponse> {
    this.#transport ??= this.#open();
    const { request, dispatcher } = await this.#transport;
    const signal = options?.signal ?? AbortSignal.timeout(this.#timeoutMillis);
    const { url, ...message } = toRequest(logEvent);
    const response = await context.with(suppressTracing(context.active()), () =>
      request(url, { ...message, dispatcher, signal }),
    );
    await response.body.dump({ limit: DRAINED_BODY_BYTES });
    return { statusCode: response.statusCode, headers: response.headers };
  }

  /** Closes its own connections; what is in flight fails. It opens new ones if it is used again. */
  async close(): Promise<void> {
    const transport = await this.#transport?.catch(() => undefined);
    this.#transport = undefined;
    if (transport?.own) await transport.dispatcher.destroy();
  }

  async #open(): Promise<Transport> {
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
      this.#transport = undefined;
      throw error;
    }
  }
}

type Message = { url: string; method: 'GET' | 'POST'; headers?: Record<string, string>; body?: string };

function toRequest(logEvent: LogEventLike): Message {
  const body = bodyOf(logEvent);
  if (logEvent.httpVerb !== 'GET') {
    return {
      url: logEvent.url,
      method: 'POST',
      headers: logEvent.headers ?? { 'Content-Type': 'application/json' },
      body,
    };
  }
  const url = new URL(logEvent.url);
  for (const [name, value] of Object.entries(JSON.parse(body) as Record<string, unknown>)) {
    url.searchParams.append(name, typeof value === 'string' ? value : JSON.stringify(value));
  }
  return { url: url.href, method: 'GET' };
}
