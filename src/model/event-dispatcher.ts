// SPDX-License-Identifier: Apache-2.0
import type { LogEvent } from './log-event.js';

export interface EventDispatcherResponse {
  /** HTTP status. Absent: taken as delivered. */
  statusCode?: number | undefined;
  /** Read for `retry-after`. */
  headers?: Record<string, string | string[] | undefined> | undefined;
}

/**
 * Carries out one request. Dispatchers written for Optimizely's JavaScript SDK fit as they are: those that return a
 * promise, and older ones that call back, `dispatchEvent(logEvent, callback)`. A rejection or a throw means "no
 * answer" and is tried again; a deadline is kept around every call.
 */
export interface EventDispatcher {
  dispatchEvent(
    logEvent: LogEvent,
    options?: { signal?: AbortSignal },
    // biome-ignore lint/suspicious/noConfusingVoidType: dispatchers that return Promise<void> must fit
  ): Promise<EventDispatcherResponse | undefined | void>;
}

/** A dispatcher of Optimizely's JavaScript SDK up to version 5. */
export interface CallbackEventDispatcher {
  dispatchEvent(logEvent: LogEvent, callback: (response: { statusCode?: number }) => void): unknown;
}
