// SPDX-License-Identifier: Apache-2.0
import type { BatchWithBody, MadeBody } from '../model/batch-with-body.js';
import type { DropReason } from '../model/drop-reason.js';
import type { EventContext } from '../model/event-context.js';
import type { FlushCause } from '../model/event-exporter.js';
import type { LogEvent } from '../model/log-event.js';
import type { SerializedEvent } from '../model/serialized-event.js';
import type { OutstandingWork } from '../util/outstanding.js';
import type { ClosedBatch } from './batch-builder.js';

/** Who has the batch: hears what the exporter says of it. */
export interface BatchOwner {
  hasLogEventListeners(): boolean;
  notifyLogEvent(batch: BatchInFlight, logEvent: LogEvent, piece: PieceOfBatch): void;
  settlePart(
    batch: BatchInFlight,
    part: readonly SerializedEvent[],
    outcome: 'streamed' | DropReason | undefined,
  ): void;
}

/** How much of a batch a LogEvent carries. */
export interface PieceOfBatch {
  readonly eventCount: number;
  readonly byteLength: number;
}

/** A closed batch of which the exporter has not yet said what became of it, as the exporter gets it. */
export class BatchInFlight implements BatchWithBody, OutstandingWork {
  place = -1;
  generation: OutstandingWork['generation'];
  readonly context: EventContext;
  readonly events: readonly SerializedEvent[];
  readonly body: MadeBody | undefined;
  readonly byteLength: number;
  readonly cause: FlushCause;
  /** Whether its events come from the store. */
  readonly isReplayed: boolean;
  /** What the exporter has not told of in parts. */
  unsettled: readonly SerializedEvent[];
  /** Whether the exporter has it. */
  isGiven = false;
  readonly #owner: BatchOwner;

  constructor(
    { context, events, body, byteLength, cause }: ClosedBatch,
    isReplayed: boolean,
    owner: BatchOwner,
  ) {
    this.context = context;
    this.events = events;
    this.body = body;
    this.byteLength = byteLength;
    this.cause = cause;
    this.isReplayed = isReplayed;
    this.unsettled = events;
    this.#owner = owner;
  }

  notifyLogEvent(
    logEvent: LogEvent,
    piece: PieceOfBatch = { eventCount: this.events.length, byteLength: this.byteLength },
  ): void {
    this.#owner.notifyLogEvent(this, logEvent, piece);
  }

  hasLogEventListeners(): boolean {
    return this.#owner.hasLogEventListeners();
  }

  settle(part: readonly SerializedEvent[], outcome?: 'streamed' | DropReason): void {
    this.#owner.settlePart(this, part, outcome);
  }
}
