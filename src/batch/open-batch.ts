// SPDX-License-Identifier: Apache-2.0
import type { EventContext } from '../model/event-context.js';
import type { FlushCause } from '../model/event-exporter.js';
import type { SerializedEvent } from '../model/serialized-event.js';
import { BatchBuilder } from './batch-builder.js';
import type { BatchesInFlight } from './batches-in-flight.js';

export interface OpenBatchLimits {
  /** Events at which a batch goes out while next to no request is out. */
  readonly batchSize: number;
  /** Events at which it goes out although it has to wait. */
  readonly maxBatchSize: number;
  /** UTF-8 bytes of the request body. */
  readonly maxPayloadBytes: number;
  /** The time, where a batch is as old as its first event is here. @default as old as its oldest event */
  readonly arrival?: (() => number) | undefined;
}

/** Where closed batches go. */
export type BatchTaker = Pick<BatchesInFlight, 'begin' | 'exportLatest'>;

/**
 * A batch that is being built, and where it goes. It goes out at `batchSize`. While the exporter has a load it grows, to
 * the same share of `maxBatchSize`. A request costs more than ten events do, and small batches would wait in line, where a
 * service that records faster than they leave loses events.
 */
export class OpenBatch {
  readonly #limits: OpenBatchLimits;
  readonly #inFlight: BatchTaker;
  readonly #load: () => number;
  readonly #builder: BatchBuilder;

  /** @param load what share of the exporter's requests is out or taken, from 0 to 1 */
  constructor(limits: OpenBatchLimits, inFlight: BatchTaker, load: () => number) {
    this.#limits = limits;
    this.#inFlight = inFlight;
    this.#load = load;
    this.#builder = new BatchBuilder(limits.maxPayloadBytes, batch => inFlight.begin(batch), limits.arrival);
  }

  get context(): EventContext | undefined {
    return this.#builder.context;
  }

  /** Monotonic clock, milliseconds; infinite while there is no event. */
  get oldestAcceptedAt(): number {
    return this.#builder.oldestAcceptedAt;
  }

  /** Whether the event fits a request of its own. */
  fits(event: SerializedEvent): boolean {
    return this.#builder.fits(event);
  }

  /** Closes the batch that the event cannot join. */
  makeRoomFor(event: SerializedEvent): void {
    const cause = this.#builder.causeToCloseBefore(event);
    if (cause !== undefined) this.close(cause);
  }

  /** @returns false if a batch has to be closed for the event or by it: it has not joined */
  joinQuietly(event: SerializedEvent): boolean {
    return this.#builder.addQuietly(event, this.#limits.batchSize);
  }

  /** Either the event has joined or, where the stack ends, nothing has changed. */
  join(event: SerializedEvent): void {
    this.#builder.add(event);
  }

  closeIfFull(): void {
    const { batchSize, maxBatchSize } = this.#limits;
    const { size } = this.#builder;
    if (size < batchSize) return;
    if (size >= maxBatchSize) this.close('size');
    // As many whole batches in one; what is begun of the next stays, as if each had gone out in its time.
    else if (size >= maxBatchSize * this.#share()) this.close('size', size - (size % batchSize));
  }

  #share(): number {
    const load = this.#load();
    // With a batchSize of 1 the application wants each event out at once: only what has to wait anyway grows.
    return this.#limits.batchSize === 1 && load < 1 ? 0 : load;
  }

  /** @param count of the first events; the others stay. @default all */
  close(cause: FlushCause, count?: number): void {
    this.#builder.close(cause, count);
    this.#inFlight.exportLatest();
  }
}
