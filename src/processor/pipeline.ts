// SPDX-License-Identifier: Apache-2.0
import { EventBatcher } from '../batch/event-batcher.js';
import { GuardedQueue } from '../batch/guarded-queue.js';
import { MemoryEventQueue } from '../batch/memory-event-queue.js';
import type { StoredEventResolver } from '../batch/replayed-events.js';
import { DELIVERY_TABLE, DISPATCHER_EXAMPLE } from '../export/exporter-options.js';
import { guardExporter } from '../export/guarded-exporter.js';
import { OptimizelyEventExporter } from '../export/optimizely-event-exporter.js';
import type { AnyEventDispatcher } from '../model/event-dispatcher.js';
import type { EventExporter } from '../model/event-exporter.js';
import type { LedgerSnapshot } from '../model/ledger.js';
import { classNameOf } from '../util/class-name.js';
import { requireMethods } from '../util/options/resolve-options.js';
import type { Foundation } from './foundation.js';
import type { BatchingOptions, ExportOptions } from './processor-options.js';

/** The rooms from batching to delivery, put together. */
export interface Pipeline {
  readonly batcher: EventBatcher;
  /** @param isTaking whether it is asked from within a call that takes an event. @default false */
  snapshot(isTaking?: boolean): LedgerSnapshot;
  /** Sends what is queued, and does not wait for it. @param hurriedUntil meanwhile, what failed is retried as in a flush */
  sendQueued(hurriedUntil?: AbortSignal): void;
  /** Events in memory that the event store has no copy of. */
  unsavedCount(): number;
  /** After the batcher has stopped: ends what watches it. */
  end(): void;
}

export interface PipelineOptions extends ExportOptions, Pick<BatchingOptions, 'eventQueue'> {
  /** Used where neither an exporter nor a dispatcher is given. */
  readonly defaultDispatcher?: (() => AnyEventDispatcher) | undefined;
}

/**
 * @param resolver of events that were stored before there was a datafile
 * @throws TypeError if an option has a wrong type and no usable default
 */
export function assemblePipeline(
  foundation: Foundation,
  resolver: StoredEventResolver,
  options: PipelineOptions,
): Pipeline {
  const { budget, storeTracker, ledger, metrics, dropLog } = foundation;
  const { eventQueue } = options;
  const batcher = new EventBatcher({
    ...foundation,
    queue: eventQueue === undefined ? new MemoryEventQueue() : new GuardedQueue(eventQueue, foundation),
    exporter: resolveExporter(options, foundation),
    resolver,
  });
  return {
    batcher,
    snapshot: isTaking => {
      const { recovery } = batcher;
      if (recovery.isNeeded) recovery.request();
      const isUncertain = isTaking || storeTracker.isTaking || recovery.isNeeded;
      return ledger.snapshot(budget.count, storeTracker.storedCount, isUncertain);
    },
    sendQueued: hurriedUntil => batcher.sendQueued(hurriedUntil),
    unsavedCount: () => Math.max(0, budget.count - storeTracker.copiedCount),
    end: () => {
      metrics.shutdown();
      dropLog.end();
    },
  };
}

const EXPORTER_OPTIONS = Object.keys(DELIVERY_TABLE) as (keyof typeof DELIVERY_TABLE)[];

function deliveryOptions(options: ExportOptions): Partial<ExportOptions> {
  return Object.fromEntries(EXPORTER_OPTIONS.map(name => [name, options[name]]));
}

/** Of OpenTelemetry's own, which export something else by a method of the same name. */
const SIGNAL_EXPORTER =
  /^(?:OTLP|Console|InMemory|Zipkin|Prometheus)(?:Span|Trace|Log|LogRecord|Metric)?Exporter$/;

/** @throws TypeError if it is not an exporter of experiment events */
function requireEventExporter(exporter: EventExporter): void {
  const example = '{ exporter: new OptimizelyEventExporter({ eventDispatcher }) }';
  requireMethods('exporter', exporter, ['export'], example);
  const name = classNameOf(exporter);
  if (!SIGNAL_EXPORTER.test(name)) return;
  throw new TypeError(
    `exporter must take batches of experiment events, which ${name} does not: ${example}; ` +
      `${name} goes into a BatchSpanProcessor, beside this one`,
  );
}

/** A batch that is not full waits for its age, and what is too old when it goes out is not sent at all. */
function warnOfExpiry({ retry }: PipelineOptions, { limits, logger }: Foundation): void {
  const { batchSize, flushIntervalMillis } = limits;
  const maxAgeMillis: unknown = retry?.maxAgeMillis;
  if (typeof maxAgeMillis !== 'number' || !(maxAgeMillis > 0 && maxAgeMillis < flushIntervalMillis)) return;
  if (batchSize === 1) return;
  logger.alert(
    'OPTIMIZELY_BAD_OPTION',
    'warn',
    `retry.maxAgeMillis ${maxAgeMillis} is shorter than flushIntervalMillis ${flushIntervalMillis}: events of a batch ` +
      'that does not fill up are dropped as expired before they are sent; lower flushIntervalMillis or raise retry.maxAgeMillis',
  );
}

function resolveExporter(options: PipelineOptions, foundation: Foundation): EventExporter {
  const { metrics, logger, runtime } = foundation;
  const { exporter, eventDispatcher, defaultDispatcher } = options;
  if (exporter === undefined) {
    warnOfExpiry(options, foundation);
    const dispatcher = eventDispatcher ?? defaultDispatcher?.();
    requireMethods('eventDispatcher', dispatcher, ['dispatchEvent'], DISPATCHER_EXAMPLE);
    return new OptimizelyEventExporter({
      ...deliveryOptions(options),
      observer: metrics.isMeasuring ? metrics : undefined,
      eventDispatcher: dispatcher as AnyEventDispatcher,
      logger,
      runtime,
    });
  }
  if (eventDispatcher !== undefined) {
    throw new TypeError(
      'exporter and eventDispatcher exclude each other: give the dispatcher to the exporter',
    );
  }
  requireEventExporter(exporter);
  const ignored = EXPORTER_OPTIONS.filter(name => options[name] !== undefined);
  if (ignored.length > 0) {
    const line = `ignored, since an exporter is given: ${ignored.join(', ')}; pass them to the exporter`;
    logger.alert('OPTIMIZELY_BAD_OPTION', 'warn', line);
  }
  return guardExporter(exporter, logger);
}
