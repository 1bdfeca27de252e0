// SPDX-License-Identifier: Apache-2.0
import type { BatcherQueue } from '../model/event-queue.js';
import { Fifo } from '../model/fifo.js';
import type { UserEvent } from '../model/user-event.js';

/** The default queue. Its bounds are `maxQueueSize` and `maxQueueBytes`, which hold around any queue. */
export class MemoryEventQueue implements BatcherQueue {
  readonly #events = new Fifo<UserEvent>();

  get size(): number {
    return this.#events.size;
  }

  enqueue(event: UserEvent): boolean {
    this.#events.push(event);
    return true;
  }

  dequeue(): UserEvent | undefined {
    return this.#events.shift();
  }

  abandon(): number {
    return 0;
  }
}
