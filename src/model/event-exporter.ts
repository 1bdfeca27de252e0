// SPDX-License-Identifier: Apache-2.0
import type { DropReason } from './drop-reason.js';
import type { EventContext } from './event-context.js';
import type { LogEvent } from './log-event.js';
import type { SerializedEvent } from './serialized-event.js';

/**
 * The rule that closed a batch. `revision`: an event or a datafile of another context came;
 * `replay`: events that had been on disk only.
 */
export type FlushCause = 'size' | 'bytes' | 'age' | 'revision' | 'flush' | 'shutdown' | 'replay';

/** Events of one context, in the order in which they were recorded: one LogEvent, one request. */
export interface ExportBatch {
  readonly context: EventContext;
  readonly events: readonly SerializedEvent[];
  /** UTF-8 bytes of the request body. */
  readonly byteLength: number;
  readonly cause: FlushCause;
  /**
   * Tells the `LOG_EVENT` listeners. An exporter calls it once for each LogEvent, before it is first dispatched.
   *
   * @param piece where the LogEvent carries a part of the batch: how much of it
   */
  notifyLogEvent(
    logEvent: LogEvent,
    piece?: { readonly eventCount: number; readonly byteLength: number },
  ): void;
  /**
   * Says what became of some of the events before the others are dealt with. The result of `export()` is then about those
   * others. An exporter need not call it.
   *
   * @param reason absent if the events were delivered
   */
  settle(events: readonly SerializedEvent[], reason?: DropReason): void;
}

/**
 * OpenTelemetry's ExportResult (`code` 0: success, 1: failure), with what was dropped named where it is known.
 * On success all but `dropped` counts as delivered. On failure all but `dropped` counts as `rejected`.
 */
export interface EventExportResult {
  code: 0 | 1;
  error?: Error | undefined;
  dropped?:
    | readonly { readonly reason: DropReason; readonly events: readonly SerializedEvent[] }[]
    | undefined;
}

/** Takes a batch over until it is delivered or lost for good, and says so once. */
export interface EventExporter {
  /** Takes the batch over, and calls back exactly once. */
  export(batch: ExportBatch, resultCallback: (result: EventExportResult) => void): void;
  /**
   * Whether a batch that is given now has to wait. The open batch then grows past `batchSize`, up to `maxBatchSize`.
   * An exporter without this is never busy.
   */
  isBusy?(): boolean;
  /** @param listener called whenever the exporter has stopped being busy */
  onReady?(listener: () => void): void;
  /** Tries all that is waiting now; settles when it has been dealt with, or when `signal` aborts. */
  forceFlush?(options?: { signal?: AbortSignal }): Promise<void>;
  /** Ends what is in flight and frees what was opened. */
  shutdown?(): Promise<void>;
}
