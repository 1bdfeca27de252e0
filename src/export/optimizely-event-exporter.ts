// SPDX-License-Identifier: Apache-2.0

import type { AnyEventDispatcher } from '../model/event-dispatcher.js';
import type { EventExporter, EventExportResult, ExportBatch } from '../model/event-exporter.js';
import type { LogEvent } from '../model/log-event.js';
import type { PackageLogger } from '../model/logger.js';
import type { SerializedEvent } from '../model/serialized-event.js';
import { errorLabel } from '../util/error-label.js';
import { bodyOf, paramsWereRead } from '../util/log-event-body.js';
import { requireMethods, resolveOptions } from '../util/options/resolve-options.js';
import { takeOptions } from '../util/options/take-options.js';
import { systemRuntime } from '../util/system-runtime.js';
import { Delivery } from './delivery.js';
import { EventFactory } from './event-factory.js';
import { DISPATCHER_EXAMPLE, EXPORTER, type OptimizelyEventExporterOptions } from './exporter-options.js';
import { payloadBytes } from './split.js';

/** Turns each batch into one LogEvent and delivers it, with retries, deadlines and limited concurrency. */
export class OptimizelyEventExporter implements EventExporter {
  readonly #factory: EventFactory;
  readonly #delivery: Delivery;
  readonly #logger: PackageLogger;
  #shutDown = false;

  /** @throws TypeError if there is no dispatcher, or the endpoint is not a URL */
  constructor(options: OptimizelyEventExporterOptions) {
    const { options: taken, logger } = takeOptions(EXPORTER, options);
    requireMethods('eventDispatcher', taken.eventDispatcher, ['dispatchEvent'], DISPATCHER_EXAMPLE);
    const { endpoint, strict, retry, ...resolved } = resolveOptions(EXPORTER.table, taken, logger);
    this.#logger = logger;
    this.#factory = new EventFactory({ endpoint, strict });
    this.#delivery = new Delivery(
      { ...resolved, ...retry },
      {
        dispatcher: taken.eventDispatcher as AnyEventDispatcher,
        runtime: resolved.runtime ?? systemRuntime,
        logger,
        observer: resolved.observer,
      },
    );
  }

  /** @param resultCallback called once, when every event was delivered or is lost */
  export(batch: ExportBatch, resultCallback: (result: EventExportResult) => void): void {
    if (this.#shutDown) {
      resultCallback({ code: 1, dropped: [{ reason: 'already_shutdown', events: batch.events }] });
      return;
    }
    this.#delivery.deliver(batch, events => this.#prepare(events, batch), resultCallback);
  }

  /** Returns whether all requests are in flight. */
  isBusy(): boolean {
    return this.#delivery.isBusy;
  }

  /** @param listener called when another request can start */
  onReady(listener: () => void): void {
    this.#delivery.onReady(listener);
  }

  /** Retries now everything that waits for a retry. Settles when that is done or `signal` aborts. Never rejects. */
  async forceFlush({
    signal = new AbortController().signal,
  }: {
    signal?: AbortSignal | undefined;
  } = {}): Promise<void> {
    if (!this.#shutDown) await this.#delivery.flush(signal);
  }

  /** Ends requests in flight and gives up all other events. It does not wait: call `forceFlush()` before. */
  async shutdown(): Promise<void> {
    this.#shutDown = true;
    this.#delivery.end('shutdown_timeout');
  }

  #prepare(events: readonly SerializedEvent[], batch: ExportBatch): LogEvent | undefined {
    try {
      const logEvent = this.#factory.createLogEvent(events);
      const whole = events.length === batch.events.length;
      const piece = {
        eventCount: events.length,
        byteLength: whole ? batch.byteLength : payloadBytes(events),
      };
      batch.notifyLogEvent(logEvent, piece);
      // A listener may have made of `params` what can't be sent; what it took out must not be sent instead.
      if (paramsWereRead(logEvent)) bodyOf(logEvent);
      return logEvent;
    } catch (error) {
      this.#logger.debug(`a batch cannot be serialized: ${errorLabel(error)}`);
      return undefined;
    }
  }
}
