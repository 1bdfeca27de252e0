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
  declare params: EventBatchParams;
  declare headers: Record<string, string>;
  declare body: string;
  #body: Body;
  #params: EventBatchParams | undefined;

  constructor(url: string, headers: Record<string, string>, body: Body) {
    this.httpVerb = 'POST';
    this.url = url;
    Object.defineProperty(this, 'params', LazyLogEvent.#paramsProperty);
    this.headers = headers;
    Object.defineProperty(this, 'body', LazyLogEvent.#bodyProperty);
    this.#body = body;
  }

  get [PARAMS_READ](): boolean {
    return !(#params in this) || this.#params !== undefined;
  }

  [BODY_BYTES](): Uint8Array | undefined {
    if (this[PARAMS_READ]) return undefined;
    // The application may have replaced the member by one of another kind.
    const { get } = Object.getOwnPropertyDescriptor(this, 'body') ?? {};
    return get === LazyLogEvent.#bodyProperty.get ? this.#body.bytes() : undefined;
  }

  // Own members, so that copies have them; made once, since a pair of closures for each LogEvent costs six times this.
  static readonly #paramsProperty: PropertyDescriptor & ThisType<LazyLogEvent> = {
    enumerable: true,
    configurable: true,
    get() {
      this.#params ??= JSON.parse(this.#body.text()) as EventBatchParams;
      return this.#params;
    },
    set(replacement: EventBatchParams) {
      this.#params = replacement;
    },
  };

  static readonly #bodyProperty: PropertyDescriptor & ThisType<LazyLogEvent> = {
    enumerable: true,
    configurable: true,
    get() {
      return this.#params === undefined ? this.#body.text() : JSON.stringify(this.#params);
    },
    set(replacement: string) {
      this.#body = { text: () => replacement, bytes: () => undefined };
      this.#params = undefined;
    },
  };

  // A descriptor inherits: what a dependency has put on Object.prototype would spoil it.
  static {
    Object.setPrototypeOf(LazyLogEvent.#paramsProperty, null);
    Object.setPrototypeOf(LazyLogEvent.#bodyProperty, null);
  }
}

export function makeLogEvent(url: string, headers: Record<string, string>, body: Body): LogEvent {
  return new LazyLogEvent(url, headers, body);
}
