// SPDX-License-Identifier: Apache-2.0

/**
 * The events of Optimizely's own SDK, without a change to its calls.
 *
 * @module opentelemetry-exporter-optimizely/optimizely-sdk
 */

export type { EventBatchTexts, EventBatchVisitor, ReadEventBatchOptions } from './event-batch.js';
export { readEventBatch } from './event-batch.js';
export type { OfficialLogEvent } from './official-log-event.js';
export type {
  ResolvedEventProcessor,
  SpanEventDispatcher,
  SpanEventDispatcherOptions,
} from './span-event-dispatcher.js';
export { createSpanEventDispatcher } from './span-event-dispatcher.js';
