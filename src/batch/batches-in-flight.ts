// SPDX-License-Identifier: Apache-2.0
import type { DropReason } from '../model/drop-reason.js';
import type { EventExporter, EventExportResult } from '../model/event-exporter.js';
import type { QueueBudget } from '../model/event-queue.js';
import type { EventLedger } from '../model/ledger.js';
import type { LogEvent } from '../model/log-event.js';
import type { Logger } from '../model/logger.js';
import { type NotificationSender, NotificationType } from '../model/notification.js';
import type { SerializedEvent } from '../model/serialized-event.js';
import type { Afterwards } from '../util/afterwards.js';
import { settlementOf } from '../util/counted-event.js';
import { isStackOverflow, Seam } from '../util/guard.js';
import { Outstanding } from '../util/outstanding.js';
import { hasAnswerMembersForAll, ownMembers } from '../util/own-members.js';
import type { ClosedBatch } from './batch-builder.js';
import { BatchInFlight, type BatchOwner, type PieceOfBatch } from './batch-in-flight.js';
import { account, outcomeOf, outcomeOfPart } from './batch-outcome.js';
import type { StoreTracker } from './store-tracker.js';

export interface BatchesInFlightDependencies {
  readonly exporter: EventExporter;
  readonly budget: QueueBudget;
  readonly storeTracker: StoreTracker;
  readonly ledger: EventLedger;
  readonly notifications: NotificationSender;
  readonly logger: Logger;
  /** Memory has become free. */
  readonly onEnded: () => void;
  /** Repairs what was left half done. */
  readonly recovery: Afterwards;
}

const NONE: readonly never[] = [];
const RESULT: readonly (keyof EventExportResult)[] = ['code', 'error', 'dropped', 'streamed'];

/** Closed batches of which the exporter has not yet said what became of them. */
export class BatchesInFlight implements BatchOwner {
  readonly #deps: BatchesInFlightDependencies;
  readonly #seam: Seam;
  readonly #outstanding = new Outstanding<BatchInFlight>();
  #latest: BatchInFlight | undefined;
  /** While one is kept, so is the code that V8 optimized for them (`export/specimens.ts` has those of other kinds). */
  #specimen: BatchInFlight | undefined;
  /** Events that have ended and take memory until it is released: where the stack ends in between, the next call does it. */
  readonly #unreleased: (readonly SerializedEvent[])[] = [];
  #eventCount = 0;
  #replayedCount = 0;

  constructor(dependencies: BatchesInFlightDependencies) {
    this.#deps = dependencies;
    this.#seam = new Seam('exporter', dependencies.logger);
  }

  get eventCount(): number {
    return this.#eventCount;
  }

  /** Batches of events that come from the store. */
  get replayedCount(): number {
    return this.#replayedCount;
  }

  /** Takes the batch over, to be exported next. Where the stack ends, it throws and has not taken it. */
  begin(batch: ClosedBatch, isReplayed = false): void {
    const inFlight = new BatchInFlight(batch, isReplayed, this);
    this.#specimen ??= new BatchInFlight({ ...batch, events: NONE, body: undefined }, isReplayed, this);
    this.#outstanding.begin(inFlight);
    this.#eventCount += batch.events.length;
    if (isReplayed) this.#replayedCount++;
    this.#latest = inFlight;
  }

  /** Exports the batch that was begun last. */
  exportLatest(): void {
    const latest = this.#latest;
    this.#latest = undefined;
    if (latest?.isGiven === false) this.#export(latest, false);
  }

  /** Exports what was begun where the stack then ended. */
  exportRest(): void {
    this.#releaseEnded();
    for (const inFlight of this.#outstanding.all()) if (!inFlight.isGiven) this.#export(inFlight, true);
  }

  settled(signal: AbortSignal): Promise<void> {
    return this.#outstanding.settled(signal);
  }

  /** Events whose settlement is awaited: who handed them over hears what becomes of them, and may have them still. */
  get awaitedCount(): number {
    let count = 0;
    for (const { unsettled } of this.#outstanding.all())
      for (const event of unsettled) if (settlementOf(event) !== undefined) count++;
    return count;
  }

  /** Leaves what has not ended to the store, and gives up what is not there. @returns how many events it gave up */
  abandon(): number {
    const events: SerializedEvent[] = [];
    for (const inFlight of this.#outstanding.all()) {
      this.#forget(inFlight);
      for (const event of inFlight.unsettled) events.push(event);
    }
    const { storeTracker, ledger } = this.#deps;
    return storeTracker.leaveInStore(events, lost => {
      if (lost.length > 0) ledger.dropped('shutdown_timeout', lost);
    }).length;
  }

  #export(inFlight: BatchInFlight, isLastTry: boolean): void {
    inFlight.isGiven = true;
    try {
      this.#deps.exporter.export(inFlight, result => this.#end(inFlight, result));
    } catch (error) {
      // First of all: at the end of the stack the next call may be one too many.
      inFlight.isGiven = false;
      // The application's stack, and not the exporter, is at fault.
      if (!isLastTry && isStackOverflow(error)) {
        this.#deps.recovery.isNeeded = true;
        this.#deps.recovery.request();
        throw error;
      }
      inFlight.isGiven = true;
      this.#end(inFlight, { code: 1, error: error as Error });
    }
  }

  hasLogEventListeners(): boolean {
    return this.#deps.notifications.hasNotificationListeners?.(NotificationType.LOG_EVENT) !== false;
  }

  notifyLogEvent({ cause }: BatchInFlight, logEvent: LogEvent, piece: PieceOfBatch): void {
    this.#deps.notifications.sendNotifications(NotificationType.LOG_EVENT, logEvent, { cause, ...piece });
  }

  settlePart(
    inFlight: BatchInFlight,
    part: readonly SerializedEvent[],
    outcome: 'streamed' | DropReason | undefined,
  ): void {
    try {
      const named = new Set(part);
      const events = inFlight.unsettled.filter(event => named.has(event));
      // Given up at shutdown, or told of twice.
      if (inFlight.place < 0 || events.length === 0) return;
      const left = inFlight.unsettled.filter(event => !named.has(event));
      this.#unreleased.push(events);
      inFlight.unsettled = left;
      this.#releaseEnded();
      account(outcomeOfPart(events, outcome), this.#deps.ledger, this.#deps.storeTracker);
      this.#deps.onEnded();
    } catch (error) {
      this.#deps.recovery.isNeeded = true;
      this.#deps.recovery.request();
      throw error;
    }
  }

  #end(inFlight: BatchInFlight, result: EventExportResult): void {
    try {
      if (this.#forget(inFlight)) this.#ended(inFlight, result);
    } catch (error) {
      // The stack of the exporter's that called has ended.
      this.#deps.recovery.isNeeded = true;
      this.#deps.recovery.request();
      throw error;
    }
  }

  #ended(inFlight: BatchInFlight, result: EventExportResult): void {
    const own = hasAnswerMembersForAll()
      ? (ownMembers(result, RESULT) as unknown as EventExportResult)
      : result;
    account(outcomeOf(inFlight.unsettled, own), this.#deps.ledger, this.#deps.storeTracker);
    // Not before: the logger may look at the ledger.
    if (own.error !== undefined) this.#seam.failed('export', own.error);
    this.#deps.onEnded();
  }

  /** @returns false if it had ended before, or was given up */
  #forget(inFlight: BatchInFlight): boolean {
    if (!this.#outstanding.end(inFlight)) return false;
    if (inFlight.isReplayed) this.#replayedCount--;
    this.#unreleased.push(inFlight.unsettled);
    this.#releaseEnded();
    return true;
  }

  #releaseEnded(): void {
    let count = 0;
    let bytes = 0;
    for (const events of this.#unreleased) {
      count += events.length;
      for (const { byteLength } of events) bytes += byteLength;
    }
    this.#deps.budget.release(count, bytes);
    this.#eventCount -= count;
    this.#unreleased.length = 0;
  }
}
