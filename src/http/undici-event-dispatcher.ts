// SPDX-License-Identifier: Apache-2.0
import type { Dispatcher } from 'undici';
import {
  ABORT_SOURCE,
  type AbortListener,
  type AbortSource,
  DESCRIBE_PROXY_FOR,
  DIRECT_DISPATCH,
  type DirectDispatch,
  type EventDispatcher,
  type EventDispatcherResponse,
  type HttpResponse,
  type RequestOwner,
  TAKES_OPTIONS,
} from '../model/event-dispatcher.js';
import type { LogEventLike } from '../model/log-event.js';
import type { Logger } from '../model/logger.js';
import { onFreshStack } from '../util/fresh-stack.js';
import { bodyOf, bytesOf } from '../util/log-event-body.js';
import { LOGGER } from '../util/options/common-option-rows.js';
import { millis, type OptionTable, object } from '../util/options/option-table.js';
import { resolveOptions } from '../util/options/resolve-options.js';
import { takeOptions } from '../util/options/take-options.js';
import { refuseWrongPlaces } from '../util/wrong-place.js';
import { HttpClient, wholeMillis } from './http-client.js';
import { SignalSource } from './signal-source.js';
import type { Message } from './transport.js';

/** How requests are made. */
export interface UndiciEventDispatcherOptions {
  /**
   * Your own undici dispatcher, for a private CA, mTLS or a fixed proxy. You close it.
   *
   * @default an agent of its own: proxies from `HTTPS_PROXY`, `HTTP_PROXY` and
   * `NO_PROXY`, 64 connections an origin, keep-alive of 4 s
   */
  dispatcher?: Dispatcher | undefined;
  /** Deadline if the caller passes no `signal`, milliseconds. @default 10_000 */
  requestTimeoutMillis?: number | undefined;
  /** @default OpenTelemetry's `diag` */
  logger?: Logger | undefined;
}

export const UNDICI_EVENT_DISPATCHER = {
  name: 'UndiciEventDispatcher',
  example: 'new UndiciEventDispatcher({ dispatcher: new Agent() })',
  table: {
    dispatcher: object<Dispatcher>(['dispatch'], '{ dispatcher: new Agent() }'),
    requestTimeoutMillis: millis(10_000),
    logger: LOGGER,
  } satisfies OptionTable<UndiciEventDispatcherOptions>,
};

/**
 * Sends LogEvents with undici, which is loaded when the process is idle after construction, or else at the first one.
 * Requests are untraced, and redirects are not followed.
 */
export class UndiciEventDispatcher implements EventDispatcher {
  readonly #client: HttpClient;
  readonly #timeoutMillis: number;

  /** @throws TypeError if an option has a wrong type and no usable default */
  constructor(options: UndiciEventDispatcherOptions = {}) {
    const { options: taken, logger } = takeOptions(UNDICI_EVENT_DISPATCHER, options);
    refuseWrongPlaces(this, 'UndiciEventDispatcher', logger);
    const resolved = resolveOptions(UNDICI_EVENT_DISPATCHER.table, taken, logger);
    const { dispatcher, requestTimeoutMillis: timeoutMillis } = resolved;
    this.#timeoutMillis = wholeMillis(timeoutMillis);
    this.#client = new HttpClient({ dispatcher, timeoutMillis, keepsProcess: true, logger });
    this.#client.prepareWhenIdle();
    const describe = (url: string) => this.#client.describeProxyFor(url);
    Object.defineProperty(this, DESCRIBE_PROXY_FOR, hidden(describe));
  }

  /**
   * Sends one LogEvent.
   *
   * @param logEvent a LogEvent, a copy of one, or one of Optimizely's JavaScript SDK
   * @returns the answer, whatever its status
   * @throws (rejects) if there was no answer, with undici's error or the signal's reason
   */
  dispatchEvent(
    logEvent: LogEventLike,
    options?: { signal?: AbortSignal | undefined },
  ): Promise<EventDispatcherResponse & { statusCode: number }> {
    return new Promise((resolve, reject) => {
      const request = toRequest(logEvent);
      const owner = new AwaitedRequest(this.#abortSource(options), resolve, reject);
      // Where the application's stack ended within undici, the connection could not be used again.
      void onFreshStack(async () => this.#post(request, owner));
    });
  }

  #abortSource(
    options: { signal?: AbortSignal | undefined; [ABORT_SOURCE]?: AbortSource } | undefined,
  ): AbortSource {
    return (
      options?.[ABORT_SOURCE] ?? new SignalSource(options?.signal ?? AbortSignal.timeout(this.#timeoutMillis))
    );
  }

  #post(request: PreparedRequest, owner: RequestOwner): void {
    try {
      this.#client.post(request.url, request, owner);
    } catch (error) {
      owner.failed(error);
    }
  }

  static {
    const { dispatchEvent } = UndiciEventDispatcher.prototype;
    const direct: DirectDispatch = {
      of: dispatchEvent,
      dispatch(logEvent, owner) {
        (this as UndiciEventDispatcher).#post(toRequest(logEvent), owner);
      },
    };
    Object.defineProperty(dispatchEvent, TAKES_OPTIONS, hidden(true));
    Object.defineProperty(dispatchEvent, DIRECT_DISPATCH, hidden(direct));
  }

  /** Closes its own connections, and requests in flight fail. It opens new connections if it is used again. */
  close(): Promise<void> {
    return this.#client.close();
  }
}

/** A request of which a promise tells. */
class AwaitedRequest implements RequestOwner {
  readonly responded: (response: HttpResponse) => void;
  readonly failed: (reason: unknown) => void;
  readonly #abortSource: AbortSource;

  constructor(
    abortSource: AbortSource,
    resolve: (response: HttpResponse) => void,
    reject: (reason: unknown) => void,
  ) {
    this.responded = resolve;
    this.failed = reject;
    this.#abortSource = abortSource;
  }

  listen(listener: AbortListener): void {
    this.#abortSource.listen(listener);
  }

  unlisten(): void {
    this.#abortSource.unlisten();
  }
}

type PreparedRequest = Message & { readonly url: string };

function toRequest(logEvent: LogEventLike): PreparedRequest {
  if (logEvent.httpVerb !== 'GET') {
    return {
      url: logEvent.url,
      method: 'POST',
      headers: logEvent.headers ?? { 'Content-Type': 'application/json' },
      body: bytesOf(logEvent) ?? bodyOf(logEvent),
    };
  }
  const url = new URL(logEvent.url);
  for (const [name, value] of Object.entries(JSON.parse(bodyOf(logEvent)) as Record<string, unknown>)) {
    url.searchParams.append(name, typeof value === 'string' ? value : JSON.stringify(value));
  }
  return { url: url.href, method: 'GET' };
}

/** A descriptor inherits: what a dependency has put on Object.prototype would spoil it. */
function hidden(value: unknown): PropertyDescriptor {
  return { __proto__: null, value } as PropertyDescriptor;
}
