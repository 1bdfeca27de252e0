// SPDX-License-Identifier: Apache-2.0
import type { MadeBody } from '../model/batch-with-body.js';
import type { EventContext } from '../model/event-context.js';
import type { FlushCause } from '../model/event-exporter.js';
import type { SerializedEvent } from '../model/serialized-event.js';
import { envelopeBytes, sameContext } from '../util/envelope.js';
import { TextsOfBatch } from './texts-of-batch.js';

/** A batch that one of the rules has closed. */
export interface ClosedBatch {
  readonly context: EventContext;
  readonly events: readonly SerializedEvent[];
  /** Of the request; undefined if it is yet to be put together of the events' texts. */
  readonly body: MadeBody | undefined;
  readonly byteLength: number;
  readonly cause: FlushCause;
}

/** Optimizely's batching rules but the age of the oldest event: no timer, no clock. */
export class BatchBuilder {
  readonly #maxPayloadBytes: number;
  readonly #begin: (batch: ClosedBatch) => void;
  readonly #arrival: (() => number) | undefined;
  #context: EventContext | undefined;
  #events: SerializedEvent[] = [];
  readonly #texts = new TextsOfBatch();
  #byteLength = 0;
  #oldestAcceptedAt = Number.POSITIVE_INFINITY;

  /**
   * @param maxPayloadBytes UTF-8 bytes of the request body
   * @param begin takes a closed batch over; where it throws, the batch stays open
   * @param arrival the time, where a batch is as old as its first event is here; undefined where it is as old as its
   * oldest event
   */
  constructor(maxPayloadBytes: number, begin: (batch: ClosedBatch) => void, arrival?: () => number) {
    this.#maxPayloadBytes = maxPayloadBytes;
    this.#begin = begin;
    this.#arrival = arrival;
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
  fits(event: SerializedEvent): boolean {
    return envelopeBytes(event.context) + event.byteLength <= this.#maxPayloadBytes;
  }

  /** Closed before the event joins: otherwise two revisions share a batch, or it outgrows the limit. */
  causeToCloseBefore(event: SerializedEvent): FlushCause | undefined {
    if (this.#context === undefined) return undefined;
    if (!sameContext(this.#context, event.context)) return 'revision';
    return this.#byteLength + 1 + event.byteLength > this.#maxPayloadBytes ? 'bytes' : undefined;
  }

  /**
   * Adds the event where that closes nothing, which is so for most of them.
   *
   * @param batchSize the batch closes at so many events
   * @returns false if the event has not joined, and nothing has changed
   */
  addQuietly(event: SerializedEvent, batchSize: number): boolean {
    if (event.context !== this.#context || this.#events.length + 1 >= batchSize) return false;
    const grown = this.#byteLength + 1 + event.byteLength;
    if (grown > this.#maxPayloadBytes || event.acceptedAt < this.#oldestAcceptedAt) return false;
    this.#texts.beforeJoining(this.#events, true);
    this.#events.push(event);
    this.#byteLength = grown;
    return true;
  }

  /** Either the event has joined or, where the stack ends, nothing has changed. */
  add(event: SerializedEvent): void {
    const { context, byteLength, acceptedAt } = event;
    const grown =
      this.#context === undefined ? envelopeBytes(context) + byteLength : this.#byteLength + 1 + byteLength;
    this.#texts.beforeJoining(this.#events, false);
    this.#events.push(event);
    this.#context ??= context;
    this.#byteLength = grown;
    if (this.#arrival === undefined) this.#oldestAcceptedAt = Math.min(this.#oldestAcceptedAt, acceptedAt);
    // None arrives before the first.
    else if (this.#events.length === 1) this.#oldestAcceptedAt = this.#arrival();
  }

  /**
   * Hands the open batch over, if there is one.
   *
   * @param count of its first events; the others stay. @default all
   */
  close(cause: FlushCause, count = this.#events.length): void {
    const context = this.#context;
    if (context === undefined) return;
    if (count < this.#events.length) {
      this.#closeFirst(context, cause, count);
      return;
    }
    const events = this.#events;
    const body = this.#texts.bodyOf(events, events.length, context);
    this.#begin({ context, events, body, byteLength: this.#byteLength, cause });
    this.#texts.reset();
    this.#context = undefined;
    this.#events = [];
    this.#byteLength = 0;
    this.#oldestAcceptedAt = Number.POSITIVE_INFINITY;
  }

  #closeFirst(context: EventContext, cause: FlushCause, count: number): void {
    const rest = this.#events.slice(count);
    const restBytes = rest.reduce((sum, { byteLength }) => sum + 1 + byteLength, 0);
    const oldest = rest.reduce((min, { acceptedAt }) => Math.min(min, acceptedAt), Number.POSITIVE_INFINITY);
    const restLength = envelopeBytes(context) + restBytes - 1;
    const events = this.#events.slice(0, count);
    const body = this.#texts.bodyOf(this.#events, count, context);
    this.#begin({ context, events, body, byteLength: this.#byteLength - restBytes, cause });
    this.#texts.reset();
    this.#events = rest;
    this.#byteLength = restLength;
    // By arrival, they are at most as old as the first of all.
    this.#oldestAcceptedAt = Math.max(this.#oldestAcceptedAt, oldest);
  }
}
