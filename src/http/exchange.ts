// SPDX-License-Identifier: Apache-2.0
import type { Dispatcher } from 'undici';
import type { AbortListener, HttpResponse, RequestOwner } from '../model/event-dispatcher.js';
import { systemRuntime } from '../util/system-runtime.js';
import { statusSeen } from './connection.js';
import { DRAINED_BYTES, DRAINED_MILLIS } from './drain.js';

type Headers = NonNullable<HttpResponse['headers']>;
type Controller = Dispatcher.DispatchController;

/** More connections than these are not kept waiting for the rest of answers at once. */
const MOST_DRAINING = 16;

const SETTLED = Promise.resolve();

/** How many answers of a client are being drained. */
export interface Draining {
  count: number;
}

/** The connection that a request has to itself. */
export interface Lease {
  /** The answer has come to its end: the next request may begin. */
  ended(): void;
  broke(): void;
}

/**
 * One request of undici's `dispatch` (`request` makes a stream of the body and costs half as much again), which is
 * answered as soon as the head of the answer has come. What comes behind is drained.
 */
export class Exchange implements Dispatcher.DispatchHandler, AbortListener {
  /** Until the exchange is over, where the connection is chosen here and not by undici. */
  lease: Lease | undefined;
  readonly #draining: Draining;
  readonly #owner: RequestOwner;
  #controller: Controller | undefined;
  #abortedBy: Error | undefined;
  #response: HttpResponse | undefined;
  #isTold = false;
  #isDraining = false;
  #bytesToRead = DRAINED_BYTES;
  #drainedSince: number | undefined;

  constructor(draining: Draining, owner: RequestOwner) {
    this.#draining = draining;
    this.#owner = owner;
    owner.listen(this);
  }

  aborted(reason: unknown): void {
    this.#isTold = true;
    this.#abortedBy = reason instanceof Error ? reason : new Error('aborted');
    // While its connection is being made there is nothing to abort, and others would wait for it in vain.
    if (this.#controller === undefined) this.#release()?.broke();
    else this.#controller.abort(this.#abortedBy);
    this.#owner.failed(reason);
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
    this.#owner.unlisten();
    this.#isDraining = true;
    this.#draining.count++;
    this.#response = { statusCode, headers };
    // Nearly always the end is in the same piece, and has come by then: an owner that makes its next request from there
    // spares the connection a wait.
    if (!isWithoutBody(statusCode, headers)) void SETTLED.then(() => this.#respond());
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
    const lease = this.#release();
    lease?.ended();
    this.#respond();
  }

  onResponseError(_controller: Controller, error: Error): void {
    this.fail(error);
  }

  /** There is no answer, or no more of it. */
  fail(error: Error): void {
    const lease = this.#release();
    lease?.broke();
    if (this.#response !== undefined) {
      this.#respond();
      return;
    }
    this.#owner.unlisten();
    const statusCode = statusSeen(error);
    if (statusCode !== undefined) this.#tell({ statusCode });
    else if (!this.#isTold) {
      this.#isTold = true;
      this.#owner.failed(error);
    }
  }

  #respond(): void {
    if (this.#response !== undefined) this.#tell(this.#response);
  }

  #tell(response: HttpResponse): void {
    if (this.#isTold) return;
    this.#isTold = true;
    this.#owner.responded(response);
  }

  /** @returns what it had until now */
  #release(): Lease | undefined {
    if (this.#isDraining) this.#draining.count--;
    this.#isDraining = false;
    const { lease } = this;
    this.lease = undefined;
    return lease;
  }
}

/** Whether the parser comes to the end of the answer within the call that it comes to the end of its head in. */
function isWithoutBody(statusCode: number, headers: Headers): boolean {
  return statusCode === 204 || headers['content-length'] === '0';
}
