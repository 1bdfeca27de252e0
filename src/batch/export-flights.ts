// SPDX-License-Identifier: Apache-2.0
import type { DropReason } from '../model/drop-reason.js';
import type { EventBatch, EventExporter, EventExportResult } from '../model/event-exporter.js';
import type { QueueBudget } from '../model/event-queue.js';
import type { EventLedger } from '../model/ledger.js';
import { errorLabel, type Logger } from '../model/logger.js';
import { type NotificationSender, NotificationType } from '../model/notification.js';
import { Outstanding, type OutstandingWork } from '../model/outstanding.js';
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

interface Flight extends OutstandingWork {
  readonly events: readonly UserEvent[];
}

/** Batches that the exporter was given and of which it has not yet said what became of them. */
export class ExportFlights {
  readonly #deps: ExportFlightsDependencies;
  readonly #outstanding = new Outstanding<Flight>();
  #eventCount = 0;

  constructor(dependencies: ExportFlightsDependencies) {
    this.#deps = dependencies;
  }

  get eventCount(): number {
    return this.#eventCount;
  }

  launch(closed: ClosedBatch): void {
    const { exporter, logger, notifications } = this.#deps;
    const { context, events, byteLength, cause } = closed;
    const batch: EventBatch = {
      context,
      events,
      byteLength,
      cause,
      announce: (logEvent, piece = { eventCount: events.length, byteLength }) => {
        notifications.sendNotifications(NotificationType.LOG_EVENT, logEvent, { cause, ...piece });
      },
    };
    const flight: Flight = { place: -1, events };
    this.#outstanding.begin(flight);
    this.#eventCount += events.length;
    try {
      exporter.export(batch, result => this.#landed(flight, result));
    } catch (error) {
      logger.error(`exporter.export failed: ${errorLabel(error)}`);
      this.#landed(flight, { code: 1 });
    }
  }

  settled(): Promise<void> {
    return this.#outstanding.settled();
  }

  /** Leaves what has not landed to the store, and gives up what is not there. @returns how many events it gave up */
  abandon(): number {
    const events: UserEvent[] = [];
    for (const flight of this.#outstanding.all()) {
      this.#forget(flight);
      events.push(...flight.events);
    }
    const lost = this.#deps.keeper.setAside(events);
    if (lost.length > 0) this.#deps.ledger.dropped('shutdown_timeout', uuidsOf(lost));
    return lost.length;
  }

  #landed(flight: Flight, result: EventExportResult): void {
    if (!this.#forget(flight)) return;
    const { events } = flight;
    const { keeper, ledger, onLanded } = this.#deps;
    const { dropped: given = [] } = result;
    // All of it has arrived: what happens to nearly every batch.
    if (result.code === 0 && given.length === 0) {
      ledger.ended(events.length, []);
      keeper.remove(events);
      onLanded();
      return;
    }
    const named = new Set(given.flatMap(drop => drop.events));
    const rest = events.filter(event => !named.has(event));
    const dropped: { reason: DropReason; events: readonly UserEvent[] }[] = [];
    for (const drop of given) {
      // Out of time is no fault of the events: what the store has is for the next life.
      const lost = drop.reason === 'shutdown_timeout' ? keeper.setAside(drop.events) : drop.events;
      dropped.push({ reason: drop.reason, events: lost });
    }
    if (result.code !== 0) dropped.push({ reason: 'rejected', events: rest });
    const lost = dropped.filter(drop => drop.events.length > 0);
    ledger.ended(
      result.code === 0 ? rest.length : 0,
      lost.map(drop => ({ reason: drop.reason, uuids: uuidsOf(drop.events) })),
    );
    keeper.remove(rest);
    for (const drop of lost) keeper.remove(drop.events);
    onLanded();
  }

  /** false: it had landed before, or was given up. */
  #forget(flight: Flight): boolean {
    if (!this.#outstanding.end(flight)) return false;
    let bytes = 0;
    for (const event of flight.events) bytes += event.byteLength;
    this.#eventCount -= flight.events.length;
    this.#deps.budget.release(flight.events.length, bytes);
    return true;
  }
}
