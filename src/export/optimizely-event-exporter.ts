// SPDX-License-Identifier: Apache-2.0

import type { BatchWithBody } from '../model/batch-with-body.js';
import type { AnyEventDispatcher } from '../model/event-dispatcher.js';
import type { EventExporter, EventExportResult, ExportBatch } from '../model/event-exporter.js';
import type { LogEvent } from '../model/log-event.js';
import type { PackageLogger } from '../model/logger.js';
import type { SerializedEvent } from '../model/serialized-event.js';
import { errorLabel } from '../util/error-label.js';
import { onFreshStack } from '../util/fresh-stack.js';
import { bodyOf, paramsWereRead } from '../util/log-event-body.js';
import { requireMethods, resolveOptions } from '../util/options/resolve-options.js';
import { takeOptions } from '../util/options/take-options.js';
import { memberOf } from '../util/own-members.js';
import { RIGHT_PLACES } from '../util/right-places.js';
import { systemRuntime } from '../util/system-runtime.js';
import { refuseWrongPlaces, WrongPlace } from '../util/wrong-place.js';
import { Delivery } from './delivery.js';
import { resolveEndpoint } from './endpoint.js';
import { DISPATCHER_EXAMPLE, EXPORTER, type OptimizelyEventExporterOptions } from './exporter-options.js';
import { HeldDelivery } from './held-delivery.js';
import { showLogEvent } from './log-event.js';
import { LogEventBuilder } from './log-event-builder.js';
import { payloadBytes } from './split.js';
import { takesCallback } from './takes-callback.js';

const NO_DISPATCHER = `OptimizelyEventExporter needs an eventDispatcher: ${EXPORTER.example}`;

/** Turns each batch into one LogEvent and delivers it, with retries, deadlines and limited concurrency. */
export class OptimizelyEventExporter implements EventExporter {
  readonly #builder: LogEventBuilder;
  readonly #delivery: Pick<Delivery, 'deliver' | 'isBusy' | 'load' | 'onReady' | 'flush' | 'end'>;
  readonly #logger: PackageLogger;
  readonly #wrongPlace: WrongPlace;
  #shutDown = false;

  /** @throws TypeError if there is no dispatcher, or the endpoint is not a URL */
  constructor(options: OptimizelyEventExporterOptions) {
    const { options: taken, logger } = takeOptions(EXPORTER, options);
    if (taken.eventDispatcher === undefined)
      throw new TypeError(`${NO_DISPATCHER}; ${RIGHT_PLACES.OptimizelyEventExporter}`);
    requireMethods('eventDispatcher', taken.eventDispatcher, ['dispatchEvent'], DISPATCHER_EXAMPLE);
    readAhead(taken.eventDispatcher);
    refuseWrongPlaces(this, 'OptimizelyEventExporter', logger);
    this.#wrongPlace = new WrongPlace('OptimizelyEventExporter', logger);
    const { endpoint, strict, retry, ...resolved } = resolveOptions(EXPORTER.table, taken, logger);
    this.#logger = logger;
    const where = resolveEndpoint(endpoint, logger);
    this.#builder = new LogEventBuilder(where, strict);
    this.#delivery =
      where.kind === 'unusable'
        ? new HeldDelivery()
        : new Delivery(
            { ...resolved, ...retry },
            {
              dispatcher: taken.eventDispatcher as AnyEventDispatcher,
              prepare: (events, batch) => this.#prepare(events, batch),
              runtime: resolved.runtime ?? systemRuntime,
              logger,
              observer: resolved.observer,
            },
          );
  }

  /** @param resultCallback called once, when every event was delivered or is lost */
  export(batch: ExportBatch, resultCallback: (result: EventExportResult) => void): void {
    if (!Array.isArray(batch?.events)) {
      this.#wrongPlace.say('a span, log or metric exporter', resultCallback);
      return;
    }
    if (this.#shutDown) {
      resultCallback({ code: 1, dropped: [{ reason: 'already_shutdown', events: batch.events }] });
      return;
    }
    this.#delivery.deliver(batch, resultCallback);
  }

  /** Returns whether all requests are in flight. */
  isBusy(): boolean {
    return this.#delivery.isBusy;
  }

  /** Returns what share of the `maxConcurrentRequests` is in flight or taken, from 0 to 1; one of them alone counts as 0. */
  load(): number {
    return this.#delivery.load;
  }

  /** @param listener called when another request can start */
  onReady(listener: () => void): void {
    this.#delivery.onReady(listener);
  }

  /** Retries now everything that waits for a retry. Settles when that is done or `signal` aborts. Never rejects. */
  forceFlush(options: { signal?: AbortSignal | undefined } = {}): Promise<void> {
    const signal = memberOf(options, 'signal') ?? new AbortController().signal;
    return onFreshStack(async () => {
      if (!this.#shutDown) await this.#delivery.flush(signal);
    });
  }

  /** Ends requests in flight and gives up all other events. It does not wait: call `forceFlush()` before. */
  shutdown(): Promise<void> {
    this.#shutDown = true;
    return onFreshStack(async () => this.#delivery.end('shutdown_timeout'));
  }

  #prepare(events: readonly SerializedEvent[], batch: ExportBatch): LogEvent | undefined {
    try {
      const whole = events === batch.events;
      const logEvent = this.#builder.build(events, whole ? (batch as BatchWithBody).body : undefined);
      if (memberOf(batch, 'hasLogEventListeners')?.call(batch) === false) return logEvent;
      const piece = {
        eventCount: events.length,
        byteLength: whole ? batch.byteLength : payloadBytes(events),
      };

      batch.notifyLogEvent(showLogEvent(logEvent), piece);
      // A listener may have made of `params` what can't be sent; what it took out must not be sent instead.
      if (paramsWereRead(logEvent)) bodyOf(logEvent);
      return logEvent;
    } catch (error) {
      this.#logger.debug(`a batch cannot be serialized: ${errorLabel(error)}`);
      return undefined;
    }
  }
}

/** Not at its first request: where a regular expression is made at the end of the stack, V8 ends the process. */
function readAhead(dispatcher: AnyEventDispatcher): void {
  try {
    takesCallback(dispatcher.dispatchEvent);
  } catch {
    // A getter that throws is a failure of requests.
  }
}
