// SPDX-License-Identifier: Apache-2.0
import type { LogEvent } from './log-event.js';

/** A dispatcher's description of the answer to its request. */
export interface EventDispatcherResponse {
  /** HTTP status. If absent, the events count as delivered. */
  statusCode?: number | undefined;
  /** The headers of the answer, of which `retry-after` and `date` are read. */
  headers?: Record<string, string | string[] | undefined> | undefined;
  /**
   * Whether the events are only on their way: durable in a stream or a queue, from which another process delivers them.
   * The ledger then counts them as `streamed`.
   *
   * @default false, they are delivered
   */
  streamed?: boolean | undefined;
}

/** The answer to a request over HTTP. */
export interface HttpResponse extends EventDispatcherResponse {
  statusCode: number;
}

/**
 * Carries out one request. A rejection or a throw means "no answer" and is retried. Every call has a deadline, at which
 * `signal` aborts. `ageMillis` is how long ago the youngest event of the request was accepted, for a dispatcher that
 * passes events on to a process where they may expire.
 */
export interface EventDispatcher {
  /**
   * How the log names the place that this dispatcher sends to, such as `the NATS stream "events"`, if that is not the
   * `url` of the LogEvents.
   *
   * @default Optimizely, at that `url`
   */
  readonly destination?: string | undefined;
  /** Sends `body` to `url` with `headers`, and resolves with the answer, whatever its status. */
  dispatchEvent(
    logEvent: LogEvent,
    options?: { signal?: AbortSignal; ageMillis?: number },
    // biome-ignore lint/suspicious/noConfusingVoidType: dispatchers that return Promise<void> must fit
  ): Promise<EventDispatcherResponse | undefined | void>;
}

/**
 * The second argument of a dispatcher: for current ones an object with a `signal`, for those written for
 * Optimizely's JavaScript SDK up to version 5 the callback that they expect.
 */
export type DispatchOptions = ((response: { statusCode?: number | undefined }) => void) & {
  readonly signal: AbortSignal;
  readonly ageMillis: number;
};

/**
 * An `EventDispatcher`, or one written for Optimizely's JavaScript SDK: they fit as they are, those that return a
 * promise and older ones that call back.
 */
export interface AnyEventDispatcher {
  /** @returns a promise of the answer, or anything where `options` is called back instead */
  dispatchEvent(logEvent: LogEvent, options: DispatchOptions): unknown;
}

/** Hears that a request is to be given up. */
export interface AbortListener {
  aborted(reason: unknown): void;
}

/** What an AbortSignal says, to one listener, without the signal. */
export interface AbortSource {
  /** Tells the listener when the request is to be given up, at once if that has happened. It takes the place of another. */
  listen(listener: AbortListener): void;
  /** The listener hears no more. */
  unlisten(): void;
}

/** Whom a request is made for: says when it is to be given up, and hears once what came of it. */
export interface RequestOwner extends AbortSource {
  /** There is an answer, whatever its status. */
  responded(response: HttpResponse): void;
  /** There is none. */
  failed(reason: unknown): void;
}

/**
 * A member of the options that our exporter passes, for our own dispatcher: an AbortSignal and its listener cost a
 * quarter of a request over loopback.
 */
export const ABORT_SOURCE = Symbol.for('opentelemetry-exporter-optimizely.abort-source.v2');

/** A member of our own dispatcher: how the log names the proxy that requests to a URL go through, if they go through one. */
export const DESCRIBE_PROXY_FOR = Symbol.for('opentelemetry-exporter-optimizely.describe-proxy-for.v1');

/** `dispatchEvent` for an owner in place of a promise, which costs a twentieth of a request. May call back before it returns. */
export interface DirectDispatch {
  /** The function that it stands for. A proxy of that function is another one: it is called as any dispatcher is. */
  readonly of: unknown;
  readonly dispatch: (this: AnyEventDispatcher, logEvent: LogEvent, owner: RequestOwner) => void;
}

/** A member of the `dispatchEvent` function of our own dispatcher: a `DirectDispatch`. */
export const DIRECT_DISPATCH = Symbol.for('opentelemetry-exporter-optimizely.direct-dispatch.v1');

/**
 * A member of a `dispatchEvent` function that takes options as they are documented: our own. Others may be written for a
 * callback, and are passed a function that has the options as members.
 */
export const TAKES_OPTIONS = Symbol.for('opentelemetry-exporter-optimizely.takes-options.v1');
