// SPDX-License-Identifier: Apache-2.0
import type { DropReason } from './drop-reason.js';
import type { EventContext } from './event-context.js';
import type { LogEvent } from './log-event.js';
import type { SerializedEvent } from './serialized-event.js';

/**
 * The rule that closed a batch. `revision` means that an event or a datafile with another context arrived, `replay` that
 * the events had been only on disk.
 */
export type FlushCause = 'size' | 'bytes' | 'age' | 'revision' | 'flush' | 'shutdown' | 'replay';

/** Events with one context, in the order of recording. A batch becomes one LogEvent and one request. */
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
  /** Returns whether there are `LOG_EVENT` listeners. Without one, an exporter need not call `notifyLogEvent`. */
  hasLogEventListeners?(): boolean;
  /**
   * Settles some of the events before the others. The result of `export()` then applies to the others only. An exporter
   * need not call it.
   *
   * @param outcome `'streamed'` if a stream has them from which another process delivers, or why they were dropped; absent
   * if they were delivered
   */
  settle(events: readonly SerializedEvent[], outcome?: 'streamed' | DropReason): void;
}

/**
 * OpenTelemetry's ExportResult (`code` 0 is success, 1 is failure), with the dropped events if they are known, and those
 * that a stream has from which another process delivers. All other events count as delivered on success, and as
 * `rejected` on failure.
 */
export interface EventExportResult {
  code: 0 | 1;
  error?: Error | undefined;
  dropped?:
    | readonly { readonly reason: DropReason; readonly events: readonly SerializedEvent[] }[]
    | undefined;
  streamed?: readonly SerializedEvent[] | undefined;
}

/** Takes a batch over until it is delivered or lost for good, and reports that once. */
export interface EventExporter {
  /** Takes the batch over, and calls back exactly once. */
  export(batch: ExportBatch, resultCallback: (result: EventExportResult) => void): void;
  /**
   * Returns whether a batch would have to wait now. If so, the open batch grows past `batchSize`, up to `maxBatchSize`.
   * An exporter without this method is never busy.
   */
  isBusy?(): boolean;
  /**
   * Returns what share of its requests is in flight or taken, from 0 to 1. The open batch grows to this share of
   * `maxBatchSize` before it goes out. Without this method it is 1 while the exporter is busy, else 0.
   */
  load?(): number;
  /** @param listener called whenever a request has ended and the exporter is not busy */
  onReady?(listener: () => void): void;
  /** Tries to send everything that is waiting. Settles when that is done, or when `signal` aborts. */
  forceFlush?(options?: { signal?: AbortSignal }): Promise<void>;
  /** Ends requests in flight and frees resources. */
  shutdown?(): Promise<void>;
}
