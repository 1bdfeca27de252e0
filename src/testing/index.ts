// SPDX-License-Identifier: Apache-2.0

export type { ReceivedEvent } from './event-checks.js';
export type { EventProblem, EventProblemCode } from './event-problem.js';
export type { CapturedLogEvent, InMemoryEventDispatcherOptions } from './in-memory-event-dispatcher.js';
export { InMemoryEventDispatcher } from './in-memory-event-dispatcher.js';
export type { LocalEventsEndpoint, LocalEventsEndpointOptions } from './local-events-endpoint.js';
export { startLocalEventsEndpoint } from './local-events-endpoint.js';
export type { ReceivedBatch } from './received-batch.js';
export type { WireEvent } from './wire-event.js';
