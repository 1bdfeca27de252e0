// SPDX-License-Identifier: Apache-2.0
import type { EventContext } from '../model/event-context.js';
import type { FlushCause } from '../model/event-exporter.js';
import type { BatcherQueue, QueueBudget } from '../model/event-queue.js';
import type { Runtime } from '../model/runtime.js';
import type { SerializedEvent } from '../model/serialized-event.js';
import { sameContext } from '../util/envelope.js';
import { AgeTimer } from './age-timer.js';
import type { OpenBatch } from './open-batch.js';

export interface LiveEventsDependencies {
  readonly queue: BatcherQueue;
  readonly batch: OpenBatch;
  readonly budget: QueueBudget;
  readonly runtime: Runtime;
  readonly flushIntervalMillis: number;
  /** Whether what goes out now need not wait for a request that is out. */
  readonly hasFreeRequest: () => boolean;
}

const NEXT_TURN_MILLIS = 1;
/** So many events may be recorded from within one call. */
const MOST_NESTED = 100;

/** From the queue into the open batch, which closes by size, by age, or where memory is full of it. */
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
    this.#age = new AgeTimer(runtime, flushIntervalMillis, () => this.close('age'));
  }

  /** A datafile of this context is in force: what was batched under another one goes out now. */
  contextChanged(context: EventContext): void {
    const batched = this.#deps.batch.context;
    if (batched !== undefined && !sameContext(batched, context)) this.close('revision');
  }

  /** Whether the event fits a request of its own. */
  fits(event: SerializedEvent): boolean {
    return this.#deps.batch.fits(event);
  }

  /** Moves queued events into batches. */
  consume(): void {
    // An exporter or queue that records events from within: the loop below goes on with them.
    if (this.#isConsuming) {
      this.#nested++;
      return;
    }
    this.#isConsuming = true;
    const { queue, batch } = this.#deps;
    try {
      for (;;) {
        this.#inHand ??= queue.dequeue();
        if (this.#inHand === undefined) break;
        const { byteLength } = this.#inHand;
        batch.makeRoomFor(this.#inHand);
        batch.join(this.#inHand);
        this.#inHand = undefined;
        this.#lastByteLength = byteLength;
        batch.closeIfFull();
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
    this.#age.follow(batch.oldestAcceptedAt);
  }

  /** Goes on where a call ended because the stack did. */
  recover(): void {
    this.consume();
    this.closeIfFull();
  }

  close(cause: FlushCause): void {
    this.#deps.batch.close(cause);
    this.#age.settle(this.#deps.batch.oldestAcceptedAt);
  }

  closeIfFull(): void {
    this.#deps.batch.closeIfFull();
    this.#age.follow(this.#deps.batch.oldestAcceptedAt);
  }

  /** Where memory is full, the open batch can't grow: it goes out if a request is free, or nothing would make room. */
  makeRoom(): void {
    const { budget, batch, hasFreeRequest } = this.#deps;
    if (!budget.hasRoom(this.#lastByteLength) && hasFreeRequest()) batch.close('size');
  }

  /** An exporter that records an event for each batch must not keep the application's call from returning. */
  #goOnLater(): void {
    this.#deps.runtime.setTimer(() => this.consume(), NEXT_TURN_MILLIS);
  }
}
