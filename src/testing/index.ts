// SPDX-License-Identifier: Apache-2.0

export type { ReceivedEvent } from '../checks/event-checks.js';
export type { EventProblem, EventProblemCode } from '../checks/event-problem.js';
export type { WireEvent } from '../checks/wire-event.js';
export type { CapturedLogEvent, InMemoryEventDispatcherOptions } from './in-memory-event-dispatcher.js';
export { InMemoryEventDispatcher } from './in-memory-event-dispatcher.js';
export type { LocalEventsEndpoint, LocalEventsEndpointOptions } from './local-events-endpoint.js';
export { startLocalEventsEndpoint } from './local-events-endpoint.js';
export type { ReceivedBatch } from './received-batch.js';
