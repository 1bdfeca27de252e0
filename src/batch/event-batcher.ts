// SPDX-License-Identifier: Apache-2.0
import type { EventContext } from '../model/event-context.js';
import type { StoreTicket } from '../model/event-store.js';
import type { SerializedEvent } from '../model/serialized-event.js';
import { Afterwards } from '../util/afterwards.js';
import { withDeadline } from '../util/deadline.js';
import { asStored, beforeStoring, inOnePiece } from '../util/event-text.js';
import { Seam } from '../util/guard.js';
import { BatchesInFlight } from './batches-in-flight.js';
import type { EventBatcherDependencies } from './event-batcher-dependencies.js';
import { LiveEvents } from './live-events.js';
import { type BatchTaker, OpenBatch } from './open-batch.js';
import { OpenBatches } from './open-batches.js';
import { ReplayedEvents } from './replayed-events.js';
import type { NotKept } from './store-tracker.js';

/** Turns queued events into batches, by size and by age, and flushes and stops. */
export class EventBatcher {
  /** Repairs what a call left half done because the stack ended. */
  readonly recovery = new Afterwards(() => this.#recover());
  readonly #deps: EventBatcherDependencies;
  readonly #exporter: Seam;
  readonly #inFlight: BatchesInFlight;
  readonly #live: LiveEvents;
  readonly #replayed: ReplayedEvents;
  /** Memory that a call took which then ended without putting an event there. */
  #leakedEvents = 0;
  #leakedBytes = 0;
  #started = false;
  #stopping: Promise<void> | undefined;

  constructor(dependencies: EventBatcherDependencies) {
    const { limits, exporter, logger, runtime } = dependencies;
    this.#deps = dependencies;
    this.#exporter = new Seam('exporter', logger);
    this.#inFlight = new BatchesInFlight({
      ...dependencies,
      onEnded: () => this.#batchEnded(),
      recovery: this.recovery,
    });
    const inFlight = this.#inFlight;
    const isBusy = () => exporter.isBusy?.() === true;
    const load = () => exporter.load?.() ?? Number(isBusy());
    const arrival = limits.flushIntervalFrom === 'arrival' ? () => runtime.monotonic() : undefined;
    const open = (taker: BatchTaker, batchSize: number) =>
      new OpenBatches(
        limits.maxOpenBatches,
        () => new OpenBatch({ ...limits, batchSize, arrival }, taker, load),
      );
    this.#live = new LiveEvents({
      ...dependencies,
      batches: open(inFlight, limits.batchSize),
      flushIntervalMillis: limits.flushIntervalMillis,
      // One that does not tell is taken to be busy while it has a batch.
      hasFreeRequest: () => this.#inFlight.eventCount === 0 || exporter.isBusy?.() === false,
    });
    // In batches of their own: events of an earlier life have other contexts, and would break live batches up.
    this.#replayed = new ReplayedEvents({
      ...dependencies,
      // A page at a time: what has waited on disk need not be split into the batches of live events.
      batches: open(
        { begin: batch => inFlight.begin(batch, true), exportLatest: () => inFlight.exportLatest() },
        limits.maxBatchSize,
      ),
      maxPageBytes: limits.maxQueueBytes / 4,
      maxQueueSize: limits.maxQueueSize,
      isRunning: () => this.#started && this.#stopping === undefined,
      isBusy,
      inFlight,
      isStopping: () => this.#stopping !== undefined,
    });
    exporter.onReady?.(() => this.#exporterIsReady());
  }

  /**
   * Queues the event.
   *
   * @param event with the ticket of its record, where the event store has it already
   * @param uuid its own, where the caller has it at hand: finding it in the text takes 0.1 µs
   * @returns false if it was refused, and counted
   */
  enqueue(event: SerializedEvent, uuid?: string): boolean {
    const { budget, storeTracker, ledger } = this.#deps;
    if (this.#stopping !== undefined) {
      if (storeTracker.leaveInStore([event]).length === 0) return true;
      ledger.dropped('already_shutdown', [event]);
      return false;
    }
    if (!this.#fits(event)) return false;
    const unstored = event.ticket === undefined && storeTracker.hasStore ? beforeStoring(event) : event;
    const ticket = event.ticket ?? this.#keep(unstored, uuid);
    if (!budget.take(event.type, event.byteLength)) return storeTracker.spill(event, ticket);
    let [isReserved, isQueued] = [true, false];
    try {
      const stored = event.ticket === undefined ? asStored(unstored, ticket) : event;
      if (this.#started && this.#live.joinQuietly(stored)) return true;
      if (!this.#started) inOnePiece(stored.json);
      isQueued = this.#deps.queue.enqueue(stored);
      if (!isQueued) {
        budget.release(1, event.byteLength);
        isReserved = false;
        return storeTracker.spill(event, ticket);
      }
      if (this.#started) this.#live.consume();
    } catch (error) {
      // The stack has ended: nothing is called here that would need more of it.
      this.recovery.isNeeded = true;
      if (!isQueued && isReserved) {
        this.#leakedEvents++;
        this.#leakedBytes += event.byteLength;
      }
      if (!isQueued) throw error;
      this.recovery.request();
    }
    return isQueued;
  }

  #keep(event: SerializedEvent, uuid?: string): StoreTicket | NotKept {
    const kept = this.#deps.storeTracker.keep(event, uuid);
    if (typeof kept === 'number') event.settlement?.stored?.();
    return kept;
  }

  /** Goes on where a call ended because the stack did. */
  #recover(): void {
    this.#deps.budget.release(this.#leakedEvents, this.#leakedBytes);
    this.#leakedEvents = 0;
    this.#leakedBytes = 0;
    this.#inFlight.exportRest();
    if (this.#started) this.#live.recover();
    this.#deps.ledger.reconcile(this.#deps.budget.count, this.#deps.storeTracker.storedCount);
  }

  #fits(event: SerializedEvent): boolean {
    if (this.#live.fits(event)) return true;
    this.#deps.storeTracker.remove([event]);
    this.#deps.ledger.dropped('too_large', [event]);
    return false;
  }

  /** Begins to build batches. Events queued before keep their age. */
  start(): void {
    if (this.#stopping !== undefined) return;
    if (this.#started) {
      this.#deps.logger.warn('start() was called twice; the second call does nothing');
      return;
    }
    this.#started = true;
    this.#live.consume();
    this.#replayed.nudge();
  }

  /** A datafile of this context is in force: what was batched under another one goes out now. */
  contextChanged(context: EventContext): void {
    this.#live.contextChanged(context);
  }

  /** Stored events without a datafile. */
  get unresolvedCount(): number {
    return this.#replayed.unresolvedCount;
  }

  /** Events may be replayed that could not before. */
  nudge(): void {
    this.#replayed.nudge();
  }

  /** Sends what is queued, and does not wait for it. @param hurriedUntil meanwhile, what failed is retried as in a flush */
  sendQueued(hurriedUntil?: AbortSignal): void {
    if (this.#stopping !== undefined) return;
    this.#live.consume();
    this.#live.close('flush');
    if (hurriedUntil !== undefined) void this.#settled(hurriedUntil);
  }

  /** Sends all that is queued and waits for it and what is in flight. Never rejects. */
  async forceFlush(withinMillis = this.#deps.limits.timeoutIntervalMillis): Promise<void> {
    if (this.#stopping !== undefined) return this.#stopping;
    this.sendQueued();
    const inTime = await withDeadline(this.#deps.runtime, withinMillis, signal =>
      // Being stored does not count as flushed.
      this.#replayed.drain(signal, () => this.#settled(signal)),
    );
    if (!inTime) {
      const { limits, storeTracker, logger } = this.#deps;
      const stored = storeTracker.storedCount > 0 ? `, in the event store: ${storeTracker.storedCount}` : '';
      logger.warn(
        `forceFlush() ended after ${limits.timeoutIntervalMillis} ms; events undelivered, which stay pending: ${this.#inFlight.eventCount}${stored}`,
      );
    }
  }

  /** Refuses new events, sends what is queued, waits for it, and counts what is left. Never rejects. */
  stop(withinMillis = this.#deps.limits.timeoutIntervalMillis): Promise<void> {
    this.#stopping ??= this.#stop(withinMillis);
    return this.#stopping;
  }

  async #stop(withinMillis: number): Promise<void> {
    const { runtime, limits, exporter, storeTracker, ledger, queue, logger } = this.#deps;
    const startedAt = runtime.monotonic();
    // Lets `#stopping` be set before anything is called back.
    await undefined;
    this.#live.consume();
    this.#live.close('shutdown');
    const settling = withDeadline(runtime, withinMillis, signal => this.#settled(signal));
    // Meanwhile: a disk may hang as a network does.
    await withDeadline(runtime, withinMillis, () => this.#replayed.stop());
    const unreturned = queue.abandon();
    if (unreturned.count > 0) ledger.dropped('shutdown_timeout', unreturned.awaited, unreturned.count);
    const inTime = await settling;
    const { eventCount: left, awaitedCount: awaited } = this.#inFlight;
    const storedBefore = storeTracker.storedCount;
    const leftMillis = Math.max(0, withinMillis - (runtime.monotonic() - startedAt));
    await withDeadline(runtime, leftMillis, () =>
      this.#exporter.settle('shutdown', () => exporter.shutdown?.()),
    );
    // What the exporter itself did not give up.
    this.#inFlight.abandon();
    if (!inTime && left > 0) {
      const stored = storeTracker.storedCount - storedBefore;
      const returned = Math.min(awaited, left - stored);
      logger.error(
        `shutdown ended after ${limits.timeoutIntervalMillis} ms; events undelivered: ${left}, ` +
          `of these lost: ${left - stored - returned}, in the event store: ${stored}` +
          (returned > 0 ? `, given back to those who handed them over: ${returned}` : ''),
      );
    }
  }

  #batchEnded(): void {
    this.#live.makeRoom();
    this.#replayed.nudge();
  }

  #exporterIsReady(): void {
    this.#live.closeIfFull();
    this.#live.makeRoom();
    this.#replayed.closeIfFull();
    this.#replayed.nudge();
  }

  async #settled(signal: AbortSignal): Promise<void> {
    const batches = this.#inFlight.settled(signal);
    await this.#exporter.settle('forceFlush', () => this.#deps.exporter.forceFlush?.({ signal }));
    await batches;
  }
}
