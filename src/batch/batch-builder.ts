// SPDX-License-Identifier: Apache-2.0
import { type EventContext, envelopeBytes, sameContext } from '../model/event-context.js';
import type { FlushCause } from '../model/event-exporter.js';
import type { UserEvent } from '../model/user-event.js';

/** A batch that one of the rules has closed. */
export interface ClosedBatch {
  readonly context: EventContext;
  readonly events: readonly UserEvent[];
  readonly byteLength: number;
  readonly cause: FlushCause;
}

export interface BatchLimits {
  /** Events. */
  readonly batchSize: number;
  /** UTF-8 bytes of the request body. */
  readonly maxPayloadBytes: number;
}

/** Optimizely's batching rules but the age of the oldest event: no timer, no clock. */
export class BatchBuilder {
  readonly #limits: BatchLimits;
  readonly #emit: (batch: ClosedBatch) => void;
  #context: EventContext | undefined;
  #events: UserEvent[] = [];
  #byteLength = 0;
  #oldestAcceptedAt = Number.POSITIVE_INFINITY;

  constructor(limits: BatchLimits, emit: (batch: ClosedBatch) => void) {
    this.#limits = limits;
    this.#emit = emit;
  }

  get size(): number {
    return this.#events.length;
  }

  get context(): EventContext | undefined {
    return this.#context;
  }

  /** Monotonic clock, milliseconds; infinite while there is no event. */
  get oldestAcceptedAt(): number {
    return this.#oldestAcceptedAt;
  }

  /** Whether the event fits a request of its own. */
  fits(event: UserEvent): boolean {
    return envelopeBytes(event.context) + event.byteLength <= this.#limits.maxPayloadBytes;
  }

  add(event: UserEvent): void {
    // Closed before the event joins: otherwise two revisions share a batch, or it outgrows the limit.
    if (this.#context !== undefined && !sameContext(this.#context, event.context)) this.close('revision');
    if (
      this.#context !== undefined &&
      this.#byteLength + 1 + event.byteLength > this.#limits.maxPayloadBytes
    ) {
      this.close('bytes');
    }
    if (this.#context === undefined) {
      this.#context = event.context;
      this.#byteLength = envelopeBytes(event.context) + event.byteLength;
    } else {
      this.#byteLength += 1 + event.byteLength;
    }
    this.#events.push(event);
    if (event.acceptedAt < this.#oldestAcceptedAt) this.#oldestAcceptedAt = event.acceptedAt;
    if (this.#events.length >= this.#limits.batchSize) this.close('size');
  }

  /** Closes the batch that is being built, if there is one. */
  close(cause: FlushCause): void {
    const context = this.#context;
    if (context === undefined) return;
    const batch = { context, events: this.#events, byteLength: this.#byteLength, cause };
    this.#context = undefined;
    this.#events = [];
    this.#byteLength = 0;
    this.#oldestAcceptedAt = Number.POSITIVE_INFINITY;
    this.#emit(batch);
  }
}
