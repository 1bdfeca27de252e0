// SPDX-License-Identifier: Apache-2.0
import { context } from '@opentelemetry/api';
import { type DropReason, isDropReason } from '../model/drop-reason.js';
import type { EventExporter, EventExportResult, ExportBatch } from '../model/event-exporter.js';
import type { Logger } from '../model/logger.js';
import { isThenable, Seam } from '../util/guard.js';
import { suppressTracing } from '../util/suppress-tracing.js';

type Dropped = NonNullable<EventExportResult['dropped']>[number];

/**
 * An exporter of the application's own: its requests are not traced, it may be asynchronous, may call back with what is
 * not a result, and may have only the methods that it needs.
 */
export class GuardedExporter implements EventExporter {
  readonly #exporter: EventExporter;
  readonly #seam: Seam;
  /** Absent where the exporter does not tell. */
  readonly isBusy?: () => boolean;
  /** Absent where the exporter does not tell. */
  readonly load?: () => number;

  constructor(exporter: EventExporter, logger: Logger) {
    this.#exporter = exporter;
    this.#seam = new Seam('exporter', logger);
    if (this.#has('isBusy')) {
      this.isBusy = () => this.#seam.call<unknown>('isBusy', false, () => exporter.isBusy?.()) === true;
    }
    if (this.#has('load')) {
      this.load = () => readShare(this.#seam.call<unknown>('load', 0, () => exporter.load?.()));
    }
  }

  /** @throws what the exporter throws */
  export(batch: ExportBatch, resultCallback: (result: EventExportResult) => void): void {
    const { context, events, byteLength, cause } = batch;
    const guarded: ExportBatch = {
      ...{ context, events, byteLength, cause },
      notifyLogEvent: (logEvent, piece) => batch.notifyLogEvent(logEvent, piece),
      hasLogEventListeners: () => batch.hasLogEventListeners?.() !== false,
      settle: (part, outcome) => {
        if (Array.isArray(part)) batch.settle(part, outcome === 'streamed' ? outcome : readReason(outcome));
      },
    };
    const returned: unknown = untraced(() =>
      this.#exporter.export(guarded, result => resultCallback(readResult(result, batch))),
    );
    if (isThenable(returned)) {
      returned.then(undefined, error => resultCallback({ code: 1, error: error as Error }));
    }
  }

  onReady(listener: () => void): void {
    if (this.#has('onReady')) this.#seam.call('onReady', undefined, () => this.#exporter.onReady?.(listener));
  }

  async forceFlush(options: { signal: AbortSignal }): Promise<void> {
    if (this.#has('forceFlush')) await untraced(() => this.#exporter.forceFlush?.(options));
  }

  async shutdown(): Promise<void> {
    if (this.#has('shutdown')) await untraced(() => this.#exporter.shutdown?.());
  }

  #has(method: 'isBusy' | 'load' | 'onReady' | 'forceFlush' | 'shutdown'): boolean {
    return this.#seam.call(method, false, () => typeof this.#exporter[method] === 'function');
  }
}

function untraced<T>(work: () => T): T {
  return context.with(suppressTracing(context.active()), work);
}

/** Nothing that can't be one. */
function readShare(value: unknown): number {
  return typeof value === 'number' && value >= 0 ? Math.min(value, 1) : 0;
}

function readReason(reason: unknown): DropReason | undefined {
  if (reason === undefined || isDropReason(reason)) return reason;
  return 'rejected';
}

function readResult(result: unknown, { events }: ExportBatch): EventExportResult {
  try {
    const { code, error, dropped, streamed } = result as Partial<EventExportResult>;
    const known = new Set(events);
    return {
      code: code === 0 ? 0 : 1,
      error,
      dropped: Array.isArray(dropped)
        ? dropped.map((drop: Partial<Dropped>) => ({
            reason: readReason(drop.reason) ?? 'rejected',
            // Each once: two reasons for one event would unbalance the ledger.
            events: (drop.events ?? []).filter(event => known.delete(event)),
          }))
        : [],
      streamed: Array.isArray(streamed) ? streamed.filter(event => known.delete(event)) : [],
    };
  } catch (error) {
    return { code: 1, error: error as Error };
  }
}
