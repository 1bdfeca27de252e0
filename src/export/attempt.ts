// SPDX-License-Identifier: Apache-2.0
import { context } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import type {
  AnyEventDispatcher,
  DispatchOptions,
  EventDispatcherResponse,
} from '../model/event-dispatcher.js';
import type { LogEvent } from '../model/log-event.js';
import { parseRetryAfter } from '../model/retry-after.js';
import type { Runtime } from '../model/runtime.js';
import type { Answer } from './verdict.js';

/**
 * Has one request carried out, untraced, for `timeoutMillis` at most or until `controller` aborts. Never rejects.
 *
 * The second argument serves both generations of dispatchers: it is a callback that has a `signal`.
 */
export function attempt(
  dispatcher: AnyEventDispatcher,
  logEvent: LogEvent,
  {
    runtime,
    timeoutMillis,
    controller,
  }: { runtime: Runtime; timeoutMillis: number; controller: AbortController },
): Promise<Answer> {
  const { signal } = controller;
  return new Promise(resolve => {
    const timer = runtime.setTimer(
      () => controller.abort(new DOMException(`no answer within ${timeoutMillis} ms`, 'TimeoutError')),
      timeoutMillis,
    );
    const settle = (answer: Answer) => {
      timer.clear();
      resolve(answer);
    };
    const fail = (error: unknown) => settle({ kind: 'no answer', error });
    const respond = (response: unknown) => settle(read(response, runtime.now()));

    // A dispatcher need not obey the signal.
    signal.addEventListener('abort', () => fail(signal.reason), { once: true });
    const options: DispatchOptions = Object.assign(respond, { signal });
    try {
      const returned: unknown = context.with(suppressTracing(context.active()), () =>
        dispatcher.dispatchEvent(logEvent, options),
      );
      if (isThenable(returned)) returned.then(respond, fail);
      else if (dispatcher.dispatchEvent.length < 2) respond(returned);
    } catch (error) {
      fail(error);
    }
  });
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
