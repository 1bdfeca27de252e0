// SPDX-License-Identifier: Apache-2.0
import { context } from '@opentelemetry/api';
import type { Dispatcher } from 'undici';
import type { EventDispatcherResponse } from '../model/event-dispatcher.js';
import type { PackageLogger } from '../model/logger.js';
import { suppressTracing } from '../util/suppress-tracing.js';
import { systemRuntime } from '../util/system-runtime.js';
import { type Destination, toDestination } from './destination.js';
import { GivenTransport } from './given-transport.js';
import { loadUndici } from './load-undici.js';
import { NodeTransport } from './node-transport.js';
import { describeProxyFor, type NamedProxy, proxyFor, UnusableProxyError } from './proxy-environment.js';
import { rehearse } from './rehearsal.js';
import type { Answer, Transport } from './transport.js';
import { UndiciTransport } from './undici-transport.js';
import { whenIdle } from './when-idle.js';

export interface HttpClientOptions {
  /** An undici dispatcher of the application's. */
  readonly dispatcher: Dispatcher | undefined;
  readonly timeoutMillis: number;
  /** Whether a request in flight keeps the process alive. */
  readonly keepsProcess: boolean;
  readonly logger: PackageLogger;
}

interface Route {
  readonly destination: Destination;
  readonly proxy: NamedProxy | undefined;
}

const LONGEST_TIMEOUT_MILLIS = 2_147_483_647;

/** As undici and `AbortSignal.timeout()` take a timeout: they throw at fractions and at what is too long. */
export function wholeMillis(millis: number): number {
  return Math.ceil(Math.min(millis, LONGEST_TIMEOUT_MILLIS));
}

/** It is the process that lacks it, whatever clients there are. */
let saidThatUndiciIsUnavailable = false;

let isRehearsed = false;

/** Untraced requests, with proxies from the environment. How they are made is found out at the first. */
export class HttpClient {
  readonly #options: HttpClientOptions;
  #transport: Promise<Transport> | undefined;
  /** The same, once it is open. */
  #opened: Transport | undefined;
  #stopWaiting: () => void = () => {};
  #route: Route | undefined;
  #saidProxy: string | undefined;

  constructor({ timeoutMillis, ...options }: HttpClientOptions) {
    this.#options = { ...options, timeoutMillis: wholeMillis(timeoutMillis) };
  }

  /**
   * The answer without its body. Redirects are not followed. Not an async function: its promises would cost a tenth of
   * the request.
   *
   * @throws UnusableProxyError, or TypeError if the text is not a URL; it may reject with these, too
   */
  post(url: string, message: Parameters<Transport['post']>[1]): Promise<EventDispatcherResponse> {
    if (this.#opened !== undefined) return this.#postBy(this.#opened, url, message);
    return this.#transportOpened().then(transport => this.#postBy(transport, url, message));
  }

  /** The answer with its body. Redirects are not followed. */
  async get(url: string, message: Parameters<Transport['get']>[1]): Promise<Answer> {
    const transport = await this.#transportOpened();
    const { destination, proxy } = this.#routeTo(url);
    return context.with(suppressTracing(context.active()), () => transport.get(destination, message, proxy));
  }

  /** How the log names the proxy that requests to a URL go through. @returns undefined if it knows of none */
  describeProxyFor(url: string): string | undefined {
    return this.#options.dispatcher === undefined ? describeProxyFor(url, process.env) : undefined;
  }

  /**
   * Loads what the first request needs, and compiles it, as soon as the process is idle: that blocks it for 50 to 100 ms.
   * Not in tests: Jest counts what is loaded after the end of a test file as an error.
   */
  prepareWhenIdle(): void {
    const { NODE_ENV, JEST_WORKER_ID } = process.env;
    if (this.#options.dispatcher !== undefined || NODE_ENV === 'test' || JEST_WORKER_ID !== undefined) return;
    this.#stopWaiting = whenIdle(systemRuntime, () => void this.#prepare());
  }

  async #prepare(): Promise<void> {
    const loaded = await loadUndici();
    const isNeeded = this.#transport === undefined && !isRehearsed;
    if (!isNeeded || !('undici' in loaded)) return;
    isRehearsed = true;
    await rehearse(loaded.undici);
  }

  /** Ends what is in flight. Opens new connections if it is used again. */
  async close(): Promise<void> {
    this.#stopWaiting();
    const transport = this.#transport;
    this.#transport = undefined;
    this.#opened = undefined;
    await (await transport)?.close();
  }

  #postBy(
    transport: Transport,
    url: string,
    message: Parameters<Transport['post']>[1],
  ): Promise<EventDispatcherResponse> {
    const { destination, proxy } = this.#routeTo(url);
    const active = context.active();
    const untraced = suppressTracing(active);
    // So it is within a request of our exporter: to say it once more would cost a fiftieth of the request.
    if (untraced === active) return transport.post(destination, message, proxy);
    return context.with(untraced, () => transport.post(destination, message, proxy));
  }

  #transportOpened(): Promise<Transport> {
    if (this.#transport !== undefined) return this.#transport;
    this.#stopWaiting();
    const opening = this.#open();
    this.#transport = opening;
    void opening.then(transport => {
      if (this.#transport === opening) this.#opened = transport;
    });
    return opening;
  }

  /** Nearly always the one before. */
  #routeTo(url: string): Route {
    if (this.#route?.destination.given === url) return this.#route;
    const destination = toDestination(url);
    try {
      const proxy = this.#options.dispatcher ? undefined : proxyFor(destination.url, process.env);
      this.#route = { destination, proxy };
      this.#saidProxy = undefined;
      return this.#route;
    } catch (error) {
      if (error instanceof UnusableProxyError && this.#saidProxy !== error.variable) {
        this.#saidProxy = error.variable;
        this.#options.logger.alert(
          'OPTIMIZELY_BAD_OPTION',
          'error',
          `${error.message}; nothing is sent until it is`,
        );
      }
      throw error;
    }
  }

  async #open(): Promise<Transport> {
    const { dispatcher, logger } = this.#options;
    if (dispatcher !== undefined) return new GivenTransport(dispatcher);
    const loaded = await loadUndici();
    if ('undici' in loaded) return new UndiciTransport(loaded.undici, this.#options);
    if (!saidThatUndiciIsUnavailable) {
      saidThatUndiciIsUnavailable = true;
      logger.alert(
        'OPTIMIZELY_UNDICI_UNAVAILABLE',
        'warn',
        `undici is not available: ${loaded.unavailable}; requests are made by node:http, without SOCKS proxies`,
      );
    }
    return new NodeTransport(this.#options);
  }
}
