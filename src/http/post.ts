// SPDX-License-Identifier: Apache-2.0
import type { Dispatcher } from 'undici';
import type { EventDispatcherResponse, WhenAborted } from '../model/event-dispatcher.js';

export interface PostOptions {
  readonly method: 'GET' | 'POST';
  readonly headers?: Record<string, string> | undefined;
  readonly body?: string | Uint8Array | undefined;
  readonly whenAborted: WhenAborted;
}

/**
 * One request whose answer's body matters to nobody. By undici's `dispatch`, since `request` makes a stream of the
 * body and costs half as much again.
 *
 * @param drainedBytes of the body are read, so that the connection can be used again; a longer one ends it
 * @throws (rejects) undici's errors, or the reason of the abort
 */
export function post(
  dispatcher: Dispatcher,
  { origin, path }: Destination,
  { method, headers, body, whenAborted }: PostOptions,
  drainedBytes: number,
): Promise<EventDispatcherResponse> {
  return new Promise((resolve, reject) => {
    const exchange = new Exchange(drainedBytes, resolve, reject);
    exchange.endWhen(whenAborted);
    if (exchange.isAborted) return;
    dispatcher.dispatch({ origin, path, method, headers: headers ?? null, body: body ?? null }, exchange);
  });
}

export interface Destination {
  readonly url: string;
  readonly origin: string;
  readonly path: string;
}

export function toDestination(url: string): Destination {
  const { origin, pathname, search } = new URL(url);
  return { url, origin, path: pathname + search };
}

class Exchange implements Dispatcher.DispatchHandler {
  readonly #resolve: (response: EventDispatcherResponse) => void;
  readonly #reject: (reason: unknown) => void;
  #unsubscribe: (() => void) | undefined;
  #controller: Dispatcher.DispatchController | undefined;
  #abortedBy: Error | undefined;
  #response: EventDispatcherResponse = {};
  #bytesToRead: number;

  constructor(
    drainedBytes: number,
    resolve: (response: EventDispatcherResponse) => void,
    reject: (reason: unknown) => void,
  ) {
    this.#bytesToRead = drainedBytes;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  endWhen(whenAborted: WhenAborted): void {
    this.#unsubscribe = whenAborted(reason => {
      this.#reject(reason);
      this.#abortedBy = reason instanceof Error ? reason : new Error('aborted');
      this.#controller?.abort(this.#abortedBy);
    });
  }

  get isAborted(): boolean {
    return this.#abortedBy !== undefined;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#abortedBy !== undefined) controller.abort(this.#abortedBy);
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    statusCode: number,
    headers: NonNullable<EventDispatcherResponse['headers']>,
  ): void {
    this.#response = { statusCode, headers };
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytesToRead -= chunk.length;
    if (this.#bytesToRead >= 0) return;
    this.#answered();
    controller.abort(new Error('the rest of the answer is not needed'));
  }

  onResponseEnd(): void {
    this.#answered();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#unsubscribe?.();
    this.#reject(error);
  }

  #answered(): void {
    this.#unsubscribe?.();
    this.#resolve(this.#response);
  }
}
