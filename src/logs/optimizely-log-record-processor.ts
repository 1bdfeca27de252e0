// SPDX-License-Identifier: Apache-2.0
import type { Context } from '@opentelemetry/api';
import type { EmittedLogRecord, LeftLogRecord, LogRecordPort } from '../model/log-record-port.js';
import { callback, type OptionTable } from '../util/options/option-table.js';
import { resolveOptions } from '../util/options/resolve-options.js';
import { takeOptions } from '../util/options/take-options.js';
import { installedAs } from '../util/processor-registry.js';
import { refuseWrongPlaces } from '../util/wrong-place.js';
import { globalLoggerProvider } from './global-logger-provider.js';
import { LoggerEmitter, type LoggerProviderLike } from './logger-emitter.js';

/** An OptimizelySpanProcessor, of any copy of this package. */
export interface LogRecordTarget {
  forceFlush(): Promise<void>;
}

export interface OptimizelyLogRecordProcessorOptions {
  /**
   * Returns the provider whose logger emits the helpers' log records. Called each time. @default the global one
   */
  getLoggerProvider?: (() => LoggerProviderLike | undefined) | undefined;
}

export const LOG_RECORD_PROCESSOR = {
  name: 'OptimizelyLogRecordProcessor',
  example: 'new OptimizelyLogRecordProcessor(optimizelySpanProcessor, { getLoggerProvider })',
  table: {
    getLoggerProvider: callback<() => LoggerProviderLike | undefined>(
      '{ getLoggerProvider: () => loggerProvider }',
    ),
  } satisfies OptionTable<OptimizelyLogRecordProcessorOptions>,
};

/**
 * The LogRecordProcessor that takes log records named `optimizely.impression` and `optimizely.conversion` into the queue
 * of a span processor, `feature_flag.evaluation` ones where its option `evaluationEvents` asks for them, and emits
 * those that `recordImpression` and `recordConversion` make where that processor's option `emitAs` is `'log-record'`
 * or `'both'`. Register it in NodeSDK's `logRecordProcessors`, or in a provider's `processors`, beside the one that
 * exports your logs.
 */
export class OptimizelyLogRecordProcessor {
  readonly #target: LogRecordTarget;
  readonly #port: LogRecordPort;
  #shutdown: Promise<void> | undefined;

  /** @throws TypeError if the argument is not an OptimizelySpanProcessor */
  constructor(processor: LogRecordTarget, options: OptimizelyLogRecordProcessorOptions = {}) {
    const { options: taken, logger } = takeOptions(LOG_RECORD_PROCESSOR, options);
    refuseWrongPlaces(this, 'OptimizelyLogRecordProcessor', logger);
    const { getLoggerProvider } = resolveOptions(LOG_RECORD_PROCESSOR.table, taken, logger);
    const port =
      typeof processor === 'object' && processor !== null ? installedAs(processor)?.logs : undefined;
    if (port === undefined) {
      throw new TypeError(
        'the processor must be an OptimizelySpanProcessor: new OptimizelyLogRecordProcessor(optimizelySpanProcessor)',
      );
    }
    this.#target = processor;
    this.#port = port;
    port.emitter = new LoggerEmitter(getLoggerProvider?.bind(options) ?? globalLoggerProvider);
  }

  /** Never throws. */
  onEmit(record: EmittedLogRecord, _context?: Context): void {
    if (this.#shutdown !== undefined) return;
    const { left } = this.#port;
    try {
      this.#port.take(record);
    } catch {
      if (left === undefined) return;
      // The stack has ended: no call before it is kept.
      const leftRecord: LeftLogRecord = {};
      leftRecord.record = record;
      leftRecord.before = left.latest;
      left.latest = leftRecord;
      left.recovery.isNeeded = true;
      try {
        left.recovery.request();
      } catch {
        // The next call requests it.
      }
    }
  }

  /** Loggers stay disabled for events of other names where no other processor wants them. */
  enabled(options: { readonly eventName?: string | undefined }): boolean {
    try {
      return this.#port.takes(options.eventName);
    } catch {
      return true; // The stack has ended: a record more is no harm.
    }
  }

  /** Flushes the span processor. Never rejects. */
  forceFlush(): Promise<void> {
    return this.#target.forceFlush();
  }

  /**
   * Takes nothing more, and flushes the span processor, which stays open: it belongs to its tracer provider,
   * and events recorded until that is shut down are delivered too. Never rejects; a second call returns the same
   * promise.
   */
  shutdown(): Promise<void> {
    this.#shutdown ??= this.#target.forceFlush();
    return this.#shutdown;
  }
}
