// SPDX-License-Identifier: Apache-2.0

/**
 * For tests: a local Events API that says what Optimizely would not count, and a dispatcher to memory.
 *
 * @module opentelemetry-exporter-optimizely/testing
 */

export type { ReceivedEvent } from '../checks/event-checks.js';
export type { EventProblem, EventProblemCode } from '../checks/event-problem.js';
export type { WireEvent } from '../checks/wire-event.js';
export type { Runtime, RuntimeTimer } from '../model/runtime.js';
export type { CapturedLogEvent, InMemoryEventDispatcherOptions } from './in-memory-event-dispatcher.js';
export { InMemoryEventDispatcher } from './in-memory-event-dispatcher.js';
export type { LocalEventsEndpoint, LocalEventsEndpointOptions } from './local-events-endpoint.js';
export { startLocalEventsEndpoint } from './local-events-endpoint.js';
export type { ReceivedBatch } from './received-batch.js';
