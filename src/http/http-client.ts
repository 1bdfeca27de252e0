// SPDX-License-Identifier: Apache-2.0
import type { DatafileRequest, DatafileResponse, DatafileTransport } from '../model/datafile-transport.js';
import type { RequestOwner } from '../model/event-dispatcher.js';
import { HERE } from '../util/here.js';
import { systemRuntime } from '../util/system-runtime.js';
import type { OpenClient } from './open-client.js';
import type { ClientOptions, Message } from './transport.js';
import { whenIdle } from './when-idle.js';

const LONGEST_TIMEOUT_MILLIS = 2_147_483_647;

/** As undici and `AbortSignal.timeout()` take a timeout: they throw at fractions and at what is too long. */
export function wholeMillis(millis: number): number {
  return Math.ceil(Math.min(millis, LONGEST_TIMEOUT_MILLIS));
}

/** A file of its own in what is published: with `node:net` it would take an eighth of the package's import. */
const loadOpenClient = () => import('./open-client.js').catch(loadByAnotherName);

let loadedAgain = 0;

/**
 * Where an ES module can't be read or parsed, for want of file descriptors or in the middle of a deployment, Node says so for
 * ever: only by another name does it look at the file again.
 */
async function loadByAnotherName(failure: unknown): Promise<typeof import('./open-client.js')> {
  try {
    const { href } = new URL(`open-client.js?again=${++loadedAgain}`, HERE);
    return await import(/* webpackIgnore: true */ /* @vite-ignore */ href);
  } catch {
    throw failure;
  }
}

/** Requests whose code is loaded at the first one, or before, while the process is idle. */
export class HttpClient implements DatafileTransport {
  readonly #options: ClientOptions;
  #opening: Promise<OpenClient> | undefined;
  /** The same, once it is open. */
  #opened: OpenClient | undefined;
  /** The same, also when it is closed: the log may have to say where its requests went. */
  #latest: OpenClient | undefined;
  #stopWaiting: () => void = () => {};

  constructor({ timeoutMillis, ...options }: ClientOptions) {
    this.#options = { ...options, timeoutMillis: wholeMillis(timeoutMillis) };
  }

  /**
   * The owner hears of the answer without its body. Redirects are not followed.
   *
   * @throws UnusableProxyError, or TypeError if the text is not a URL; the owner may hear of these, too
   */
  post(url: string, message: Message, owner: RequestOwner): void {
    if (this.#opened !== undefined) this.#opened.post(url, message, owner);
    else {
      this.#open()
        .then(client => client.post(url, message, owner))
        .catch(error => owner.failed(error));
    }
  }

  /** Unpacked, and bounded. Redirects are followed, but for those that leave https. */
  async get(request: DatafileRequest): Promise<DatafileResponse> {
    const client = await this.#open();
    return client.fetchDatafile(request);
  }

  /** How the log names the proxy that requests to a URL went through. @returns undefined if it knows of none */
  describeProxyFor(url: string): string | undefined {
    return this.#latest?.describeProxyFor(url);
  }

  /**
   * Loads what the first request needs, and compiles it, as soon as the process is idle: that blocks it for 50 to 100 ms.
   * Not in tests: Jest counts what is loaded after the end of a test file as an error.
   */
  prepareWhenIdle(): void {
    const { NODE_ENV, JEST_WORKER_ID } = process.env;
    if (NODE_ENV === 'test' || JEST_WORKER_ID !== undefined) return;
    this.#stopWaiting = whenIdle(systemRuntime, () => void this.#prepare());
  }

  /** Ends what is in flight. Opens new connections if it is used again. */
  async close(): Promise<void> {
    this.#stopWaiting();
    const opening = this.#opening;
    this.#opening = undefined;
    this.#opened = undefined;
    const client = await opening?.catch(() => undefined);
    await client?.close();
  }

  async #prepare(): Promise<void> {
    try {
      const { prepareFirstRequest } = await loadOpenClient();
      if (this.#options.dispatcher !== undefined) return;
      await prepareFirstRequest(() => this.#opening === undefined);
    } catch {
      // The first request tries again, and is told.
    }
  }

  #open(): Promise<OpenClient> {
    if (this.#opening !== undefined) return this.#opening;
    this.#stopWaiting();
    const opening = loadOpenClient().then(({ OpenClient }) => OpenClient.open(this.#options));
    this.#opening = opening;
    opening.then(
      client => {
        this.#latest = client;
        if (this.#opening === opening) this.#opened = client;
      },
      () => {
        // The next request tries again.
        if (this.#opening === opening) this.#opening = undefined;
      },
    );
    return opening;
  }
}
