// SPDX-License-Identifier: Apache-2.0
import { type EventBatchParams, type LogEvent, PARAMS_READ } from '../model/log-event.js';

/**
 * A LogEvent over text that is put together only when it is sent. `params` costs nothing until somebody looks; from
 * then on it is what `body` serialises, so nothing that a listener takes out of it can leave.
 */
class LazyLogEvent implements LogEvent {
  declare httpVerb: LogEvent['httpVerb'];
  declare url: string;
  declare params: EventBatchParams;
  declare headers: Record<string, string>;
  declare body: string;
  #text: () => string;
  #params: EventBatchParams | undefined;

  constructor(url: string, headers: Record<string, string>, text: () => string) {
    this.httpVerb = 'POST';
    this.url = url;
    Object.defineProperty(this, 'params', LazyLogEvent.#paramsProperty);
    this.headers = headers;
    Object.defineProperty(this, 'body', LazyLogEvent.#bodyProperty);
    this.#text = text;
  }

  get [PARAMS_READ](): boolean {
    return !(#params in this) || this.#params !== undefined;
  }

  // Own members, so that copies have them; made once, since a pair of closures for each LogEvent costs six times this.
  static readonly #paramsProperty: PropertyDescriptor & ThisType<LazyLogEvent> = {
    enumerable: true,
    configurable: true,
    get() {
      this.#params ??= JSON.parse(this.#text()) as EventBatchParams;
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
      return this.#params === undefined ? this.#text() : JSON.stringify(this.#params);
    },
    set(replacement: string) {
      this.#text = () => replacement;
      this.#params = undefined;
    },
  };
}

export function makeLogEvent(url: string, headers: Record<string, string>, text: () => string): LogEvent {
  return new LazyLogEvent(url, headers, text);
}
