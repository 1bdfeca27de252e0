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

export interface ExportFlightsDependencies {
  readonly exporter: EventExporter;
  readonly budget: QueueBudget;
  readonly ledger: EventLedger;
  readonly notifications: NotificationSender;
  readonly logger: Logger;
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

  /** Gives up what has not landed. @returns how many events that was */
  abandon(reason: DropReason): number {
    const events: UserEvent[] = [];
    for (const batch of this.#outstanding.all()) {
      this.#forget(batch);
      events.push(...batch.events);
    }
    if (events.length > 0) this.#deps.ledger.dropped(reason, uuidsOf(events));
    return events.length;
  }

  #landed(batch: EventBatch, result: EventExportResult): void {
    if (!this.#forget(batch)) return;
    const dropped = (result.dropped ?? []).map(({ reason, events }) => ({ reason, uuids: uuidsOf(events) }));
    const named = new Set(result.dropped?.flatMap(({ events }) => events));
    const rest = batch.events.filter(event => !named.has(event));
    if (result.code === 0) {
      this.#deps.ledger.ended(rest.length, dropped);
    } else {
      const rejected = { reason: 'rejected' as const, uuids: uuidsOf(rest) };
      this.#deps.ledger.ended(0, rest.length > 0 ? [...dropped, rejected] : dropped);
    }
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
