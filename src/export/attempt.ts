// SPDX-License-Identifier: Apache-2.0
import { context } from '@opentelemetry/api';
import {
  ABORT_SOURCE,
  type AbortListener,
  type AbortSource,
  type AnyEventDispatcher,
  DIRECT_DISPATCH,
  type DirectDispatch,
  type DispatchOptions,
  type EventDispatcherResponse,
  type RequestOwner,
  TAKES_OPTIONS,
} from '../model/event-dispatcher.js';
import type { LogEvent } from '../model/log-event.js';
import type { Runtime } from '../model/runtime.js';
import { isThenable } from '../util/guard.js';
import type { OutstandingWork } from '../util/outstanding.js';
import { suppressTracing } from '../util/suppress-tracing.js';
import type { Chunk } from './chunk.js';
import { showLogEvent } from './log-event.js';
import { optionsWithCallback } from './options-with-callback.js';
import { readAnswer, readRejection } from './read-answer.js';
import type { RequestScopes } from './request-scopes.js';
import { takesCallback } from './takes-callback.js';
import type { Answer } from './verdict.js';

/** Hears of attempts. */
export interface AttemptOwner {
  /** Called once for each, perhaps before `make` returns. */
  answered(attempt: Attempt, answer: Answer): void;
}

/**
 * One request that a dispatcher carries out, untraced, until it is answered or aborted. It is itself what our own dispatcher
 * gets: an object less for each request.
 */
export class Attempt implements OutstandingWork, RequestOwner {
  place = -1;
  generation: OutstandingWork['generation'];
  readonly chunk: Chunk;
  /** Which step of the backoff it belongs to. */
  readonly step: number;
  /** Monotonic clock, milliseconds. */
  readonly startedAt: number;
  /** The same by the wall clock, milliseconds since the epoch. */
  readonly startedAtTime: number;
  /** How long ago the youngest event of the request was accepted, milliseconds. */
  readonly ageMillis: number;
  readonly #runtime: Runtime;
  readonly #owner: AttemptOwner;
  readonly #scopes: RequestScopes;
  #controller: AbortController | undefined;
  #listener: AbortListener | undefined;
  #abortedBy: unknown;
  #isAnswered = false;

  constructor(chunk: Chunk, step: number, runtime: Runtime, scopes: RequestScopes, owner: AttemptOwner) {
    this.chunk = chunk;
    this.step = step;
    this.startedAt = runtime.monotonic();
    this.startedAtTime = runtime.now();
    this.ageMillis = chunk.ageMillis(this.startedAt);
    this.#runtime = runtime;
    this.#scopes = scopes;
    this.#owner = owner;
  }

  /** Never throws. */
  make(dispatcher: AnyEventDispatcher, logEvent: LogEvent): void {
    try {
      const direct = directDispatchOf(dispatcher);
      if (direct === undefined) this.#dispatch(dispatcher, logEvent);
      else this.#scopes.untraced(direct, dispatcher, logEvent, this);
    } catch (error) {
      this.#answer(readRejection(error, this.#runtime));
    }
  }

  #dispatch(dispatcher: AnyEventDispatcher, logEvent: LogEvent): void {
    const respond = (response: unknown) => this.#answer(readAnswer(response, this.#runtime));
    const fail = (error: unknown) => this.#answer(readRejection(error, this.#runtime));
    let isCalledBack = false;
    // A promise, what a callback is given, or a promise that it is given. After the call that brings it: where the
    // application's stack ended while it is dealt with, its events, and those of the next requests, would never settle.
    const callBack = (response: unknown) => {
      void Promise.resolve(response).then(respond, fail);
      isCalledBack = true;
    };
    try {
      const returned: unknown = untraced(() =>
        TAKES_OPTIONS in dispatcher.dispatchEvent
          ? dispatcher.dispatchEvent(logEvent, this as unknown as DispatchOptions)
          : dispatcher.dispatchEvent(showLogEvent(logEvent), optionsWithCallback(this, callBack)),
      );
      if (isThenable(returned)) {
        // Also behind a callback: a rejection that is not handled would end the process.
        void Promise.resolve(returned).then(
          response => isCalledBack || respond(response),
          error => isCalledBack || fail(error),
        );
      } else if (!isCalledBack && (returned !== undefined || !takesCallback(dispatcher.dispatchEvent)))
        respond(returned);
    } catch (error) {
      // What it calls back with is its answer, whatever it has returned or thrown behind it.
      if (!isCalledBack) throw error;
    }
  }

  responded(response: EventDispatcherResponse): void {
    this.#scopes.outside(this.#answer, this, readAnswer(response, this.#runtime));
  }

  failed(reason: unknown): void {
    this.#scopes.outside(this.#answer, this, readRejection(reason, this.#runtime));
  }

  /** Answers at once: a dispatcher need not obey the signal. */
  abort(reason: unknown): void {
    if (this.#isAnswered) return;
    this.#abortedBy = reason;
    this.#listener?.aborted(reason);
    this.#controller?.abort(reason);
    this.#answer({ kind: 'no answer', error: reason });
  }

  #answer(answer: Answer): void {
    if (this.#isAnswered) return;
    this.#isAnswered = true;
    this.#owner.answered(this, answer);
  }

  /** Made at the first access, because an AbortController costs as much as serializing an event. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#abortedBy !== undefined) this.#controller.abort(this.#abortedBy);
    }
    return this.#controller.signal;
  }

  get [ABORT_SOURCE](): AbortSource {
    return this;
  }

  listen(listener: AbortListener): void {
    if (this.#abortedBy !== undefined) listener.aborted(this.#abortedBy);
    this.#listener = listener;
  }

  unlisten(): void {
    this.#listener = undefined;
  }
}

function untraced<T>(work: () => T): T {
  const active = context.active();
  const suppressed = suppressTracing(active);
  return suppressed === active ? work() : context.with(suppressed, work);
}

/** @returns how our own dispatcher is called; undefined for all others, and for a function that stands for its own */
function directDispatchOf({ dispatchEvent }: AnyEventDispatcher): DirectDispatch['dispatch'] | undefined {
  const direct = (dispatchEvent as { [DIRECT_DISPATCH]?: DirectDispatch })[DIRECT_DISPATCH];
  return direct?.of === dispatchEvent ? direct.dispatch : undefined;
}
