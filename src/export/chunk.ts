// SPDX-License-Identifier: Apache-2.0
import type { DropReason } from '../model/drop-reason.js';
import type { EventExportResult, ExportBatch } from '../model/event-exporter.js';
import type { LogEvent } from '../model/log-event.js';
import type { SerializedEvent } from '../model/serialized-event.js';
import type { Outstanding, OutstandingWork } from '../util/outstanding.js';
import { halve } from './split.js';

/** Makes the LogEvent of a chunk of the batch and tells listeners. @returns undefined if it can't be sent */
export type Prepare = (events: readonly SerializedEvent[], batch: ExportBatch) => LogEvent | undefined;

/** What becomes of one batch, which may travel in chunks. */
export class BatchProgress implements OutstandingWork {
  place = -1;
  generation: OutstandingWork['generation'];
  readonly batch: ExportBatch;
  readonly #undelivered: Outstanding<BatchProgress>;
  readonly #done: (result: EventExportResult) => void;
  #left: number;

  /**
   * @param undelivered where it is among the others until the last chunk is settled
   * @param done called once, with the last chunk
   */
  constructor(
    batch: ExportBatch,
    undelivered: Outstanding<BatchProgress>,
    done: (result: EventExportResult) => void,
  ) {
    this.batch = batch;
    this.#left = batch.events.length;
    this.#undelivered = undelivered;
    this.#done = done;
  }

  /** Once for each chunk. @param outcome absent if its events were delivered */
  settle(events: readonly SerializedEvent[], outcome?: 'streamed' | DropReason): void {
    this.#left -= events.length;
    if (this.#left > 0) {
      this.batch.settle(events, outcome);
      return;
    }
    this.#undelivered.end(this);
    if (outcome === undefined) this.#done({ code: 0 });
    else if (outcome === 'streamed') this.#done({ code: 0, streamed: events });
    else this.#done({ code: 1, dropped: [{ reason: outcome, events }] });
  }
}

/** Events of a batch that go into one request: all of them, until something on the way refuses it. */
export class Chunk {
  readonly events: readonly SerializedEvent[];
  readonly #progress: BatchProgress;
  #logEvent: LogEvent | undefined;
  /** Whether a connection that broke was answered by a second try at once. */
  triedAtOnce = false;
  /** How often it failed although other chunks had got through since it failed before. */
  strikes = 0;
  /** How often it has waited for itself. */
  restsAlone = 0;
  /** How many chunks had arrived when it last failed, or the one that it was cut out of. */
  arrivalsAtFailure: number | undefined;
  /** Cut out of a chunk that was refused or failed alone. */
  readonly isSuspect: boolean;

  constructor(progress: BatchProgress, events: readonly SerializedEvent[], isSuspect = false) {
    this.#progress = progress;
    this.events = events;
    this.isSuspect = isSuspect;
  }

  /** Made, and told to listeners, once: before the first request. @returns undefined if it can't be sent */
  logEvent(prepare: Prepare): LogEvent | undefined {
    this.#logEvent ??= prepare(this.events, this.#progress.batch);
    return this.#logEvent;
  }

  /** Once. @param outcome absent if its events were delivered */
  settle(outcome?: 'streamed' | DropReason): void {
    this.#progress.settle(this.events, outcome);
  }

  /** Judged by the youngest: no event expires early. @param now monotonic clock, milliseconds */
  ageMillis(now: number): number {
    let youngest = Number.NEGATIVE_INFINITY;
    for (const { acceptedAt } of this.events) if (acceptedAt > youngest) youngest = acceptedAt;
    return Math.max(0, now - youngest);
  }

  /** The same events in two chunks. */
  halves(areSuspect: boolean): Chunk[] {
    return halve(this.events).map(events => {
      const chunk = new Chunk(this.#progress, events, areSuspect);
      chunk.arrivalsAtFailure = this.arrivalsAtFailure;
      return chunk;
    });
  }
}
