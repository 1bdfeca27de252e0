// SPDX-License-Identifier: Apache-2.0
import type { ExperimentEvent } from './experiment-event.js';

/** A log record that a helper has made. */
export interface OutgoingLogRecord {
  readonly eventName: string;
  readonly timestamp: [seconds: number, nanos: number];
  readonly attributes: Record<string, string | boolean>;
  /** OpenTelemetry's Context, with the span that the event belongs to. */
  readonly context: unknown;
}

export interface LogRecordEmitter {
  /**
   * Emits through the log API. May throw what the application's log processors throw.
   *
   * @returns false if no logger takes it
   */
  emit(record: OutgoingLogRecord): boolean;
}

/** What is read and written of a log record while it is being emitted: of both SDK lines. */
export interface EmittedLogRecord {
  readonly eventName?: string | undefined;
  hrTime: [seconds: number, nanos: number];
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly spanContext?: { readonly traceId: string; readonly spanId: string } | undefined;
  /** Names the instance of the service, for a record without a span. */
  readonly resource?: unknown;
  setAttribute(key: string, value: string): unknown;
}

/**
 * Log records that are taken once the present call is over, since the stack had no room for it. Plain fields: whoever
 * leaves one here can call nothing any more.
 */
export interface LeftLogRecords {
  latest: LeftLogRecord | undefined;
  readonly recovery: { isNeeded: boolean; request(): void };
}

/** Its members are set one by one. */
export interface LeftLogRecord {
  record?: EmittedLogRecord;
  before?: LeftLogRecord | undefined;
}

/** Between a span processor and the log record processors that were given it. */
export interface LogRecordPort {
  /** Set by the log record processor. */
  emitter: LogRecordEmitter | undefined;
  /** Never throws. @returns false if it was not emitted, which is logged the first time */
  emit(record: OutgoingLogRecord): boolean;
  /** The log record of a helper's event is about to come by: it is not to be taken again, and nothing made of it. */
  expect(event: ExperimentEvent): void;
  /** Whether events of this name are taken; an undefined name is not known yet. */
  takes(eventName: string | undefined): boolean;
  /** Absent if the copy of the package has none. */
  readonly left?: LeftLogRecords | undefined;
  /**
   * Takes an experiment event that other code has emitted.
   *
   * @throws RangeError where the stack has ended: the record is to be left
   */
  take(record: EmittedLogRecord): void;
}
