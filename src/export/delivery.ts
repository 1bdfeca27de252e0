// SPDX-License-Identifier: Apache-2.0
import type { DropReason } from '../model/drop-reason.js';
import type { AnyEventDispatcher } from '../model/event-dispatcher.js';
import { Fifo } from '../model/fifo.js';
import type { LogEvent } from '../model/log-event.js';
import { errorLabel, type Logger } from '../model/logger.js';
import { Outstanding } from '../model/outstanding.js';
import type { Runtime, RuntimeTimer } from '../model/runtime.js';
import { attempt } from './attempt.js';
import { Backoff, type BackoffOptions } from './backoff.js';
import { type Answer, judge } from './verdict.js';

export interface DeliveryOptions extends BackoffOptions {
  readonly maxAgeMillis: number;
  readonly maxConcurrentRequests: number;
  readonly requestTimeoutMillis: number;
}

/** A request that has to arrive, and whom to tell. */
export interface Parcel {
  readonly logEvent: LogEvent;
  /** When its youngest event was accepted, monotonic clock: none expires early. */
  readonly acceptedAt: number;
  /** undefined: delivered. Called once, unless delivery is ended first. */
  readonly done: (dropped?: DropReason) => void;
}

/**
 * Gets parcels to one destination. After a failure the whole destination rests, then one parcel probes it; a parcel
 * that failed goes to the end of the line, so that it holds up nobody.
 */
export class Delivery {
  readonly #dispatcher: AnyEventDispatcher;
  readonly #options: DeliveryOptions;
  readonly #runtime: Runtime;
  readonly #logger: Logger;
  readonly #backoff: Backoff;
  readonly #waiting = new Fifo<Parcel>();
  readonly #undelivered = new Outstanding<Parcel>();
  readonly #inFlight = new Set<AbortController>();
  #timer: RuntimeTimer | undefined;
  #failing = false;
  #ended = false;

  constructor(dispatcher: AnyEventDispatcher, options: DeliveryOptions, runtime: Runtime, logger: Logger) {
    this.#dispatcher = dispatcher;
    this.#options = options;
    this.#runtime = runtime;
    this.#logger = logger;
    this.#backoff = new Backoff(options, runtime);
  }

  deliver(parcel: Parcel): void {
    this.#undelivered.begin(parcel);
    this.#waiting.push(parcel);
    this.#pump();
  }

  /** Tries now, and more often than usual, what waits; resolves when it has arrived or is lost. */
  async flush(signal: AbortSignal): Promise<void> {
    const aborted = new Promise<void>(resolve => {
      if (signal.aborted) resolve();
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    this.#backoff.hurry();
    this.#pump();
    try {
      await Promise.race([this.#undelivered.settled(), aborted]);
    } finally {
      this.#backoff.relax();
    }
  }

  /** Ends requests in flight; what has not arrived is no longer tried. */
  end(): void {
    this.#ended = true;
    this.#timer?.clear();
    for (const controller of this.#inFlight) controller.abort(new DOMException('shut down', 'AbortError'));
  }

  #pump(): void {
    this.#timer?.clear();
    this.#timer = undefined;
    while (!this.#ended && this.#waiting.size > 0 && this.#inFlight.size < this.#concurrency()) {
      const rest = this.#backoff.remaining();
      if (rest > 0) {
        this.#timer = this.#runtime.setTimer(() => this.#pump(), rest);
        return;
      }
      const parcel = this.#waiting.shift();
      if (parcel !== undefined) void this.#try(parcel);
    }
  }

  #concurrency(): number {
    return this.#failing ? 1 : this.#options.maxConcurrentRequests;
  }

  async #try(parcel: Parcel): Promise<void> {
    if (this.#runtime.monotonic() - parcel.acceptedAt > this.#options.maxAgeMillis) {
      this.#finish(parcel, 'expired');
      return;
    }
    const controller = new AbortController();
    this.#inFlight.add(controller);
    const { step } = this.#backoff;
    const answer = await attempt(this.#dispatcher, parcel.logEvent, {
      runtime: this.#runtime,
      timeoutMillis: this.#options.requestTimeoutMillis,
      controller,
    });
    this.#inFlight.delete(controller);
    if (this.#ended) return;
    this.#settle(parcel, answer, step);
    this.#pump();
  }

  #settle(parcel: Parcel, answer: Answer, step: number): void {
    const verdict = judge(answer);
    switch (verdict.kind) {
      case 'delivered':
        this.#recovered();
        this.#finish(parcel);
        return;
      case 'rejected':
        // The destination answers: only this request is at fault.
        this.#recovered();
        this.#logger.error(`Optimizely refused a batch for good: ${describe(answer)}; its events are lost`);
        this.#finish(parcel, 'rejected');
        return;
      case 'retry':
        if (!this.#failing) {
          this.#logger.warn(
            `delivery to Optimizely fails: ${describe(answer)}; events are kept and tried again`,
          );
        }
        this.#failing = true;
        this.#backoff.failed(step, verdict);
        this.#waiting.push(parcel);
    }
  }

  #recovered(): void {
    if (this.#failing) this.#logger.info('delivery to Optimizely works again');
    this.#failing = false;
    this.#backoff.succeeded();
  }

  #finish(parcel: Parcel, dropped?: DropReason): void {
    this.#undelivered.end(parcel);
    parcel.done(dropped);
  }
}

function describe(answer: Answer): string {
  return answer.kind === 'status' ? `status ${answer.status}` : errorLabel(answer.error);
}
