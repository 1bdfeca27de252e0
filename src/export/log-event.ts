// SPDX-License-Identifier: Apache-2.0

import type { EventBatchParams, LogEvent } from '../model/log-event.js';
import { BODY_BYTES, PARAMS_READ } from '../util/log-event-body.js';
import type { Body } from './batch-body.js';

/**
 * A LogEvent over text that is put together only when it is sent. `params` costs nothing until it is read; from
 * then on it is what `body` serializes, so nothing that a listener takes out of it can leave.
 */
class LazyLogEvent implements LogEvent {
  declare httpVerb: LogEvent['httpVerb'];
  declare url: string;
  declare headers: Record<string, string>;
  #body: Body;
  #params: EventBatchParams | undefined;
  #isShown = false;

  constructor(url: string, headers: Record<string, string>, body: Body) {
    this.httpVerb = 'POST';
    this.url = url;
    this.headers = headers;
    this.#body = body;
  }

  get params(): EventBatchParams {
    this.#params ??= JSON.parse(this.#body.text()) as EventBatchParams;
    return this.#params;
  }

  set params(replacement: EventBatchParams) {
    this.#params = replacement;
  }

  get body(): string {
    return this.#params === undefined ? this.#body.text() : JSON.stringify(this.#params);
  }

  set body(replacement: string) {
    this.#body = { text: () => replacement, bytes: () => undefined };
    this.#params = undefined;
  }

  get [PARAMS_READ](): boolean {
    return !(#params in this) || this.#params !== undefined;
  }

  [BODY_BYTES](): Uint8Array | undefined {
    if (this[PARAMS_READ]) return undefined;
    if (!this.#isShown) return this.#body.bytes();
    // The application may have replaced the member by one of another kind.
    const { get } = Object.getOwnPropertyDescriptor(this, 'body') ?? {};
    return get === BODY.get ? this.#body.bytes() : undefined;
  }

  static show(logEvent: LogEvent): void {
    if (!(#isShown in logEvent) || logEvent.#isShown) return;
    logEvent.#isShown = true;
    logEvent.headers = { ...logEvent.headers };
    Object.defineProperty(logEvent, 'params', PARAMS);
    Object.defineProperty(logEvent, 'body', BODY);
  }
}

const PARAMS = ownAccessor('params');
const BODY = ownAccessor('body');

/** The accessor of that name as an own member. All share it: a pair of closures for each LogEvent costs six times this. */
function ownAccessor(name: 'params' | 'body'): PropertyDescriptor {
  const { get, set } = Object.getOwnPropertyDescriptor(LazyLogEvent.prototype, name) as PropertyDescriptor;
  // A descriptor inherits: what a dependency has put on Object.prototype would spoil it.
  return Object.assign(Object.create(null), { get, set, enumerable: true, configurable: true });
}

/** @param headers shared until the LogEvent is shown */
export function makeLogEvent(url: string, headers: Record<string, string>, body: Body): LogEvent {
  return new LazyLogEvent(url, headers, body);
}

/**
 * Before code of the application sees a LogEvent: `params` and `body` become own members, so that copies have them, and its
 * headers its own. Most requests are seen by our own dispatcher alone, and this would cost them a thirtieth.
 */
export function showLogEvent(logEvent: LogEvent): LogEvent {
  LazyLogEvent.show(logEvent);
  return logEvent;
}
