// SPDX-License-Identifier: Apache-2.0

/**
 * For tests and for tools such as the event inspector: a local Events API that says what Optimizely would not count and
 * the checks behind it, a dispatcher to memory, a clock that a test moves.
 *
 * @module opentelemetry-exporter-optimizely/testing
 */

export type { DatafileContents, DatafileFlag, DatafileRule } from '../datafile/datafile-contents.js';
export { readContents } from '../datafile/datafile-contents.js';
export { readDatafile } from '../datafile/parse-datafile.js';
export type { Runtime, RuntimeTimer } from '../model/runtime.js';
export { decodeText } from '../util/decode-text.js';
export type { JsonObject } from '../util/json.js';
export { safeText } from '../util/safe-text.js';
export { systemRuntime } from '../util/system-runtime.js';
export type { IndexedRule } from './checks/datafile-ids.js';
export { DatafileIds } from './checks/datafile-ids.js';
export type { CheckContext, CheckedBatch, ReceivedEvent } from './checks/event-checks.js';
export { checkReadings } from './checks/event-checks.js';
export { DUPLICATE, NO_EARLIER_DECISION } from './checks/event-history.js';
export type { EventProblem, EventProblemCode } from './checks/event-problem.js';
export { EVENT_WARNINGS, quote } from './checks/event-problem.js';
export type { Checked } from './checks/field-constraints.js';
export { brokenConstraint } from './checks/field-constraints.js';
export type { BatchReading, EventReading, WireEvent } from './checks/wire-event.js';
export { readBatch } from './checks/wire-event.js';
export type { Answer, Receive } from './endpoint/answer-request.js';
export { answerRequest, EVENTS_PATH, MAX_BODY_BYTES } from './endpoint/answer-request.js';
export type { CapturedLogEvent, InMemoryEventDispatcherOptions } from './in-memory-event-dispatcher.js';
export { InMemoryEventDispatcher } from './in-memory-event-dispatcher.js';
export type { LocalEventsEndpoint, LocalEventsEndpointOptions } from './local-events-endpoint.js';
export { startLocalEventsEndpoint } from './local-events-endpoint.js';
export { ManualRuntime } from './manual-runtime.js';
export type { ReceivedBatch } from './received-batch.js';
