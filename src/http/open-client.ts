// SPDX-License-Identifier: Apache-2.0
import { context } from '@opentelemetry/api';
import type { DatafileRequest, DatafileResponse } from '../model/datafile-transport.js';
import type { RequestOwner } from '../model/event-dispatcher.js';
import { suppressTracing } from '../util/suppress-tracing.js';
import { fetchDatafile } from './datafile-fetch.js';
import { type Destination, toDestination } from './destination.js';
import { GivenTransport } from './given-transport.js';
import { loadUndici } from './load-undici.js';
import { NodeTransport } from './node-transport.js';
import { describeProxyFor, type NamedProxy, proxyFor, UnusableProxyError } from './proxy-environment.js';
import { rehearse } from './rehearsal.js';
import type { Answer, ClientOptions, Message, Transport } from './transport.js';
import { UndiciTransport } from './undici-transport.js';

interface Route {
  readonly destination: Destination;
  readonly proxy: NamedProxy | undefined;
}

/** It is the process that lacks it, whatever clients there are. */
let saidThatUndiciIsUnavailable = false;

let isRehearsed = false;

/** Makes untraced requests, with proxies from the environment. */
export class OpenClient {
  readonly #options: ClientOptions;
  readonly #transport: Transport;
  #route: Route | undefined;
  #saidProxy: string | undefined;

  private constructor(options: ClientOptions, transport: Transport) {
    this.#options = options;
    this.#transport = transport;
  }

  /** Finds out how requests can be made here. */
  static async open(options: ClientOptions): Promise<OpenClient> {
    return new OpenClient(options, await openTransport(options));
  }

  /**
   * The owner hears of the answer without its body. Redirects are not followed.
   *
   * @throws UnusableProxyError, or TypeError if the text is not a URL
   */
  post(url: string, message: Message, owner: RequestOwner): void {
    const { destination, proxy } = this.#routeTo(url);
    const active = context.active();
    const untraced = suppressTracing(active);
    // So it is within a request of our exporter: to say it once more would cost a fiftieth of the request.
    if (untraced === active) this.#transport.post(destination, message, proxy, owner);
    else context.with(untraced, () => this.#transport.post(destination, message, proxy, owner));
  }

  /** Rejects with UnusableProxyError, too. */
  fetchDatafile(request: DatafileRequest): Promise<DatafileResponse> {
    return fetchDatafile((url, message) => this.#get(url, message), request);
  }

  /** How the log names the proxy that requests to a URL go through. @returns undefined if it knows of none */
  describeProxyFor(url: string): string | undefined {
    return this.#options.dispatcher === undefined ? describeProxyFor(url, process.env) : undefined;
  }

  /** Ends what is in flight. */
  close(): Promise<void> {
    return this.#transport.close();
  }

  /** The answer with its body. Redirects are not followed. */
  async #get(url: string, message: Parameters<Transport['get']>[1]): Promise<Answer> {
    const { destination, proxy } = this.#routeTo(url);
    const untraced = suppressTracing(context.active());
    return context.with(untraced, () => this.#transport.get(destination, message, proxy));
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
}

/**
 * Loads what the first request needs, and compiles it. Never rejects.
 *
 * @param isNeeded asked once undici is loaded: whether no request was made meanwhile
 */
export async function prepareFirstRequest(isNeeded: () => boolean): Promise<void> {
  const loaded = await loadUndici();
  if (!('undici' in loaded) || isRehearsed || !isNeeded()) return;
  isRehearsed = true;
  await rehearse(loaded.undici);
}

async function openTransport(options: ClientOptions): Promise<Transport> {
  const { dispatcher, logger } = options;
  if (dispatcher !== undefined) return new GivenTransport(dispatcher);
  const loaded = await loadUndici();
  if ('undici' in loaded) return new UndiciTransport(loaded.undici, options);
  if (!saidThatUndiciIsUnavailable) {
    saidThatUndiciIsUnavailable = true;
    logger.alert(
      'OPTIMIZELY_UNDICI_UNAVAILABLE',
      'warn',
      `undici is not available: ${loaded.unavailable}; requests are made by node:http, without SOCKS proxies`,
    );
  }
  return new NodeTransport(options);
}
