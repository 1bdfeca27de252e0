// SPDX-License-Identifier: Apache-2.0

import type { EventDispatcher } from '../model/event-dispatcher.js';
import type { LogEvent, LogEventLike } from '../model/log-event.js';
import { isObject } from '../util/json.js';
import { callback, count, type OptionTable } from '../util/options/option-table.js';
import { resolveOptions } from '../util/options/resolve-options.js';
import { takeOptions } from '../util/options/take-options.js';
import { readBatch, type WireEvent } from './checks/wire-event.js';

/** A LogEvent as it was when it was dispatched: a plain copy that nothing else refers to. */
export type CapturedLogEvent = Pick<LogEvent, 'httpVerb' | 'url' | 'params' | 'headers'>;

/** What to answer. */
export interface InMemoryEventDispatcherOptions {
  /** The status of every answer. @default 204 */
  statusCode?: number | undefined;
  /**
   * Returns the status of one answer, or undefined for `statusCode`. A throw makes `dispatchEvent` reject, which means
   * "no answer" to the caller.
   */
  respond?: ((logEvent: CapturedLogEvent) => number | undefined) | undefined;
}

export const IN_MEMORY_EVENT_DISPATCHER = {
  name: 'InMemoryEventDispatcher',
  example: 'new InMemoryEventDispatcher({ statusCode: 503 })',
  table: {
    statusCode: count(204),
    respond: callback<(logEvent: CapturedLogEvent) => number | undefined>('{ respond: logEvent => 503 }'),
  } satisfies OptionTable<InMemoryEventDispatcherOptions>,
};

/** Dispatches to memory, for tests: no socket, no datafile. Keeps everything until `reset()`. */
export class InMemoryEventDispatcher implements EventDispatcher {
  readonly #statusCode: number;
  readonly #respond: (logEvent: CapturedLogEvent) => number | undefined;
  #logEvents: CapturedLogEvent[] = [];
  #events: WireEvent[] = [];

  /** @throws TypeError an option of a wrong type that no default can mend */
  constructor(options: InMemoryEventDispatcherOptions = {}) {
    const { options: taken, logger } = takeOptions(IN_MEMORY_EVENT_DISPATCHER, options);
    const { statusCode, respond } = resolveOptions(IN_MEMORY_EVENT_DISPATCHER.table, taken, logger);
    this.#statusCode = statusCode;
    this.#respond = respond?.bind(options) ?? (() => undefined);
  }

  /** All that was dispatched, in order, each attempt by itself and whatever was answered. */
  get logEvents(): readonly CapturedLogEvent[] {
    return this.#logEvents;
  }

  /** The events of what was answered 2xx, in order: what Optimizely would have received. */
  get events(): readonly WireEvent[] {
    return this.#events;
  }

  /**
   * @param logEvent a LogEvent, a copy of one, or one of Optimizely's JavaScript SDK
   * @throws (rejects) the signal's reason, where it is aborted already; what `respond` throws
   */
  async dispatchEvent(
    logEvent: LogEventLike,
    options?: { signal?: AbortSignal | undefined },
  ): Promise<{ statusCode: number }> {
    options?.signal?.throwIfAborted();
    const { httpVerb, url, params, headers } = logEvent;
    const captured = JSON.parse(JSON.stringify({ httpVerb, url, params, headers })) as CapturedLogEvent;
    this.#logEvents.push(captured);
    const statusCode = this.#respond(captured) ?? this.#statusCode;
    const received: unknown = captured.params;
    if (statusCode >= 200 && statusCode < 300 && isObject(received)) {
      for (const { event } of readBatch(received).readings) this.#events.push(event);
    }
    return { statusCode };
  }

  /** Forgets what was dispatched; lists handed out before stay as they are. */
  reset(): void {
    this.#logEvents = [];
    this.#events = [];
  }
}
