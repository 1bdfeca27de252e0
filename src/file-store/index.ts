// SPDX-License-Identifier: Apache-2.0

/**
 * Keeps undelivered events on disk, and the last good datafile; the port for an event store of your own.
 *
 * @module opentelemetry-exporter-optimizely/file-store
 */

export { FileDatafileCache } from '../datafile/file-datafile-cache.js';
export type { EventStore, EventStoreHost, StoredEvent, StoreTicket } from '../model/event-store.js';
export type { FileEventStoreOptions } from '../store/file-event-store.js';
export { FileEventStore } from '../store/file-event-store.js';
