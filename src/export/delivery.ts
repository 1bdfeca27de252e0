// SPDX-License-Identifier: Apache-2.0
import type { DeliveryObserver } from '../model/delivery-observer.js';
import type { DropReason } from '../model/drop-reason.js';
import type { AnyEventDispatcher } from '../model/event-dispatcher.js';
import type { EventExportResult, ExportBatch } from '../model/event-exporter.js';
import type { PackageLogger } from '../model/logger.js';
import type { Runtime, RuntimeTimer } from '../model/runtime.js';
import { Afterwards } from '../util/afterwards.js';
import { Seam } from '../util/guard.js';
import { Outstanding } from '../util/outstanding.js';
import { Attempt, type AttemptOwner } from './attempt.js';
import { BatchProgress, Chunk, type Prepare } from './chunk.js';
import { ChunkOutcome } from './chunk-outcome.js';
import { ClockCheck } from './clock-check.js';
import { DeliveryLog } from './delivery-log.js';
import { Destination, type DestinationOptions } from './destination.js';
import { RequestDeadline } from './request-deadline.js';
import { RequestScopes } from './request-scopes.js';
import { SendQueue } from './send-queue.js';
import { makeSpecimens } from './specimens.js';
import { splitToFit } from './split.js';
import { type Answer, errorTypeOf } from './verdict.js';

export interface DeliveryOptions extends DestinationOptions {
  readonly maxAgeMillis: number;
  readonly requestTimeoutMillis: number;
}

export interface DeliveryDependencies {
  readonly dispatcher: AnyEventDispatcher;
  /** Called once for each chunk. */
  readonly prepare: Prepare;
  readonly runtime: Runtime;
  readonly logger: PackageLogger;
  readonly observer: DeliveryObserver | undefined;
}

/**
 * Gets requests to one destination. After a failure the whole destination rests, then one request probes it; a request
 * that failed goes to the end of the line, so that it holds up no other. Requests are made after the call that brought
 * the batch, never from within it.
 */
export class Delivery implements AttemptOwner {
  readonly #options: DeliveryOptions;
  readonly #deps: DeliveryDependencies;
  readonly #observer: Seam;
  readonly #destination: Destination;
  readonly #queue: SendQueue;
  readonly #outcome: ChunkOutcome;
  readonly #undelivered = new Outstanding<BatchProgress>();
  readonly #inFlight = new Outstanding<Attempt>();
  readonly #deadline: RequestDeadline;
  readonly #scopes = new RequestScopes();
  readonly #send = new Afterwards(() => this.#pump());
  readonly #readyListeners: (() => void)[] = [];
  /** Made with the first request, and kept. */
  #specimens: readonly unknown[] | undefined;
  readonly #clockCheck: ClockCheck;
  #timer: RuntimeTimer | undefined;
  #pumping = false;
  #ended = false;

  constructor(options: DeliveryOptions, dependencies: DeliveryDependencies) {
    const { runtime, logger, dispatcher } = dependencies;
    this.#options = options;
    this.#deps = dependencies;
    this.#observer = new Seam('observer', logger);
    this.#destination = new Destination(options, runtime, new DeliveryLog(logger, runtime, dispatcher));
    this.#clockCheck = new ClockCheck(logger, runtime);
    this.#queue = new SendQueue(runtime, () => this.#pump());
    this.#outcome = new ChunkOutcome(this.#destination, this.#queue);
    this.#deadline = new RequestDeadline(runtime, options.requestTimeoutMillis, this.#inFlight);
  }

  /** Whether what is delivered now has to wait for a request that is out. */
  get isBusy(): boolean {
    // Not of the one probe while it fails: that must not always be the same chunk.
    return this.#taken >= this.#options.maxConcurrentRequests;
  }

  /** What share of the requests but one is out or taken, from 0 to 1: behind one that hangs or fails, no batch grows. */
  get load(): number {
    if (this.isBusy) return 1;
    // What waits to be tried again is no load: batches would grow behind those at fault, and none would get through.
    if (this.#destination.isFailing) return 0;
    return this.#taken < 2 ? 0 : (this.#taken - 1) / (this.#options.maxConcurrentRequests - 1);
  }

  get #taken(): number {
    return this.#inFlight.size + this.#queue.liveSize;
  }

  /** @param listener called when a request has ended and none waits */
  onReady(listener: () => void): void {
    this.#readyListeners.push(listener);
  }

  /** @param done called once, when every event was delivered or is lost */
  deliver(batch: ExportBatch, done: (result: EventExportResult) => void): void {
    const progress = new BatchProgress(batch, this.#undelivered, done);
    // In line first: where the stack ends, the caller brings the batch again, and no flush waits for this one.
    for (const piece of splitToFit(batch.events, this.#destination.maxBytes)) {
      this.#queue.push(new Chunk(progress, piece));
    }
    this.#undelivered.begin(progress);
    this.#send.request();
  }

  /** Tries now, and more often than usual, what waits; resolves when it has arrived or is lost, or `signal` aborts. */
  async flush(signal: AbortSignal): Promise<void> {
    const settled = this.#undelivered.settled(signal);
    this.#destination.hurry();
    this.#queue.wake();
    this.#pump();
    await settled;
    this.#destination.relax();
  }

  /** Ends requests in flight; what has not arrived is given up. */
  end(reason: DropReason): void {
    this.#ended = true;
    this.#timer?.clear();
    this.#destination.end();
    const attempts = this.#inFlight.all();
    for (const attempt of attempts) attempt.abort(new DOMException('shut down', 'AbortError'));
    const chunks = [...attempts.map(({ chunk }) => chunk), ...this.#queue.drain()];
    for (const chunk of chunks) chunk.settle(reason);
  }

  #pump(): void {
    // A dispatcher that answers before it returns calls this from within; the loop goes on.
    if (this.#pumping || this.#ended) return;
    this.#pumping = true;
    try {
      this.#sendWhatWaits();
    } finally {
      this.#pumping = false;
    }
    if (!this.isBusy) for (const listener of this.#readyListeners) listener();
  }

  #sendWhatWaits(): void {
    this.#timer?.clear();
    this.#timer = undefined;
    while (!this.#ended && this.#inFlight.size < this.#destination.concurrency) {
      if (this.#queue.isEmpty) return;
      const chunk = this.#next();
      if (chunk === undefined) return;
      try {
        this.#try(chunk);
      } catch (error) {
        this.#destination.log.unmade(error);
        this.#outcome.failed(chunk, error);
      }
    }
  }

  /** @returns undefined if nothing may be sent now: a timer goes on when something may */
  #next(): Chunk | undefined {
    const rest = this.#destination.rest();
    if (rest > 0) return this.#later(rest);
    const next = this.#queue.next(this.#destination.isHurried);
    return typeof next === 'number' ? this.#later(next) : next;
  }

  #later(millis: number): undefined {
    this.#timer = this.#deps.runtime.setTimer(() => this.#pump(), millis);
  }

  #try(chunk: Chunk): void {
    const { runtime, observer, dispatcher, prepare } = this.#deps;
    const attempt = new Attempt(chunk, this.#destination.step, runtime, this.#scopes, this);
    if (attempt.ageMillis > this.#options.maxAgeMillis) {
      chunk.settle('expired');
      return;
    }
    const logEvent = chunk.logEvent(prepare);
    if (logEvent === undefined) {
      this.#outcome.unserializable(chunk);
      return;
    }
    this.#specimens ??= makeSpecimens(runtime, this.#scopes);
    this.#destination.log.sending(logEvent.url);
    this.#inFlight.begin(attempt);
    this.#deadline.begun();
    this.#observe('requestStarted', () => observer?.requestStarted(chunk.events.length));
    attempt.make(dispatcher, logEvent);
  }

  answered(attempt: Attempt, answer: Answer): void {
    const { chunk, step, startedAt } = attempt;
    const { runtime, observer } = this.#deps;
    this.#inFlight.end(attempt);
    this.#deadline.ended();
    if (observer !== undefined) {
      const seconds = (runtime.monotonic() - startedAt) / 1000;
      this.#observe('requestEnded', () =>
        observer.requestEnded(chunk.events.length, seconds, errorTypeOf(answer)),
      );
    }
    if (this.#ended) return;
    this.#clockCheck.answered(answer, this.#destination.log.url, attempt.startedAtTime);
    this.#outcome.answered(chunk, answer, step);
    this.#pump();
  }

  #observe(method: string, tell: () => void): void {
    if (this.#deps.observer !== undefined) this.#observer.call(method, undefined, tell);
  }
}
