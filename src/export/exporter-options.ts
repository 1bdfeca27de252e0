// SPDX-License-Identifier: Apache-2.0

import type { DeliveryObserver } from '../model/delivery-observer.js';
import type { AnyEventDispatcher } from '../model/event-dispatcher.js';
import type { Logger } from '../model/logger.js';
import type { Runtime } from '../model/runtime.js';
import { LOGGER, RUNTIME } from '../util/options/common-option-rows.js';
import { count, millis, type OptionTable, object, options, other } from '../util/options/option-table.js';
import { EVENT_FACTORY, type EventFactoryOptions } from './event-factory.js';

/** How failed requests are retried. */
export interface RetryOptions {
  /** Upper limit of the first delay, milliseconds; it doubles with each failure. @default 500 */
  initialDelayMillis?: number | undefined;
  /** Upper limit of every delay, milliseconds. @default 30_000 */
  maxDelayMillis?: number | undefined;
  /** Events that were accepted longer ago than this, in milliseconds, are dropped as `expired`. @default 86_400_000 */
  maxAgeMillis?: number | undefined;
}

/** `eventDispatcher` is required. All other options have a default. */
export interface OptimizelyEventExporterOptions extends EventFactoryOptions {
  /** Carries out the requests. Required. */
  eventDispatcher: AnyEventDispatcher;
  /** Deadline of one request, milliseconds. @default 10_000 */
  requestTimeoutMillis?: number | undefined;
  /** Number of requests in flight at once. @default 4 */
  maxConcurrentRequests?: number | undefined;
  /** How failed requests are retried. */
  retry?: RetryOptions | undefined;
  /** Is told of every request, for metrics. @default none */
  observer?: DeliveryObserver | undefined;
  /** @default OpenTelemetry's `diag` */
  logger?: Logger | undefined;
  /** Clock, timers and randomness, for tests. @default the system's */
  runtime?: Runtime | undefined;
}

const RETRY_TABLE = {
  initialDelayMillis: millis(500, 'OPTIMIZELY_RETRY_INITIAL_DELAY_MILLIS'),
  maxDelayMillis: millis(30_000, 'OPTIMIZELY_RETRY_MAX_DELAY_MILLIS'),
  maxAgeMillis: millis(86_400_000, 'OPTIMIZELY_RETRY_MAX_AGE_MILLIS'),
} satisfies OptionTable<RetryOptions>;

export const DISPATCHER_EXAMPLE = '{ eventDispatcher: new UndiciEventDispatcher() }';

/** The options of delivery, for the exporter and for the processor that creates one. */
export const DELIVERY_TABLE = {
  ...EVENT_FACTORY.table,
  requestTimeoutMillis: millis(10_000, 'OPTIMIZELY_REQUEST_TIMEOUT_MILLIS'),
  maxConcurrentRequests: count(4, 'requests', 'OPTIMIZELY_MAX_CONCURRENT_REQUESTS'),
  retry: options(RETRY_TABLE),
};

export const EXPORTER = {
  name: 'OptimizelyEventExporter',
  example: `new OptimizelyEventExporter(${DISPATCHER_EXAMPLE})`,
  table: {
    ...DELIVERY_TABLE,
    eventDispatcher: object<AnyEventDispatcher>(['dispatchEvent'], DISPATCHER_EXAMPLE),
    observer: other<DeliveryObserver>(),
    logger: LOGGER,
    runtime: RUNTIME,
  } satisfies OptionTable<OptimizelyEventExporterOptions>,
};
