// SPDX-License-Identifier: Apache-2.0

/**
 * For programs that take experiment events of other processes, such as a gateway: reads span events and log records, and
 * derives the uuids of those that have none.
 *
 * @module opentelemetry-exporter-optimizely/capture
 */

export type { DeliveredEvents } from '../model/drop-reason.js';
export type { EventOutcome, EventSettlement } from '../model/event-settlement.js';
export { nameBasedUuid } from '../util/uuid-v5.js';
export { deriveEventUuid, EVENT_UUID_NAMESPACE, eventIdentity } from './event-identity.js';
export type { EventOrigin, RawEvent } from './raw-event.js';
export type { ReadEvent, UnreadableEvent } from './read-event.js';
export { isExperimentEventName, readExperimentEvent, readFlagEvaluation } from './read-event.js';
