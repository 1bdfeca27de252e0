// SPDX-License-Identifier: Apache-2.0
import type { EventContext } from './event-context.js';
import type { ExperimentEvent, ExperimentEventType } from './experiment-event.js';
import type { Logger } from './logger.js';
import type { Runtime } from './runtime.js';

/** An event as it is sent, or as it was recorded if there was no datafile yet. */
export type StoredEvent =
  | {
      readonly kind: 'resolved';
      readonly type: ExperimentEventType;
      readonly uuid: string;
      readonly context: EventContext;
      /** One element of the batch's `visitors`. */
      readonly json: string;
      /** When it was accepted, milliseconds since the epoch, because a monotonic clock ends with its process. */
      readonly acceptedAt: number;
    }
  | { readonly kind: 'unresolved'; readonly event: ExperimentEvent; readonly acceptedAt: number };

/** The text of a resolved event that is in memory: the same throughout, while how it is kept there may change. */
export interface HeldText {
  readonly json: string;
}

/** Identifies one record of a store until it is removed. */
export type StoreTicket = number;

/** The part of a processor that its store uses. */
export interface EventStoreHost {
  readonly logger: Logger;
  readonly runtime: Runtime;
  /** This many intact records of an earlier process have become available. */
  adopted(count: number): void;
  /** Available records could not be read back after all. */
  lost(count: number): void;
}

/**
 * Keeps a crash-safe copy of undelivered events, for one processor. A record is either *held* (its event is in memory
 * too) or *available* (its event is only on disk). No method throws or rejects: a store that fails costs durability,
 * not events.
 */
export interface EventStore {
  /** Called once, before anything else. */
  open(host: EventStoreHost): void;
  /**
   * Writes a record before it returns; the record is then held.
   *
   * @param held has the `json` of a resolved event, too. A store that reads it after this call should read it here: it may
   * have become a part of the body of a request, and otherwise has to be put together once more
   * @returns `full` if the bounds are reached, `failed` if the disk refused
   */
  append(event: StoredEvent, held?: { readonly json: string }): StoreTicket | 'full' | 'failed';
  /** Removes records whose events were delivered or dropped. */
  remove(tickets: readonly StoreTicket[]): void;
  /** Makes records available whose events are no longer in memory. */
  release(tickets: readonly StoreTicket[]): void;
  /** Number of available records. */
  readonly available: number;
  /** Reads the oldest available records; they are then held. */
  read(limits: {
    readonly maxEvents: number;
    readonly maxBytes: number;
  }): Promise<readonly { readonly ticket: StoreTicket; readonly event: StoredEvent }[]>;
  /** Waits for pending writes and releases the files. Records that were not removed remain for the next process. */
  close(): Promise<void>;
}
