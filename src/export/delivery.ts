// SPDX-License-Identifier: Apache-2.0
import type { DeliveryObserver } from '../model/delivery-observer.js';
import type { DropReason } from '../model/drop-reason.js';
import type { AnyEventDispatcher } from '../model/event-dispatcher.js';
import type { EventExportResult } from '../model/event-exporter.js';
import { Fifo } from '../model/fifo.js';
import type { LogEvent } from '../model/log-event.js';
import { EpisodeLog, errorLabel, type Logger } from '../model/logger.js';
import { Outstanding, type OutstandingWork } from '../model/outstanding.js';
import type { Runtime, RuntimeTimer } from '../model/runtime.js';
import type { UserEvent } from '../model/user-event.js';
import { Attempt } from './attempt.js';
import { Backoff, type BackoffOptions } from './backoff.js';
import { Consignment } from './consignment.js';
import { LearntLimit } from './learnt-limit.js';
import { halve, payloadBytes, splitToFit } from './split.js';
import { type Answer, isReset, judge } from './verdict.js';

export interface DeliveryOptions extends BackoffOptions {
  readonly maxAgeMillis: number;
  readonly maxConcurrentRequests: number;
  readonly requestTimeoutMillis: number;
}

export interface DeliveryDependencies {
  readonly dispatcher: AnyEventDispatcher;
  readonly runtime: Runtime;
  readonly logger: Logger;
  readonly observer: DeliveryObserver | undefined;
}

/** Makes the LogEvent of a piece and tells listeners; undefined: it can't be sent. */
export type Prepare = (events: readonly UserEvent[]) => LogEvent | undefined;

/** One request that has to arrive. */
interface Parcel {
  readonly consignment: Consignment;
  readonly events: readonly UserEvent[];
  readonly prepare: Prepare;
  readonly logEvent: LogEvent;
  triedAtOnce: boolean;
}

interface Request extends OutstandingWork {
  readonly attempt: Attempt;
  readonly parcel: Parcel;
}

/**
 * Gets requests to one destination. After a failure the whole destination rests, then one request probes it; a request
 * that failed goes to the end of the line, so that it holds up nobody.
 */
export class Delivery {
  readonly #options: DeliveryOptions;
  readonly #deps: DeliveryDependencies;
  readonly #backoff: Backoff;
  readonly #limit = new LearntLimit();
  readonly #refusals = new EpisodeLog();
  readonly #waiting = new Fifo<Parcel>();
  readonly #undelivered = new Outstanding<Consignment>();
  readonly #inFlight = new Outstanding<Request>();
  #timer: RuntimeTimer | undefined;
  #failing = false;
  #pumping = false;
  #everArrived = false;
  #ended = false;

  constructor(options: DeliveryOptions, dependencies: DeliveryDependencies) {
    this.#options = options;
    this.#deps = dependencies;
    this.#backoff = new Backoff(options, dependencies.runtime);
  }

  deliver(events: readonly UserEvent[], prepare: Prepare, done: (result: EventExportResult) => void): void {
    const consignment = new Consignment(events.length, result => {
      this.#undelivered.end(consignment);
      done(result);
    });
    this.#undelivered.begin(consignment);
    for (const piece of splitToFit(events, this.#limit.bytes)) this.#queue(consignment, piece, prepare);
    this.#pump();
  }

  /** Tries now, and more often than usual, what waits; resolves when it has arrived or is lost. */
  async flush(signal: AbortSignal): Promise<void> {
    let onAbort = () => {};
    const aborted = new Promise<void>(resolve => {
      onAbort = resolve;
      if (signal.aborted) resolve();
    });
    signal.addEventListener('abort', onAbort);
    this.#backoff.hurry();
    this.#pump();
    try {
      await Promise.race([this.#undelivered.settled(), aborted]);
    } finally {
      this.#backoff.relax();
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** Ends requests in flight; what has not arrived is given up. */
  end(reason: DropReason): void {
    this.#ended = true;
    this.#timer?.clear();
    const requests = this.#inFlight.all();
    for (const { attempt } of requests) attempt.abort(new DOMException('shut down', 'AbortError'));
    for (const { parcel } of requests) parcel.consignment.settle(parcel.events, reason);
    let waiting = this.#waiting.shift();
    while (waiting !== undefined) {
      waiting.consignment.settle(waiting.events, reason);
      waiting = this.#waiting.shift();
    }
  }

  #queue(consignment: Consignment, events: readonly UserEvent[], prepare: Prepare): void {
    const logEvent = prepare(events);
    if (logEvent !== undefined) {
      this.#waiting.push({ consignment, events, prepare, logEvent, triedAtOnce: false });
    } else if (events.length > 1) {
      // One event that can't be serialised again, nested too deep say, costs none of the others.
      for (const half of halve(events)) this.#queue(consignment, half, prepare);
    } else {
      this.#say('error', 'is not possible of an event that can no longer be serialised; it is lost');
      consignment.settle(events, 'invalid');
    }
  }

  #pump(): void {
    // A dispatcher that answers before it returns calls this from within; the loop below goes on.
    if (this.#pumping) return;
    this.#pumping = true;
    this.#timer?.clear();
    this.#timer = undefined;
    while (!this.#ended && this.#waiting.size > 0 && this.#inFlight.size < this.#concurrency()) {
      const rest = this.#backoff.remaining();
      if (rest > 0) {
        this.#timer = this.#deps.runtime.setTimer(() => this.#pump(), rest);
        break;
      }
      const parcel = this.#waiting.shift();
      if (parcel !== undefined) this.#try(parcel);
    }
    this.#pumping = false;
  }

  #concurrency(): number {
    return this.#failing ? 1 : this.#options.maxConcurrentRequests;
  }

  #try(parcel: Parcel): void {
    const { runtime, observer, dispatcher } = this.#deps;
    const startedAt = runtime.monotonic();
    // Judged by the youngest: no event expires early.
    if (startedAt - (parcel.events.at(-1)?.acceptedAt ?? startedAt) > this.#options.maxAgeMillis) {
      parcel.consignment.settle(parcel.events, 'expired');
      return;
    }
    const { step } = this.#backoff;
    const attempt = new Attempt(runtime, this.#options.requestTimeoutMillis, answer => {
      this.#inFlight.end(request);
      const seconds = (runtime.monotonic() - startedAt) / 1000;
      observer?.requestEnded(parcel.events.length, seconds, errorTypeOf(answer));
      if (answer.kind === 'status' && answer.headers !== undefined) observer?.answered?.(answer.headers);
      if (this.#ended) return;
      this.#settle(parcel, answer, step);
      this.#pump();
    });
    const request: Request = { place: -1, attempt, parcel };
    this.#inFlight.begin(request);
    observer?.requestStarted(parcel.events.length);
    attempt.make(dispatcher, parcel.logEvent);
  }

  #settle(parcel: Parcel, answer: Answer, step: number): void {
    const verdict = judge(answer);
    switch (verdict.kind) {
      case 'delivered':
        this.#everArrived = true;
        this.#limit.arrived();
        this.#answered();
        parcel.consignment.settle(parcel.events);
        return;
      case 'too large':
        this.#limit.shrink(payloadBytes(halve(parcel.events)[0] ?? []));
        this.#answered();
        this.#splitOr('too_large', parcel, answer, true);
        return;
      case 'refused':
        this.#answered();
        this.#splitOr('rejected', parcel, answer, parcel.consignment.spendOnSplit());
        return;
      case 'retry':
        if (isReset(answer) && this.#everArrived && !parcel.triedAtOnce) {
          // Most likely an idle connection that was closed just as it was used again: no fault of the destination.
          parcel.triedAtOnce = true;
          this.#waiting.push(parcel);
          return;
        }
        if (!this.#failing) this.#say('warn', `fails: ${describe(answer)}; events are kept and tried again`);
        this.#failing = true;
        this.#backoff.failed(step, verdict);
        this.#waiting.push(parcel);
    }
  }

  /** What is refused is tried again in two halves, until the events that are at fault are alone. */
  #splitOr(reason: DropReason, parcel: Parcel, answer: Answer, maySplit: boolean): void {
    const { consignment, events, prepare } = parcel;
    if (events.length > 1 && maySplit) {
      for (const half of halve(events)) this.#queue(consignment, half, prepare);
      return;
    }
    const said = describe(answer);
    if (this.#refusals.first(said, this.#deps.runtime.monotonic())) {
      this.#say('error', `is refused for good: ${said}; what is refused is lost`);
    }
    consignment.settle(events, reason);
  }

  /** The destination is there, whatever it said. */
  #answered(): void {
    if (this.#failing) this.#say('info', 'works again');
    this.#failing = false;
    this.#backoff.succeeded();
  }

  #say(level: 'error' | 'warn' | 'info', what: string): void {
    this.#deps.logger[level](`delivery to Optimizely ${what}`);
  }
}

function describe(answer: Answer): string {
  return answer.kind === 'status' ? `status ${answer.status}` : errorLabel(answer.error);
}

function errorTypeOf(answer: Answer): string | undefined {
  if (answer.kind === 'no answer') return errorLabel(answer.error);
  return judge(answer).kind === 'delivered' ? undefined : String(answer.status);
}
