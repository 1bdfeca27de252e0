// SPDX-License-Identifier: Apache-2.0
import type { BatcherQueue, UnreturnedEvents } from '../model/event-queue.js';
import type { SerializedEvent } from '../model/serialized-event.js';
import { Fifo } from '../util/fifo.js';

/** The default queue. Its bounds are `maxQueueSize` and `maxQueueBytes`, which hold around any queue. */
export class MemoryEventQueue implements BatcherQueue {
  readonly #events = new Fifo<SerializedEvent>();

  get isEmpty(): boolean {
    return this.#events.size === 0;
  }

  enqueue(event: SerializedEvent): boolean {
    this.#events.push(event);
    return true;
  }

  dequeue(): SerializedEvent | undefined {
    return this.#events.shift();
  }

  abandon(): UnreturnedEvents {
    return { count: 0, awaited: [] };
  }
}
