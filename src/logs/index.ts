// SPDX-License-Identifier: Apache-2.0

/**
 * Experiment events as OpenTelemetry log records.
 *
 * @module opentelemetry-exporter-optimizely/logs
 */

export type { EmittedLogRecord } from '../model/log-record-port.js';
export type { LoggerLike, LoggerProviderLike } from './logger-emitter.js';
export type {
  LogRecordTarget,
  OptimizelyLogRecordProcessorOptions,
} from './optimizely-log-record-processor.js';
export { OptimizelyLogRecordProcessor } from './optimizely-log-record-processor.js';
