// SPDX-License-Identifier: Apache-2.0
import type { DropReason } from '../model/drop-reason.js';
import type { EventBatch, EventExporter, EventExportResult } from '../model/event-exporter.js';
import type { QueueBudget } from '../model/event-queue.js';
import type { EventLedger } from '../model/ledger.js';
import { errorLabel, type Logger } from '../model/logger.js';
import { type NotificationSender, NotificationType } from '../model/notification.js';
import { Outstanding } from '../model/outstanding.js';
import { type UserEvent, uuidsOf } from '../model/user-event.js';
import type { ClosedBatch } from './batch-builder.js';
import type { EventKeeper } from './event-keeper.js';

export interface ExportFlightsDependencies {
  readonly exporter: EventExporter;
  readonly budget: QueueBudget;
  readonly keeper: EventKeeper;
  readonly ledger: EventLedger;
  readonly notifications: NotificationSender;
  readonly logger: Logger;
  /** Memory has become free. */
  readonly onLanded: () => void;
}

/** Batches that the exporter was given and of which it has not yet said what became of them. */
export class ExportFlights {
  readonly #deps: ExportFlightsDependencies;
  readonly #outstanding = new Outstanding<EventBatch>();
  #eventCount = 0;

  constructor(dependencies: ExportFlightsDependencies) {
    this.#deps = dependencies;
  }

  get eventCount(): number {
    return this.#eventCount;
  }

  launch(closed: ClosedBatch): void {
    const { exporter, logger, notifications } = this.#deps;
    const { cause, byteLength, events } = closed;
    const batch: EventBatch = {
      ...closed,
      announce: (logEvent, piece = { eventCount: events.length, byteLength }) => {
        notifications.sendNotifications(NotificationType.LOG_EVENT, logEvent, { cause, ...piece });
      },
    };
    this.#outstanding.begin(batch);
    this.#eventCount += batch.events.length;
    try {
      exporter.export(batch, result => this.#landed(batch, result));
    } catch (error) {
      logger.error(`exporter.export failed: ${errorLabel(error)}`);
      this.#landed(batch, { code: 1 });
    }
  }

  settled(): Promise<void> {
    return this.#outstanding.settled();
  }

  /** Leaves what has not landed to the store, and gives up what is not there. @returns how many events it gave up */
  abandon(): number {
    const events: UserEvent[] = [];
    for (const batch of this.#outstanding.all()) {
      this.#forget(batch);
      events.push(...batch.events);
    }
    const lost = this.#deps.keeper.setAside(events);
    if (lost.length > 0) this.#deps.ledger.dropped('shutdown_timeout', uuidsOf(lost));
    return lost.length;
  }

  #landed(batch: EventBatch, result: EventExportResult): void {
    if (!this.#forget(batch)) return;
    const { keeper, ledger, onLanded } = this.#deps;
    const named = new Set(result.dropped?.flatMap(({ events }) => events));
    const rest = batch.events.filter(event => !named.has(event));
    const dropped: { reason: DropReason; events: readonly UserEvent[] }[] = [];
    for (const { reason, events } of result.dropped ?? []) {
      // Out of time is no fault of the events: what the store has is for the next life.
      dropped.push({ reason, events: reason === 'shutdown_timeout' ? keeper.setAside(events) : events });
    }
    if (result.code !== 0) dropped.push({ reason: 'rejected', events: rest });
    const lost = dropped.filter(({ events }) => events.length > 0);
    ledger.ended(
      result.code === 0 ? rest.length : 0,
      lost.map(({ reason, events }) => ({ reason, uuids: uuidsOf(events) })),
    );
    keeper.remove(rest);
    for (const { events } of lost) keeper.remove(events);
    onLanded();
  }

  /** false: it had landed before, or was given up. */
  #forget(batch: EventBatch): boolean {
    if (!this.#outstanding.end(batch)) return false;
    const bytes = batch.events.reduce((sum, event) => sum + event.byteLength, 0);
    this.#eventCount -= batch.events.length;
    this.#deps.budget.release(batch.events.length, bytes);
    return true;
  }
}
