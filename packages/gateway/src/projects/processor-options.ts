// SPDX-License-Identifier: Apache-2.0
import type { OptimizelySpanProcessorOptions } from 'opentelemetry-exporter-optimizely';
import type { ProjectConfig, ReceiptMode } from '../model/gateway-config.js';

const MAX_QUEUE_SIZE = 200_000;
const MAX_QUEUE_BYTES = 134_217_728;
/** Of the heap that all projects together have for their events; requests and garbage have the rest. */
const HEAP_SHARE = 0.5;
/** What an event takes of the heap that waits for its delivery, its text and its sender's request included. */
const EVENT_BYTES = 1_536;
const BATCH_SIZE = 500;
const MAX_OPEN_BATCHES = 16;
const DRAIN_TIMEOUT_MILLIS = 8_000;
/** A sender waits for it. */
const FLUSH_INTERVAL_MILLIS = { delivered: 500, settled: 500, stored: 2_000 } as const satisfies Record<
  ReceiptMode,
  number
>;

export function ackModeOf({ ack, store }: ProjectConfig): ReceiptMode {
  return ack ?? (store === undefined ? 'delivered' : 'stored');
}

/**
 * What the memory of a project holds at most.
 *
 * @param heapBytes what the heap of all projects together may grow to
 * @param projects how many there are
 */
export function queueLimits(
  { maxQueueSize, maxQueueBytes }: ProjectConfig,
  heapBytes: number,
  projects: number,
) {
  const bytes = (heapBytes * HEAP_SHARE) / projects;
  return {
    maxQueueSize: maxQueueSize ?? Math.min(MAX_QUEUE_SIZE, Math.ceil(bytes / EVENT_BYTES)),
    maxQueueBytes: maxQueueBytes ?? Math.min(MAX_QUEUE_BYTES, Math.ceil(bytes / 2)),
  };
}

/** The options of a project's processor that its configuration decides. */
export function processorOptions(config: ProjectConfig): OptimizelySpanProcessorOptions {
  const { maxEventAgeMillis } = config;
  return {
    // What has waited in a stream still fills batches.
    ...(ackModeOf(config) === 'settled' && { flushIntervalFrom: 'arrival' as const }),
    ...(maxEventAgeMillis !== undefined && { retry: { maxAgeMillis: maxEventAgeMillis } }),
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
