// SPDX-License-Identifier: Apache-2.0
import type { Dispatcher } from 'undici';
import type { AbortListener, AbortSource, EventDispatcherResponse } from '../model/event-dispatcher.js';
import { systemRuntime } from '../util/system-runtime.js';
import { statusSeen } from './connection.js';
import { DRAINED_BYTES, DRAINED_MILLIS } from './drain.js';

type Headers = NonNullable<EventDispatcherResponse['headers']>;
type Controller = Dispatcher.DispatchController;

/** More connections than these are not kept waiting for the rest of answers at once. */
const MOST_DRAINING = 16;

/** How many answers of a client are being drained. */
export interface Draining {
  count: number;
}

/**
 * One request of undici's `dispatch` (`request` makes a stream of the body and costs half as much again), which is
 * answered as soon as the head of the answer has come. What comes behind is drained.
 */
export class Exchange implements Dispatcher.DispatchHandler, AbortListener {
  readonly #draining: Draining;
  readonly #abortSource: AbortSource;
  readonly #resolve: (response: EventDispatcherResponse) => void;
  readonly #reject: (reason: unknown) => void;
  #controller: Controller | undefined;
  #abortedBy: Error | undefined;
  #bytesToRead = DRAINED_BYTES;
  #isAnswered = false;
  #drainedSince: number | undefined;

  constructor(
    draining: Draining,
    abortSource: AbortSource,
    resolve: (response: EventDispatcherResponse) => void,
    reject: (reason: unknown) => void,
  ) {
    this.#draining = draining;
    this.#abortSource = abortSource;
    this.#resolve = resolve;
    this.#reject = reject;
    abortSource.listen(this);
  }

  aborted(reason: unknown): void {
    this.#reject(reason);
    this.#abortedBy = reason instanceof Error ? reason : new Error('aborted');
    this.#controller?.abort(this.#abortedBy);
  }

  get isAborted(): boolean {
    return this.#abortedBy !== undefined;
  }

  onRequestStart(controller: Controller): void {
    this.#controller = controller;
    if (this.#abortedBy !== undefined) controller.abort(this.#abortedBy);
  }

  onResponseStart(_controller: Controller, statusCode: number, headers: Headers): void {
    if (statusCode < 200) return;
    this.#abortSource.unlisten();
    this.#isAnswered = true;
    this.#draining.count++;
    this.#resolve({ statusCode, headers });
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    this.#bytesToRead -= chunk.length;
    const now = systemRuntime.monotonic();
    this.#drainedSince ??= now;
    const isInTime = now - this.#drainedSince < DRAINED_MILLIS;
    const goesOn = this.#bytesToRead >= 0 && isInTime && this.#draining.count <= MOST_DRAINING;
    if (!goesOn) controller.abort(new Error('the rest of the answer is not needed'));
  }

  onResponseEnd(): void {
    this.#draining.count--;
  }

  onResponseError(_controller: Controller, error: Error): void {
    if (this.#isAnswered) {
      this.#draining.count--;
      return;
    }
    this.#abortSource.unlisten();
    const statusCode = statusSeen(error);
    if (statusCode === undefined) this.#reject(error);
    else this.#resolve({ statusCode });
  }
}
