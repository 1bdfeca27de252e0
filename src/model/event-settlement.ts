// SPDX-License-Identifier: Apache-2.0
import type { DropReason } from './drop-reason.js';

/**
 * What became of an event. `streamed` means that a stream has it, from which another process delivers it. `stored` means that it is only in the event store from here on, because memory was full or a
 * shutdown left it there: what becomes of it later is in the ledger's counts, and is not told.
 */
export type EventOutcome = 'delivered' | 'streamed' | 'stored' | DropReason;

/**
 * Hears what becomes of events that were handed over. One object may serve several events: its methods do not say which
 * event they are about.
 */
export interface EventSettlement {
  /**
   * The event has been written to the event store, so it outlives the process. Called once at most, before `settled`, and
   * not at all if the store is full or has failed. It may be called before the call that handed the event over returns.
   */
  stored?(): void;
  /** Called exactly once for each event, perhaps before the call that handed it over returns. */
  settled(outcome: EventOutcome): void;
}

/** An event as it is counted, and told of if its settlement is awaited. */
export interface CountedEvent {
  readonly uuid: string;
  readonly settlement?: EventSettlement | undefined;
}
