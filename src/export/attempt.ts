// SPDX-License-Identifier: Apache-2.0
import { context } from '@opentelemetry/api';
import {
  type AnyEventDispatcher,
  type DispatchOptions,
  WHEN_ABORTED,
  type WhenAborted,
} from '../model/event-dispatcher.js';
import type { LogEvent } from '../model/log-event.js';
import type { Runtime, RuntimeTimer } from '../model/runtime.js';
import { isThenable } from '../util/guard.js';
import { suppressTracing } from '../util/suppress-tracing.js';
import { readAnswer, readRejection } from './read-answer.js';
import { takesCallback } from './takes-callback.js';
import type { Answer } from './verdict.js';

/** One request that a dispatcher carries out, untraced, for `timeoutMillis` at most or until it is aborted. */
export class Attempt {
  readonly #runtime: Runtime;
  readonly #timer: RuntimeTimer;
  readonly #onAnswer: (answer: Answer) => void;
  #controller: AbortController | undefined;
  #onAbort: ((reason: unknown) => void) | undefined;
  #abortedBy: unknown;
  /** How long ago the youngest event of the request was accepted, milliseconds. */
  ageMillis = 0;
  #answered = false;

  /** @param onAnswer called once, perhaps before `make` returns */
  constructor(runtime: Runtime, timeoutMillis: number, onAnswer: (answer: Answer) => void) {
    this.#runtime = runtime;
    this.#onAnswer = onAnswer;
    this.#timer = runtime.setTimer(
      () => this.abort(new DOMException(`no answer within ${timeoutMillis} ms`, 'TimeoutError')),
      timeoutMillis,
    );
  }

  /** Never throws. */
  make(dispatcher: AnyEventDispatcher, logEvent: LogEvent, ageMillis: number): void {
    this.ageMillis = ageMillis;
    const fail = (error: unknown) => this.#answer(readRejection(error, this.#runtime.now()));
    const respond = (response: unknown) => {
      try {
        // A callback may be given a promise, and a thenable may bring another one.
        if (isThenable(response)) response.then(respond, fail);
        else this.#answer(readAnswer(response, this.#runtime.now()));
      } catch (error) {
        fail(error);
      }
    };
    try {
      const returned: unknown = context.with(suppressTracing(context.active()), () =>
        dispatcher.dispatchEvent(logEvent, withSignal(respond, this)),
      );
      if (returned !== undefined || !takesCallback(dispatcher.dispatchEvent)) respond(returned);
    } catch (error) {
      fail(error);
    }
  }

  /** Answers at once: a dispatcher need not obey the signal. */
  abort(reason: unknown): void {
    if (this.#answered) return;
    this.#abortedBy = reason;
    this.#onAbort?.(reason);
    this.#controller?.abort(reason);
    this.#answer({ kind: 'no answer', error: reason });
  }

  #answer(answer: Answer): void {
    if (this.#answered) return;
    this.#answered = true;
    this.#timer.clear();
    this.#onAnswer(answer);
  }

  /** Made at the first access, because an AbortController costs as much as serializing an event. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#abortedBy !== undefined) this.#controller.abort(this.#abortedBy);
    }
    return this.#controller.signal;
  }

  /** The same without an AbortController, for one listener. */
  readonly whenAborted: WhenAborted = listener => {
    if (this.#abortedBy !== undefined) listener(this.#abortedBy);
    this.#onAbort = listener;
    return () => {
      this.#onAbort = undefined;
    };
  };
}

const ATTEMPT = Symbol('attempt');

type Carrier = DispatchOptions & { [ATTEMPT]: Attempt; [WHEN_ABORTED]: WhenAborted; ageMillis: number };

// A getter that all share: V8 keeps one of each function's own, and what that refers to, until a full collection.
const SIGNAL: PropertyDescriptor & ThisType<Carrier> = {
  enumerable: true,
  get() {
    return this[ATTEMPT].signal;
  },
};

// A descriptor inherits: what a dependency has put on Object.prototype would spoil it.
Object.setPrototypeOf(SIGNAL, null);

/**
 * Serves both generations of dispatchers: a callback that has the options as members. All but the signal is assigned: it
 * costs a twentieth of what defining it does.
 */
function withSignal(respond: (response: unknown) => void, attempt: Attempt): DispatchOptions {
  const carrier = respond as unknown as Carrier;
  carrier[ATTEMPT] = attempt;
  carrier[WHEN_ABORTED] = attempt.whenAborted;
  carrier.ageMillis = attempt.ageMillis;
  return Object.defineProperty(carrier, 'signal', SIGNAL);
}
