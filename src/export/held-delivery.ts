// SPDX-License-Identifier: Apache-2.0
import type { DropReason } from '../model/drop-reason.js';
import type { EventExportResult, ExportBatch } from '../model/event-exporter.js';

interface HeldBatch {
  readonly events: ExportBatch['events'];
  readonly done: (result: EventExportResult) => void;
}

/**
 * Stands in for delivery where it is not known where to: makes no request, and has the batches stay pending until the
 * end. An event store then keeps them for the next start.
 */
export class HeldDelivery {
  readonly #batches: HeldBatch[] = [];
  /** Batches grow meanwhile, which costs less than many small ones. */
  readonly isBusy = true;
  readonly load = 1;

  deliver({ events }: ExportBatch, done: (result: EventExportResult) => void): void {
    this.#batches.push({ events, done });
  }

  onReady(_listener: () => void): void {}

  async flush(_signal: AbortSignal): Promise<void> {}

  end(reason: DropReason): void {
    for (const { events, done } of this.#batches.splice(0)) done({ code: 1, dropped: [{ reason, events }] });
  }
}
