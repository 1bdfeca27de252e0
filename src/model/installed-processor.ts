// SPDX-License-Identifier: Apache-2.0
import type { ExperimentEvent, ExperimentEventType } from './experiment-event.js';
import type { LogRecordPort } from './log-record-port.js';
import type { SerializedEvent } from './serialized-event.js';

/**
 * What the helpers put into the trace. `minimal`: everything but the user id, user attributes and tags, which reach
 * Optimizely only; `full`: all of it; `none`: no span event.
 */
export type TraceDetail = 'minimal' | 'full' | 'none';

/** What the helpers emit for the trace: a span event, a log record with an event name, or one of each. */
export type EmitAs = 'span-event' | 'log-record' | 'both';

/** Timestamps of the impressions that a processor was offered last, milliseconds since the epoch; 0 for none. */
export interface LastImpressions {
  /** Stamped by the clock. */
  stamped: number;
  /** Recorded with a timestamp of its own. */
  given: number;
}

/**
 * Where an event is counted that could not even be offered because the stack had ended: it is told of as `interrupted`
 * with the next recovery. Plain fields, since nothing can be called then.
 */
export interface EventCount {
  readonly ledger: { recordedCount: number };
  readonly recovery: { isNeeded: boolean };
}

/** What two copies of this package know of each other's processors. Changes need another version of the symbol. */
export interface InstalledProcessor {
  readonly traceDetail: TraceDetail;
  /** Absent means `span-event`. */
  readonly emitAs?: EmitAs | undefined;
  /** Log records, in and out. */
  readonly logs?: LogRecordPort | undefined;
  /** Conversions get a later timestamp; absent if the copy does not keep it. */
  readonly lastImpressions?: LastImpressions | undefined;
  /** Absent if the copy has none. */
  readonly count?: EventCount | undefined;
  /** What of the event the trace may show where it shows all; absent if everything may show. */
  redact?(event: ExperimentEvent): ExperimentEvent;
  /** Offers the event. Never throws. */
  offer(event: ExperimentEvent): boolean;
  /** Takes an event that is resolved already; `shown` is the same event by its keys. Never throws. */
  process?(event: SerializedEvent, shown: ExperimentEvent | undefined): boolean;
  /** Of which project the processor's datafile is; undefined until the first one comes. */
  projectId?(): string | undefined;
  /** Never rejects. */
  forceFlush?(): Promise<void>;
  /** Logs, once a kind, what is odd about a record call whose event is taken. Never throws. */
  doubt?(kind: string, message: string): void;
  /** A record call with an unusable `field`. Never throws. */
  refuse(type: ExperimentEventType, field: string): void;
}
