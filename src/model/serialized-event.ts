// SPDX-License-Identifier: Apache-2.0
import type { EventContext } from './event-context.js';
import type { EventSettlement } from './event-settlement.js';
import type { StoreTicket } from './event-store.js';
import type { ExperimentEventType } from './experiment-event.js';

/**
 * An event resolved against the datafile that was live when it was recorded, serialized once: batching, byte
 * counting, splitting and sending work on `json`.
 */
export interface SerializedEvent {
  readonly type: ExperimentEventType;
  readonly uuid: string;
  readonly context: EventContext;
  /** One element of the batch's `visitors`. */
  readonly json: string;
  /** Length of `json` as UTF-8. */
  readonly byteLength: number;
  /** Monotonic clock, milliseconds: ages and expiry count from here, never from the event's own timestamp. */
  readonly acceptedAt: number;
  /** The event's record in the event store, where there is one. */
  readonly ticket?: StoreTicket | undefined;
  /** Hears what becomes of the event, for a caller that has to know. @default none */
  readonly settlement?: EventSettlement | undefined;
}
