// SPDX-License-Identifier: Apache-2.0
import type { EventQueue, QueueBudget } from '../model/event-queue.js';
import type { EventLedger } from '../model/ledger.js';
import { errorLabel, type Logger, OnceLog } from '../model/logger.js';
import type { UserEvent } from '../model/user-event.js';

/** A queue of the application's own may throw, and may have outlived an earlier process with events in it. */
export class GuardedQueue {
  readonly #queue: EventQueue;
  readonly #budget: QueueBudget;
  readonly #logger: Logger;
  readonly #said = new OnceLog();
  #recovered: number;

  constructor(queue: EventQueue, budget: QueueBudget, ledger: EventLedger, logger: Logger) {
    this.#queue = queue;
    this.#budget = budget;
    this.#logger = logger;
    this.#recovered = queue.size;
    if (this.#recovered > 0) {
      ledger.recovered(this.#recovered);
      budget.takeAnyway(this.#recovered, 0);
    }
  }

  enqueue(event: UserEvent): boolean {
    try {
      return this.#queue.enqueue(event) === true;
    } catch (error) {
      this.#failed('enqueue', error);
      return false;
    }
  }

  dequeue(): UserEvent | undefined {
    try {
      const event = this.#queue.dequeue();
      if (event !== undefined && this.#recovered > 0) {
        // Its size is only known now.
        this.#recovered--;
        this.#budget.takeAnyway(0, event.byteLength);
      }
      return event;
    } catch (error) {
      this.#failed('dequeue', error);
      return undefined;
    }
  }

  #failed(method: string, error: unknown): void {
    if (this.#said.first(method)) this.#logger.error(`eventQueue.${method} failed: ${errorLabel(error)}`);
  }
}
