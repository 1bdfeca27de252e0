// SPDX-License-Identifier: Apache-2.0
import type { SerializedEvent } from './serialized-event.js';

/**
 * Where events wait until they join a batch: until `start()`, and between two calls. First in, first out. The limits
 * `maxQueueSize` and `maxQueueBytes` apply to any queue. A queue with its own limits refuses an event by returning
 * false.
 */
export interface EventQueue {
  /** Number of events in the queue. */
  readonly size: number;
  /** Adds the event. @returns false if the queue refused it, which is counted as `queue_full` */
  enqueue(event: SerializedEvent): boolean;
  /** Removes the oldest event. @returns undefined if the queue is empty */
  dequeue(): SerializedEvent | undefined;
}

/** Events that a queue does not give back. */
export interface UnreturnedEvents {
  readonly count: number;
  /** Those whose settlement is awaited. */
  readonly awaited: readonly SerializedEvent[];
}

/** A queue as the batcher uses it. */
export interface BatcherQueue extends Pick<EventQueue, 'enqueue' | 'dequeue'> {
  /** Whether what comes now need not be put there to keep the order. @default false */
  readonly isEmpty?: boolean;
  /** Gives up what it does not give back. */
  abandon(): UnreturnedEvents;
}

/** Counts what is in memory, wherever it waits. */
export interface QueueBudget {
  readonly count: number;
  /** Whether one more impression of this size would find room. */
  hasRoom(bytes: number): boolean;
  /** Takes memory for an event. @returns false if there is none, and nothing was taken */
  take(type: SerializedEvent['type'], bytes: number): boolean;
  /** Takes what is already in memory, whatever the bounds. */
  takeAnyway(count: number, bytes: number): void;
  release(count: number, bytes: number): void;
}
