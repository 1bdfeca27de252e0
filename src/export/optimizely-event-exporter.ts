// SPDX-License-Identifier: Apache-2.0

import type { DeliveryObserver } from '../model/delivery-observer.js';
import type { AnyEventDispatcher } from '../model/event-dispatcher.js';
import type { EventBatch, EventExporter, EventExportResult } from '../model/event-exporter.js';
import { bodyOf, type LogEvent, paramsWereRead } from '../model/log-event.js';
import { errorLabel, guardLogger, type Logger, type PackageLogger } from '../model/logger.js';
import { booleanOr, positiveOr, requireMethods } from '../model/resolve-options.js';
import { type Runtime, systemRuntime } from '../model/runtime.js';
import type { UserEvent } from '../model/user-event.js';
import { Delivery, type DeliveryOptions } from './delivery.js';
import { EventFactory, type EventFactoryOptions } from './event-factory.js';
import { payloadBytes } from './split.js';

/** How failed requests are tried again. */
export interface RetryOptions {
  /** Ceiling of the first delay, milliseconds; it doubles with each failure. @default 500 */
  initialDelayMillis?: number | undefined;
  /** Ceiling of every delay, milliseconds. @default 30_000 */
  maxDelayMillis?: number | undefined;
  /** Events that were accepted longer ago than this, in milliseconds, are dropped as `expired`. @default 86_400_000 */
  maxAgeMillis?: number | undefined;
}

/** `eventDispatcher` is required, all else has a default. */
export interface OptimizelyEventExporterOptions extends EventFactoryOptions {
  /** Carries out the requests. Required. */
  eventDispatcher: AnyEventDispatcher;
  /** Deadline of one request, milliseconds. @default 10_000 */
  requestTimeoutMillis?: number | undefined;
  /** Requests in flight at once. @default 4 */
  maxConcurrentRequests?: number | undefined;
  /** How failed requests are tried again. */
  retry?: RetryOptions | undefined;
  /** Hears of every request, for metrics. @default none */
  observer?: DeliveryObserver | undefined;
  /** @default OpenTelemetry's `diag` */
  logger?: Logger | undefined;
  /** Clock, timers and randomness, for tests. @default the system's */
  runtime?: Runtime | undefined;
}

/** Turns each batch into one LogEvent and gets it delivered: retries, deadlines, concurrency. */
export class OptimizelyEventExporter implements EventExporter {
  readonly #factory: EventFactory;
  readonly #delivery: Delivery;
  readonly #logger: PackageLogger;
  #shutDown = false;

  /** @throws TypeError no dispatcher, or an endpoint that is not a URL */
  constructor(options: OptimizelyEventExporterOptions) {
    requireMethods('eventDispatcher', options?.eventDispatcher, ['dispatchEvent'], DISPATCHER_EXAMPLE);
    this.#logger = guardLogger(options.logger);
    this.#factory = new EventFactory({
      endpoint: options.endpoint,
      strict: booleanOr(false, 'strict', options.strict, this.#logger),
    });
    this.#delivery = new Delivery(resolveDeliveryOptions(options, this.#logger), {
      dispatcher: options.eventDispatcher,
      runtime: options.runtime ?? systemRuntime,
      logger: this.#logger,
      observer: options.observer,
    });
  }

  /** @param resultCallback called once, when every event was delivered or is lost */
  export(batch: EventBatch, resultCallback: (result: EventExportResult) => void): void {
    if (this.#shutDown) {
      resultCallback({ code: 1, dropped: [{ reason: 'already_shutdown', events: batch.events }] });
      return;
    }
    this.#delivery.deliver(batch, events => this.#prepare(events, batch), resultCallback);
  }

  /** Whether all requests are out. */
  isBusy(): boolean {
    return this.#delivery.isBusy;
  }

  /** @param listener called when a request can be made again */
  onReady(listener: () => void): void {
    this.#delivery.onReady(listener);
  }

  /** Tries now all that waits for a retry. Settles when it was dealt with or `signal` aborts; never rejects. */
  async forceFlush({
    signal = new AbortController().signal,
  }: {
    signal?: AbortSignal | undefined;
  } = {}): Promise<void> {
    if (!this.#shutDown) await this.#delivery.flush(signal);
  }

  /** Ends what is in flight and gives up the rest. Waits for nothing: call `forceFlush()` before. */
  async shutdown(): Promise<void> {
    this.#shutDown = true;
    this.#delivery.end('shutdown_timeout');
  }

  #prepare(events: readonly UserEvent[], batch: EventBatch): LogEvent | undefined {
    try {
      const logEvent = this.#factory.createLogEvent(events);
      const whole = events.length === batch.events.length;
      const piece = {
        eventCount: events.length,
        byteLength: whole ? batch.byteLength : payloadBytes(events),
      };
      batch.announce(logEvent, piece);
      // A listener may have made of `params` what can't be sent; what it took out must not be sent instead.
      if (paramsWereRead(logEvent)) bodyOf(logEvent);
      return logEvent;
    } catch (error) {
      this.#logger.debug(`a batch cannot be serialised: ${errorLabel(error)}`);
      return undefined;
    }
  }
}

export const DISPATCHER_EXAMPLE = '{ eventDispatcher: new UndiciEventDispatcher() }';

function resolveDeliveryOptions(options: OptimizelyEventExporterOptions, logger: Logger): DeliveryOptions {
  const retry = resolveRetry(options.retry, logger);
  return {
    requestTimeoutMillis: positiveOr(10_000, 'requestTimeoutMillis', options.requestTimeoutMillis, logger),
    maxConcurrentRequests: positiveOr(4, 'maxConcurrentRequests', options.maxConcurrentRequests, logger, {
      integer: true,
    }),
    initialDelayMillis: positiveOr(500, 'retry.initialDelayMillis', retry.initialDelayMillis, logger),
    maxDelayMillis: positiveOr(30_000, 'retry.maxDelayMillis', retry.maxDelayMillis, logger),
    maxAgeMillis: positiveOr(86_400_000, 'retry.maxAgeMillis', retry.maxAgeMillis, logger),
  };
}

function resolveRetry(retry: unknown, logger: Logger): RetryOptions {
  if (retry === undefined) return {};
  if (typeof retry === 'object' && retry !== null) return retry;
  const members = '{ initialDelayMillis, maxDelayMillis, maxAgeMillis }';
  logger.info(`retry must be ${members}; the defaults are used instead`);
  return {};
}
