// SPDX-License-Identifier: Apache-2.0
import type { BatcherQueue, EventQueue, QueueBudget, UnreturnedEvents } from '../model/event-queue.js';
import type { EventLedger } from '../model/ledger.js';
import type { Logger } from '../model/logger.js';
import type { Runtime } from '../model/runtime.js';
import type { SerializedEvent } from '../model/serialized-event.js';
import { envelopeBytes } from '../util/envelope.js';
import { fromOutside, ownSerialized, toBeCopied } from '../util/event-text.js';
import { isStackOverflow, kindOf, Seam } from '../util/guard.js';
import { isSerializedEvent } from '../util/is-serialized-event.js';
import { AwaitedInQueue } from './awaited-in-queue.js';

export interface GuardedQueueDependencies {
  readonly budget: QueueBudget;
  readonly ledger: EventLedger;
  readonly runtime: Runtime;
  readonly logger: Logger;
}

const FAILED = Symbol('failed');

const ENQUEUE_ANSWERS =
  'has to return true, or false for an event that it refuses: this one counts as queue_full';

/** So much in a row that is not an event is passed over: behind it may be events. */
const MOST_WRONG = 100;

/**
 * A queue of the application's own may throw, may answer with what is not an event, and may have outlived an earlier
 * process with events in it. So what is in it is counted here.
 */
export class GuardedQueue implements BatcherQueue {
  readonly #queue: EventQueue;
  readonly #budget: QueueBudget;
  readonly #ledger: EventLedger;
  readonly #runtime: Runtime;
  readonly #seam: Seam;
  readonly #awaited = new AwaitedInQueue();
  /** Uuids of what it gave since it was empty. */
  readonly #given = new Set<string>();
  /** Of an earlier life: their sizes are not known before they are dequeued. */
  #recovered: number;
  #count = 0;

  constructor(queue: EventQueue, { budget, ledger, runtime, logger }: GuardedQueueDependencies) {
    this.#queue = queue;
    this.#budget = budget;
    this.#ledger = ledger;
    this.#runtime = runtime;
    this.#seam = new Seam('eventQueue', logger);
    const size: unknown = this.#seam.call('size', 0, () => queue.size);
    this.#recovered = Number.isSafeInteger(size) && (size as number) > 0 ? (size as number) : 0;
    if (this.#recovered > 0) {
      ledger.recovered(this.#recovered);
      budget.takeAnyway(this.#recovered, 0);
    }
  }

  /** @throws RangeError if the stack overflows */
  enqueue(given: SerializedEvent): boolean {
    const event = toBeCopied(given);
    const answer: unknown = this.#call('enqueue', () => this.#queue.enqueue(event));
    if (answer === true) {
      this.#count++;
      this.#awaited.add(event);
      return true;
    }
    // Told apart from a full queue: the length that `push()` returns, say, or a promise, which would come too late.
    if (answer !== false && answer !== FAILED)
      this.#seam.misused('enqueue', `returns ${kindOf(answer)}, and ${ENQUEUE_ANSWERS}`);
    return false;
  }

  /** @throws RangeError if the stack overflows */
  dequeue(): SerializedEvent | undefined {
    for (let wrong = 0; wrong < MOST_WRONG; wrong++) {
      const event: unknown = this.#call('dequeue', () => this.#queue.dequeue());
      if (event === undefined || event === null || event === FAILED) break;
      if (isUsable(event as SerializedEvent)) return this.#take(ownSerialized(event as SerializedEvent));
      this.#seam.misused('dequeue', `returns ${kindOf(event)} which is not an event`);
    }
    this.#given.clear();
    return undefined;
  }

  #take(event: SerializedEvent): SerializedEvent | undefined {
    const { uuid } = event;
    // More than it was given may be of another process; but one that it gave a moment ago it has not removed, and would
    // give for ever.
    if (this.#count + this.#recovered === 0 && this.#given.has(uuid)) {
      this.#seam.misused('dequeue', 'returns the same event again: it has to remove what it returns');
      this.#given.clear();
      return undefined;
    }
    this.#given.add(uuid);
    return this.#awaited.take(this.#forget(event));
  }

  /** Gives up what the queue took and does not give back. Only at the end, when the bound on bytes no longer matters. */
  abandon(): UnreturnedEvents {
    const count = this.#count + this.#recovered;
    this.#budget.release(count, 0);
    this.#count = 0;
    this.#recovered = 0;
    return { count, awaited: this.#awaited.clear() };
  }

  #forget(event: SerializedEvent): SerializedEvent {
    const { byteLength } = event;
    if (this.#recovered > 0) {
      this.#recovered--;
      this.#budget.takeAnyway(0, byteLength);
    } else if (this.#count > 0) {
      this.#count--;
      return event;
    } else {
      // More than it was given: of another life or another process.
      this.#ledger.recovered(1);
      this.#budget.takeAnyway(1, byteLength);
    }
    return fromOutside(event, this.#runtime);
  }

  #call(method: string, work: () => unknown): unknown {
    try {
      const returned = work();
      this.#seam.watch(method, returned);
      return returned;
    } catch (error) {
      if (isStackOverflow(error)) throw error;
      this.#seam.failed(method, error);
      return FAILED;
    }
  }
}

/** Whether it can join a batch: one that throws when it is looked at would keep all behind it from going out. */
function isUsable(event: SerializedEvent): boolean {
  try {
    return isSerializedEvent(event) && envelopeBytes(event.context) > 0;
  } catch (error) {
    if (isStackOverflow(error)) throw error;
    return false;
  }
}
