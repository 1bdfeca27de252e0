// SPDX-License-Identifier: Apache-2.0
import type { EventContext } from '../model/event-context.js';
import type { FlushCause } from '../model/event-exporter.js';
import type { SerializedEvent } from '../model/serialized-event.js';
import { envelopeOf, sameContext } from '../util/envelope.js';
import type { OpenBatch } from './open-batch.js';

interface Slot {
  readonly batch: OpenBatch;
  /** Orders the slots by their latest use. */
  usedAt: number;
}

/**
 * The batches that are being built, each of another context: where events of several contexts take turns, each of them
 * would otherwise close the batch before it. One that has no place closes the batch that was used longest ago.
 */
export class OpenBatches {
  readonly #max: number;
  readonly #open: () => OpenBatch;
  readonly #slots: Slot[];
  #current: OpenBatch;
  #uses = 0;

  /**
   * @param max how many are open at once; 1 is Optimizely's rule
   * @param open makes an empty one
   */
  constructor(max: number, open: () => OpenBatch) {
    this.#max = max;
    this.#open = open;
    this.#current = open();
    this.#slots = [{ batch: this.#current, usedAt: 0 }];
  }

  /** When the oldest event was accepted, monotonic clock, milliseconds; infinite while there is no event. */
  get oldestAcceptedAt(): number {
    if (this.#slots.length === 1) return this.#current.oldestAcceptedAt;
    let oldest = Number.POSITIVE_INFINITY;
    for (const { batch } of this.#slots) oldest = Math.min(oldest, batch.oldestAcceptedAt);
    return oldest;
  }

  /** Whether the event fits a request of its own. */
  fits(event: SerializedEvent): boolean {
    return this.#current.fits(event);
  }

  /** Adds the event, and closes what the rules then close. */
  add(event: SerializedEvent): void {
    this.makeRoomFor(event);
    this.join(event);
    this.closeIfJoinedIsFull();
  }

  /** Finds the batch that the event joins, and closes the one that it can't join or has to take the place of. */
  makeRoomFor(event: SerializedEvent): void {
    if (this.#max > 1) this.#select(event.context);
    this.#current.makeRoomFor(event);
  }

  /** @returns false if a batch has to be closed for the event or by it: it has not joined */
  joinQuietly(event: SerializedEvent): boolean {
    return this.#current.joinQuietly(event);
  }

  /** Either the event has joined or, where the stack ends, nothing has changed. */
  join(event: SerializedEvent): void {
    this.#current.join(event);
  }

  /** Closes the batch that an event joined last, if it is full. */
  closeIfJoinedIsFull(): void {
    this.#current.closeIfFull();
  }

  closeIfFull(): void {
    for (const { batch } of this.#slots) batch.closeIfFull();
  }

  close(cause: FlushCause): void {
    for (const { batch } of this.#slots) batch.close(cause);
  }

  /** @param until closes batches whose oldest event was accepted then or before */
  closeOlder(until: number, cause: FlushCause): void {
    for (const { batch } of this.#slots) if (batch.oldestAcceptedAt <= until) batch.close(cause);
  }

  /** @returns false if none is open */
  closeOldest(cause: FlushCause): boolean {
    const oldest = this.oldestAcceptedAt;
    const found = this.#slots.find(
      ({ batch }) => batch.context !== undefined && batch.oldestAcceptedAt === oldest,
    );
    found?.batch.close(cause);
    return found !== undefined;
  }

  /**
   * A datafile of this context is in force. Events that other SDKs resolved have a context of their own, which no datafile
   * here ends; where only one batch is open, it ends all the same.
   */
  contextChanged(context: EventContext): void {
    for (const { batch } of this.#slots) {
      const batched = batch.context;
      if (batched === undefined || sameContext(batched, context)) continue;
      if (this.#max === 1 || isResolvedHere(batched, context)) batch.close('revision');
    }
  }

  #select(context: EventContext): void {
    if (this.#current.context !== undefined && sameContext(this.#current.context, context)) return;
    const slot = this.#find(context);
    this.#uses++;
    slot.usedAt = this.#uses;
    this.#current = slot.batch;
  }

  #find(context: EventContext): Slot {
    let empty: Slot | undefined;
    let oldest: Slot | undefined;
    for (const slot of this.#slots) {
      const batched = slot.batch.context;
      if (batched === undefined) empty ??= slot;
      else if (sameContext(batched, context)) return slot;
      if (oldest === undefined || slot.usedAt < oldest.usedAt) oldest = slot;
    }
    if (empty !== undefined) return empty;
    if (oldest !== undefined && this.#slots.length >= this.#max) {
      oldest.batch.close('revision');
      return oldest;
    }
    const slot = { batch: this.#open(), usedAt: 0 };
    this.#slots.push(slot);
    return slot;
  }
}

/** Of this package's own name and version: resolved against a datafile of this process. */
function isResolvedHere(batched: EventContext, { clientName, clientVersion }: EventContext): boolean {
  return (
    envelopeOf(batched) === undefined &&
    batched.clientName === clientName &&
    batched.clientVersion === clientVersion
  );
}
