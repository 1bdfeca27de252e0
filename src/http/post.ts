// SPDX-License-Identifier: Apache-2.0
import type { Dispatcher } from 'undici';
import type { EventDispatcherResponse } from '../model/event-dispatcher.js';

export interface PostOptions {
  readonly method: 'GET' | 'POST';
  readonly headers?: Record<string, string> | undefined;
  readonly body?: string | undefined;
  readonly signal: AbortSignal;
}

/**
 * One request whose answer's body matters to nobody. By undici's `dispatch`, since `request` makes a stream of the
 * body and costs half as much again.
 *
 * @param drainedBytes of the body are read, so that the connection can be used again; a longer one ends it
 * @throws (rejects) undici's errors, or the signal's reason
 */
export function post(
  dispatcher: Dispatcher,
  url: string,
  { method, headers, body, signal }: PostOptions,
  drainedBytes: number,
): Promise<EventDispatcherResponse> {
  return new Promise((resolve, reject) => {
    const { origin, pathname, search } = new URL(url);
    const exchange = new Exchange(signal, drainedBytes, resolve, reject);
    if (signal.aborted) return;
    dispatcher.dispatch(
      { origin, path: pathname + search, method, headers: headers ?? null, body: body ?? null },
      exchange,
    );
  });
}

class Exchange implements Dispatcher.DispatchHandler {
  readonly #signal: AbortSignal;
  readonly #resolve: (response: EventDispatcherResponse) => void;
  readonly #reject: (reason: unknown) => void;
  readonly #onAbort = () => this.#aborted();
  #controller: Dispatcher.DispatchController | undefined;
  #response: EventDispatcherResponse = {};
  #bytesToRead: number;

  constructor(
    signal: AbortSignal,
    drainedBytes: number,
    resolve: (response: EventDispatcherResponse) => void,
    reject: (reason: unknown) => void,
  ) {
    this.#signal = signal;
    this.#bytesToRead = drainedBytes;
    this.#resolve = resolve;
    this.#reject = reject;
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#signal.aborted) controller.abort(this.#signal.reason);
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
    this.#signal.removeEventListener('abort', this.#onAbort);
    this.#reject(error);
  }

  #answered(): void {
    this.#signal.removeEventListener('abort', this.#onAbort);
    this.#resolve(this.#response);
  }

  #aborted(): void {
    this.#reject(this.#signal.reason);
    this.#controller?.abort(this.#signal.reason);
  }
}
