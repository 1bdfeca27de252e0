// SPDX-License-Identifier: Apache-2.0
import { type Context, context } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import type {
  AnyEventDispatcher,
  DispatchOptions,
  EventDispatcherResponse,
} from '../model/event-dispatcher.js';
import type { LogEvent } from '../model/log-event.js';
import { parseRetryAfter } from '../model/retry-after.js';
import type { Runtime, RuntimeTimer } from '../model/runtime.js';
import type { Answer } from './verdict.js';

/** One request that a dispatcher carries out, untraced, for `timeoutMillis` at most or until somebody aborts it. */
export class Attempt {
  readonly #runtime: Runtime;
  readonly #timer: RuntimeTimer;
  #controller: AbortController | undefined;
  #abortedBy: unknown;
  #resolve: ((answer: Answer) => void) | undefined;

  constructor(runtime: Runtime, timeoutMillis: number) {
    this.#runtime = runtime;
    this.#timer = runtime.setTimer(
      () => this.abort(new DOMException(`no answer within ${timeoutMillis} ms`, 'TimeoutError')),
      timeoutMillis,
    );
  }

  /** Never rejects. */
  make(dispatcher: AnyEventDispatcher, logEvent: LogEvent): Promise<Answer> {
    return new Promise(resolve => {
      this.#resolve = resolve;
      const respond = (response: unknown) => this.#settle(read(response, this.#runtime.now()));
      const fail = (error: unknown) => this.#settle({ kind: 'no answer', error });
      try {
        const returned: unknown = context.with(untraced(), () =>
          dispatcher.dispatchEvent(logEvent, this.#withSignal(respond)),
        );
        if (isThenable(returned)) returned.then(respond, fail);
        else if (dispatcher.dispatchEvent.length < 2) respond(returned);
      } catch (error) {
        fail(error);
      }
    });
  }

  /** Settles at once: a dispatcher need not obey the signal. */
  abort(reason: unknown): void {
    if (this.#resolve === undefined) return;
    this.#abortedBy = reason;
    this.#settle({ kind: 'no answer', error: reason });
    this.#controller?.abort(reason);
  }

  #settle(answer: Answer): void {
    this.#timer.clear();
    this.#resolve?.(answer);
    this.#resolve = undefined;
  }

  /**
   * Serves both generations of dispatchers: a callback that has a `signal`, made when somebody looks at it (an
   * AbortController costs as much as serialising an event).
   */
  #withSignal(respond: (response: unknown) => void): DispatchOptions {
    const signal: PropertyDescriptor = { enumerable: true, get: () => this.#signal() };
    return Object.defineProperty(respond, 'signal', signal) as DispatchOptions;
  }

  #signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#abortedBy !== undefined) this.#controller.abort(this.#abortedBy);
    }
    return this.#controller.signal;
  }
}

let lastActive: Context | undefined;
let lastUntraced: Context | undefined;

/** The active context without tracing; mostly the root, for which it is made once. */
function untraced(): Context {
  const active = context.active();
  if (active !== lastActive || lastUntraced === undefined) {
    lastActive = active;
    lastUntraced = suppressTracing(active);
  }
  return lastUntraced;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}

function read(response: unknown, now: number): Answer {
  const { statusCode, headers } = (response ?? {}) as EventDispatcherResponse;
  return {
    kind: 'status',
    status: typeof statusCode === 'number' ? statusCode : undefined,
    retryAfterMillis: parseRetryAfter(headers?.['retry-after'], now),
  };
}
