// SPDX-License-Identifier: Apache-2.0
import type { DropReason } from '../model/drop-reason.js';
import type { EventExportResult, ExportBatch } from '../model/event-exporter.js';
import type { LogEvent } from '../model/log-event.js';
import type { SerializedEvent } from '../model/serialized-event.js';
import type { OutstandingWork } from '../util/outstanding.js';
import { halve } from './split.js';

/** Makes the LogEvent of a chunk and tells listeners. @returns undefined if it can't be sent */
export type Prepare = (events: readonly SerializedEvent[]) => LogEvent | undefined;

/** What becomes of one batch, which may travel in chunks. */
export class BatchProgress implements OutstandingWork {
  place = -1;
  generation: OutstandingWork['generation'];
  readonly #settlePart: ExportBatch['settle'];
  readonly #done: (result: EventExportResult) => void;
  #left: number;

  /**
   * @param settlePart called for each chunk but the last
   * @param done called once, with the last chunk
   */
  constructor(total: number, settlePart: ExportBatch['settle'], done: (result: EventExportResult) => void) {
    this.#left = total;
    this.#settlePart = settlePart;
    this.#done = done;
  }

  /** Once for each chunk. @param outcome absent if its events were delivered */
  settle(events: readonly SerializedEvent[], outcome?: 'streamed' | DropReason): void {
    this.#left -= events.length;
    if (this.#left > 0) this.#settlePart(events, outcome);
    else if (outcome === undefined) this.#done({ code: 0 });
    else if (outcome === 'streamed') this.#done({ code: 0, streamed: events });
    else this.#done({ code: 1, dropped: [{ reason: outcome, events }] });
  }
}

/** Events of a batch that go into one request: all of them, until something on the way refuses it. */
export class Chunk {
  readonly batch: BatchProgress;
  readonly events: readonly SerializedEvent[];
  readonly #prepare: Prepare;
  #logEvent: LogEvent | undefined;
  /** Whether a connection that broke was answered by a second try at once. */
  triedAtOnce = false;
  /** How often it failed although other chunks had got through since it failed before. */
  strikes = 0;
  /** How many chunks had arrived when it last failed, or the one that it was cut out of. */
  arrivalsAtFailure: number | undefined;
  /** Cut out of a chunk that was refused or failed alone. */
  readonly isSuspect: boolean;

  constructor(batch: BatchProgress, events: readonly SerializedEvent[], prepare: Prepare, isSuspect = false) {
    this.batch = batch;
    this.events = events;
    this.#prepare = prepare;
    this.isSuspect = isSuspect;
  }

  /** Made, and told to listeners, once: before the first request. @returns undefined if it can't be sent */
  logEvent(): LogEvent | undefined {
    this.#logEvent ??= this.#prepare(this.events);
    return this.#logEvent;
  }

  /** Judged by the youngest: no event expires early. @param now monotonic clock, milliseconds */
  ageMillis(now: number): number {
    let youngest = Number.POSITIVE_INFINITY;
    for (const { acceptedAt } of this.events) youngest = Math.min(youngest, now - acceptedAt);
    return Math.max(0, youngest);
  }

  /** The same events in two chunks. */
  halves(areSuspect: boolean): Chunk[] {
    return halve(this.events).map(events => {
      const chunk = new Chunk(this.batch, events, this.#prepare, areSuspect);
      chunk.arrivalsAtFailure = this.arrivalsAtFailure;
      return chunk;
    });
  }
}
