// SPDX-License-Identifier: Apache-2.0
import type { OptimizelySpanProcessorOptions } from 'opentelemetry-exporter-optimizely';
import type { AckMode, ProjectConfig } from '../model/gateway-config.js';

const MAX_QUEUE_SIZE = 200_000;
const MAX_QUEUE_BYTES = 134_217_728;
const BATCH_SIZE = 500;
const MAX_OPEN_BATCHES = 16;
const DRAIN_TIMEOUT_MILLIS = 8_000;
/** A sender waits for it. */
const FLUSH_INTERVAL_MILLIS = { delivered: 500, stored: 2_000 } as const satisfies Record<AckMode, number>;

export function ackModeOf({ ack, store }: ProjectConfig): AckMode {
  return ack ?? (store === undefined ? 'delivered' : 'stored');
}

/** What the memory of a project holds at most. */
export function queueLimits({ maxQueueSize, maxQueueBytes }: ProjectConfig) {
  return { maxQueueSize: maxQueueSize ?? MAX_QUEUE_SIZE, maxQueueBytes: maxQueueBytes ?? MAX_QUEUE_BYTES };
}

/** The options of a project's processor that its configuration decides. */
export function processorOptions(config: ProjectConfig): OptimizelySpanProcessorOptions {
  return {
    ...queueLimits(config),
    endpoint: config.endpoint,
    batchSize: config.batchSize ?? BATCH_SIZE,
    flushIntervalMillis: config.flushIntervalMillis ?? FLUSH_INTERVAL_MILLIS[ackModeOf(config)],
    maxOpenBatches: config.maxOpenBatches ?? MAX_OPEN_BATCHES,
    maxConcurrentRequests: config.maxConcurrentRequests,
    requestTimeoutMillis: config.requestTimeoutMillis,
    timeoutIntervalMillis: config.drainTimeoutMillis ?? DRAIN_TIMEOUT_MILLIS,
    allowedAttributes: config.allowedAttributes,
    userIdHashKey: config.userIdHashKey,
    dedupe: config.dedupe,
  };
}

/** Whether events may leave otherwise than they came. */
export function changesEvents({ allowedAttributes, userIdHashKey }: ProjectConfig): boolean {
  return allowedAttributes !== undefined || userIdHashKey !== undefined;
}
