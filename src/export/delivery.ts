// SPDX-License-Identifier: Apache-2.0
import type { DeliveryObserver } from '../model/delivery-observer.js';
import type { DropReason } from '../model/drop-reason.js';
import type { AnyEventDispatcher } from '../model/event-dispatcher.js';
import type { EventExportResult, ExportBatch } from '../model/event-exporter.js';
import type { PackageLogger } from '../model/logger.js';
import type { Runtime, RuntimeTimer } from '../model/runtime.js';
import { Afterwards } from '../util/afterwards.js';
import { errorLabel } from '../util/error-label.js';
import { Seam } from '../util/guard.js';
import { Outstanding, type OutstandingWork } from '../util/outstanding.js';
import { Attempt } from './attempt.js';
import { BatchProgress, Chunk, type Prepare } from './chunk.js';
import { Destination, type DestinationOptions } from './destination.js';
import { placeOf } from './place-of.js';
import { SendQueue } from './send-queue.js';
import { makeSpecimens } from './specimens.js';
import { splitToFit } from './split.js';
import { type Answer, errorTypeOf, judge, type Retry } from './verdict.js';

export interface DeliveryOptions extends DestinationOptions {
  readonly maxAgeMillis: number;
  readonly requestTimeoutMillis: number;
}

export interface DeliveryDependencies {
  readonly dispatcher: AnyEventDispatcher;
  readonly runtime: Runtime;
  readonly logger: PackageLogger;
  readonly observer: DeliveryObserver | undefined;
}

interface Request extends OutstandingWork {
  readonly attempt: Attempt;
  readonly chunk: Chunk;
}

const RETRY: Retry = { kind: 'retry', floorMillis: 0, slow: false };

/**
 * Gets requests to one destination. After a failure the whole destination rests, then one request probes it; a request
 * that failed goes to the end of the line, so that it holds up no other. Requests are made after the call that brought
 * the batch, never from within it.
 */
export class Delivery {
  readonly #options: DeliveryOptions;
  readonly #deps: DeliveryDependencies;
  readonly #observer: Seam;
  readonly #destination: Destination;
  readonly #queue: SendQueue;
  readonly #undelivered = new Outstanding<BatchProgress>();
  readonly #inFlight = new Outstanding<Request>();
  readonly #send = new Afterwards(() => this.#pump());
  readonly #readyListeners: (() => void)[] = [];
  /** Made with the first request, and kept. */
  #specimens: readonly unknown[] | undefined;
  #timer: RuntimeTimer | undefined;
  #pumping = false;
  #ended = false;

  constructor(options: DeliveryOptions, dependencies: DeliveryDependencies) {
    const { runtime, logger } = dependencies;
    this.#options = options;
    this.#deps = dependencies;
    this.#observer = new Seam('observer', logger);
    const place = placeOf(dependencies.dispatcher);
    this.#destination = new Destination(options, runtime, logger, place);
    this.#queue = new SendQueue(runtime, () => this.#pump());
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

  deliver(
    { events, settle }: Pick<ExportBatch, 'events' | 'settle'>,
    prepare: Prepare,
    done: (result: EventExportResult) => void,
  ): void {
    const batch = new BatchProgress(events.length, settle, result => {
      this.#undelivered.end(batch);
      done(result);
    });
    // In line first: where the stack ends, the caller brings the batch again, and no flush waits for this one.
    for (const piece of splitToFit(events, this.#destination.maxBytes)) {
      this.#queue.push(new Chunk(batch, piece, prepare));
    }
    this.#undelivered.begin(batch);
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
    const requests = this.#inFlight.all();
    for (const { attempt } of requests) attempt.abort(new DOMException('shut down', 'AbortError'));
    const chunks = [...requests.map(({ chunk }) => chunk), ...this.#queue.drain()];
    for (const { batch, events } of chunks) batch.settle(events, reason);
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
        this.#deps.logger.error(`delivery to Optimizely failed: ${errorLabel(error)}; it is tried again`);
        this.#fail(chunk, { kind: 'no answer', error }, this.#destination.step, RETRY);
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
    const { runtime, observer, dispatcher } = this.#deps;
    const { batch, events } = chunk;
    const startedAt = runtime.monotonic();
    const ageMillis = chunk.ageMillis(startedAt);
    if (ageMillis > this.#options.maxAgeMillis) {
      batch.settle(events, 'expired');
      return;
    }
    const logEvent = chunk.logEvent();
    if (logEvent === undefined) {
      this.#cannotSerialize(chunk);
      return;
    }
    this.#specimens ??= makeSpecimens(runtime);
    const { step } = this.#destination;
    this.#destination.log.sending(logEvent.url);
    const attempt = new Attempt(runtime, this.#options.requestTimeoutMillis, answer => {
      this.#inFlight.end(request);
      const seconds = (runtime.monotonic() - startedAt) / 1000;
      this.#observe('requestEnded', () =>
        observer?.requestEnded(events.length, seconds, errorTypeOf(answer)),
      );
      if (this.#ended) return;
      this.#settle(chunk, answer, step);
      this.#pump();
    });
    const request: Request = { place: -1, generation: undefined, attempt, chunk };
    this.#inFlight.begin(request);
    this.#observe('requestStarted', () => observer?.requestStarted(events.length));
    attempt.make(dispatcher, logEvent, ageMillis);
  }

  #observe(method: string, tell: () => void): void {
    if (this.#deps.observer !== undefined) this.#observer.call(method, undefined, tell);
  }

  #settle(chunk: Chunk, answer: Answer, step: number): void {
    const verdict = judge(answer);
    switch (verdict.kind) {
      case 'delivered':
      case 'streamed':
        this.#destination.delivered(answer);
        chunk.batch.settle(chunk.events, verdict.kind === 'streamed' ? 'streamed' : undefined);
        return;
      case 'too large':
        this.#destination.refusedSize(chunk);
        if (chunk.events.length === 1) this.#refuse('too_large', chunk, answer);
        else this.#queue.pushHalves(chunk);
        return;
      case 'refused':
        this.#destination.answered();
        if (chunk.events.length === 1) this.#refuse('rejected', chunk, answer);
        else this.#queue.searchThrough(chunk);
        return;
      case 'retry':
        if (this.#destination.mayTryAtOnce(chunk, answer)) this.#queue.push(chunk);
        else if (this.#destination.isAtFault(chunk, answer)) this.#singleOut(chunk, answer);
        else this.#fail(chunk, answer, step, verdict);
    }
  }

  #fail(chunk: Chunk, answer: Answer, step: number, retry: Retry): void {
    this.#destination.failed(answer, step, retry);
    this.#queue.push(chunk);
  }

  #singleOut(chunk: Chunk, answer: Answer): void {
    this.#destination.log.singledOut(answer);
    if (chunk.events.length > 1) this.#queue.searchThrough(chunk);
    else this.#queue.rest(chunk, this.#destination.restAlone(chunk));
  }

  /** One event that can't be serialized again, nested too deep say, costs none of the others. */
  #cannotSerialize(chunk: Chunk): void {
    if (chunk.events.length > 1) {
      this.#queue.pushHalves(chunk);
      return;
    }
    this.#destination.log.unserializable();
    chunk.batch.settle(chunk.events, 'invalid');
  }

  #refuse(reason: DropReason, { batch, events }: Chunk, answer: Answer): void {
    this.#destination.log.refused(answer);
    batch.settle(events, reason);
  }
}
