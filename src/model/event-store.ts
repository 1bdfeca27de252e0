// SPDX-License-Identifier: Apache-2.0
import type { EventContext } from './event-context.js';
import type { ExperimentEvent, ExperimentEventType } from './experiment-event.js';
import type { Logger } from './logger.js';
import type { Runtime } from './runtime.js';

/** An event as it goes on the wire, or, where there was no datafile yet, as it was recorded. */
export type StoredEvent =
  | {
      readonly kind: 'resolved';
      readonly type: ExperimentEventType;
      readonly uuid: string;
      readonly context: EventContext;
      /** One element of the batch's `visitors`. */
      readonly json: string;
      /** When it was accepted, milliseconds since the epoch: a monotonic clock does not survive its process. */
      readonly acceptedAt: number;
    }
  | { readonly kind: 'unresolved'; readonly event: ExperimentEvent; readonly acceptedAt: number };

/** Names one record of a store until it is removed. */
export type StoreTicket = number;

/** What a store needs of the processor that it serves. */
export interface EventStoreHost {
  readonly logger: Logger;
  readonly runtime: Runtime;
  /** So many intact records of an earlier life have become available. */
  adopted(count: number): void;
  /** Available records could not be read back after all. */
  lost(count: number): void;
}

/**
 * A crash-safe copy of what is not yet delivered. Serves one processor. A record is either *held*, in memory too, or
 * *available*, on disk only. Nothing here throws or rejects: an event store that fails costs durability, not events.
 */
export interface EventStore {
  /** Called once, before anything else. */
  open(host: EventStoreHost): void;
  /** Writes a record, held from then on, before it returns. `full`: its bounds are reached; `failed`: the disk refused. */
  append(event: StoredEvent): StoreTicket | 'full' | 'failed';
  /** Delivered or dropped: the records are not needed any more. */
  remove(tickets: readonly StoreTicket[]): void;
  /** No longer in memory: the records become available. */
  release(tickets: readonly StoreTicket[]): void;
  /** Records on disk only. */
  readonly available: number;
  /** Reads the oldest available records back; they are held from then on. */
  read(limits: {
    readonly maxEvents: number;
    readonly maxBytes: number;
  }): Promise<readonly { readonly ticket: StoreTicket; readonly event: StoredEvent }[]>;
  /** Waits for what is being written and lets go; what was not removed is there for the next life. */
  close(): Promise<void>;
}
