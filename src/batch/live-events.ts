// SPDX-License-Identifier: Apache-2.0
import type { EventContext } from '../model/event-context.js';
import type { FlushCause } from '../model/event-exporter.js';
import type { BatcherQueue, QueueBudget } from '../model/event-queue.js';
import type { Runtime } from '../model/runtime.js';
import type { SerializedEvent } from '../model/serialized-event.js';
import { AgeTimer } from './age-timer.js';
import type { OpenBatches } from './open-batches.js';

export interface LiveEventsDependencies {
  readonly queue: BatcherQueue;
  readonly batches: OpenBatches;
  readonly budget: QueueBudget;
  readonly runtime: Runtime;
  readonly flushIntervalMillis: number;
  /** Whether what goes out now need not wait for a request that is out. */
  readonly hasFreeRequest: () => boolean;
}

const NEXT_TURN_MILLIS = 1;
/** So many events may be recorded from within one call. */
const MOST_NESTED = 100;

/** From the queue into the open batches, which close by size, by age, or where memory is full of them. */
export class LiveEvents {
  readonly #deps: LiveEventsDependencies;
  readonly #age: AgeTimer;
  /** Taken from the queue and not yet in a batch. */
  #inHand: SerializedEvent | undefined;
  #lastByteLength = 0;
  #isConsuming = false;
  /** Events recorded from within `consume()`. */
  #nested = 0;

  constructor(dependencies: LiveEventsDependencies) {
    const { runtime, flushIntervalMillis } = dependencies;
    this.#deps = dependencies;
    this.#age = new AgeTimer(runtime, flushIntervalMillis, () => this.#closeDue());
  }

  /** A datafile of this context is in force: what was batched under another one goes out now. */
  contextChanged(context: EventContext): void {
    this.#deps.batches.contextChanged(context);
    this.#age.settle(this.#deps.batches.oldestAcceptedAt);
  }

  /** Whether the event fits a request of its own. */
  fits(event: SerializedEvent): boolean {
    return this.#deps.batches.fits(event);
  }

  /**
   * What most events do: they join the open batch without the queue, and nothing follows from it.
   *
   * @returns false if the event has to be queued
   */
  joinQuietly(event: SerializedEvent): boolean {
    const { queue, budget, batches } = this.#deps;
    if (this.#inHand !== undefined || queue.isEmpty !== true || !budget.hasRoom(event.byteLength))
      return false;
    if (!batches.joinQuietly(event)) return false;
    this.#lastByteLength = event.byteLength;
    return true;
  }

  /** Moves queued events into batches. */
  consume(): void {
    // An exporter or queue that records events from within: the loop below goes on with them.
    if (this.#isConsuming) {
      this.#nested++;
      return;
    }
    this.#isConsuming = true;
    const { queue, batches } = this.#deps;
    try {
      for (;;) {
        this.#inHand ??= queue.dequeue();
        if (this.#inHand === undefined) break;
        const { byteLength } = this.#inHand;
        batches.makeRoomFor(this.#inHand);
        batches.join(this.#inHand);
        this.#inHand = undefined;
        this.#lastByteLength = byteLength;
        batches.closeIfJoinedIsFull();
        if (this.#nested > MOST_NESTED) {
          this.#goOnLater();
          break;
        }
      }
    } finally {
      this.#isConsuming = false;
      this.#nested = 0;
    }
    this.makeRoom();
    this.#age.follow(this.#deps.batches.oldestAcceptedAt);
  }

  /** Goes on where a call ended because the stack did. */
  recover(): void {
    this.consume();
    this.closeIfFull();
  }

  close(cause: FlushCause): void {
    this.#deps.batches.close(cause);
    this.#age.settle(this.#deps.batches.oldestAcceptedAt);
  }

  closeIfFull(): void {
    this.#deps.batches.closeIfFull();
    this.#age.follow(this.#deps.batches.oldestAcceptedAt);
  }

  /** Where memory is full, open batches can't grow: they go out while a request is free, or nothing would make room. */
  makeRoom(): void {
    const { budget, batches, hasFreeRequest } = this.#deps;
    while (!budget.hasRoom(this.#lastByteLength) && hasFreeRequest())
      if (!batches.closeOldest('size')) return;
  }

  /** Younger batches go on; the interval may be over for several. */
  #closeDue(): void {
    const { batches, runtime, flushIntervalMillis } = this.#deps;
    batches.closeOlder(runtime.monotonic() + 1 - flushIntervalMillis, 'age');
    this.#age.settle(batches.oldestAcceptedAt);
  }

  /** An exporter that records an event for each batch must not keep the application's call from returning. */
  #goOnLater(): void {
    this.#deps.runtime.setTimer(() => this.consume(), NEXT_TURN_MILLIS);
  }
}
