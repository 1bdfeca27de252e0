// SPDX-License-Identifier: Apache-2.0
import { createRequire } from 'node:module';
import { context } from '@opentelemetry/api';
import type { Dispatcher, request } from 'undici';
import type { EventDispatcherResponse } from '../model/event-dispatcher.js';
import { HERE } from '../model/here.js';
import { suppressTracing } from '../model/suppress-tracing.js';
import { type Destination, type PostOptions, post, toDestination } from './post.js';

type RequestOptions = NonNullable<Parameters<typeof request>[1]>;

interface Opened {
  readonly request: typeof request;
  readonly dispatcher: Dispatcher;
  readonly own: boolean;
}

/** Nothing in an answer's body matters; this much is read so that the connection can be used again. */
const DRAINED_BODY_BYTES = 65_536;

/** Above `maxConcurrentRequests`: a request that undici queues itself would run outside the untraced context. */
const CONNECTIONS_PER_ORIGIN = 64;
const KEEP_ALIVE_MILLIS = 4_000;

const LONGEST_TIMEOUT_MILLIS = 2_147_483_647;

/** As undici and `AbortSignal.timeout()` take a timeout: they throw at fractions and at what is too long. */
export function wholeMillis(millis: number): number {
  return Math.ceil(Math.min(millis, LONGEST_TIMEOUT_MILLIS));
}

/** Untraced requests over connections of its own, with proxies from the environment. undici is loaded at the first. */
export class UndiciClient {
  readonly #given: Dispatcher | undefined;
  readonly #timeoutMillis: number;
  #opened: Promise<Opened> | undefined;
  #destination: Destination | undefined;

  constructor(given: Dispatcher | undefined, timeoutMillis: number) {
    this.#given = given;
    this.#timeoutMillis = wholeMillis(timeoutMillis);
  }

  /** Redirects are not followed. */
  async request(url: string, options: RequestOptions): Promise<Dispatcher.ResponseData<unknown>> {
    this.#opened ??= this.#open();
    const { request, dispatcher } = await this.#opened;
    return context.with(suppressTracing(context.active()), () => request(url, { ...options, dispatcher }));
  }

  /** The answer without its body. Redirects are not followed. */
  async post(url: string, options: PostOptions): Promise<EventDispatcherResponse> {
    this.#opened ??= this.#open();
    const { request, dispatcher, own } = await this.#opened;
    return context.with(suppressTracing(context.active()), async () => {
      if (own) return post(dispatcher, this.#destinationOf(url), options, DRAINED_BODY_BYTES);
      // It may be of another version of undici, whose handlers are not those of ours.
      const { whenAborted, ...message } = options;
      const controller = new AbortController();
      const unsubscribe = whenAborted(reason => controller.abort(reason));
      try {
        const { signal } = controller;
        const response = await request(url, { ...message, signal, dispatcher } as RequestOptions);
        await response.body.dump({ limit: DRAINED_BODY_BYTES });
        return { statusCode: response.statusCode, headers: response.headers };
      } finally {
        unsubscribe();
      }
    });
  }

  /** Nearly always the one before. */
  #destinationOf(url: string): Destination {
    if (this.#destination?.url !== url) this.#destination = toDestination(url);
    return this.#destination;
  }

  /** Ends what is in flight. Opens new connections if it is used again. */
  async close(): Promise<void> {
    const opened = await this.#opened?.catch(() => undefined);
    this.#opened = undefined;
    if (opened?.own) await opened.dispatcher.destroy();
  }

  async #open(): Promise<Opened> {
    try {
      const { Agent, EnvHttpProxyAgent, request } = await loadUndici();
      if (this.#given !== undefined) return { request, dispatcher: this.#given, own: false };
      // Without a proxy the plain agent does the same and looks at no environment for each request.
      const dispatcher = new (namesProxy(process.env) ? EnvHttpProxyAgent : Agent)({
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

function namesProxy(env: Readonly<Record<string, string | undefined>>): boolean {
  return ['http_proxy', 'HTTP_PROXY', 'https_proxy', 'HTTPS_PROXY'].some(name => env[name]);
}

/** Where code runs without an ES module loader, as under Jest, `import()` fails. */
async function loadUndici(): Promise<typeof import('undici')> {
  try {
    return await import('undici');
  } catch {
    return createRequire(HERE)('undici') as typeof import('undici');
  }
}
