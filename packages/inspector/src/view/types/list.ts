// SPDX-License-Identifier: Apache-2.0
import type { Forwarding } from '../../inspection/forwarding.js';
import type { Problem, ProblemCode, Severity } from '../../inspection/problem.js';
import type { CheckId } from './check.js';

export interface ProblemView extends Problem {
  readonly severity: Severity;
}

/** Told whenever something has changed, at most every 100 ms. */
export interface Tick {
  /** Of this run of the inspector: another one means that it was restarted, and that earlier events are gone. */
  readonly instance: string;
  readonly version: number;
  /** The latest batch. */
  readonly latest: number;
  /** Events that are shown, and what had to go. */
  readonly events: number;
  readonly batches: number;
  readonly droppedEvents: number;
  readonly droppedBatches: number;
}

/** Which batch comes first; its events stay in their order. */
export type Sort = 'newest' | 'oldest';

/** What the list shows. All members are optional query parameters of `/api/rows`; together they narrow it. */
export interface Filter {
  /** Part of the visitor id, in any case. */
  readonly visitor?: string;
  /** Experiment id: its impressions, and conversions of visitors that it has decided for. */
  readonly experiment?: string;
  /** Event key. */
  readonly event?: string;
  /** A problem's code; `lost` or `warning` for those of a severity; `any`. */
  readonly problem?: string;
  /** Part of the payload of the event, in any case. */
  readonly search?: string;
  /** With `experiment`: the events that this check of its diagnosis has counted. */
  readonly check?: CheckId;
}

export interface BatchRow {
  readonly kind: 'batch';
  readonly sequence: number;
  readonly receivedAt: number;
  readonly events: number;
  /** Events that match the filter. */
  readonly shown: number;
  readonly visitors: number;
  readonly byteLength: number;
  readonly client: string;
  readonly revision: string;
  readonly cause: string | undefined;
  readonly status: number | undefined;
  readonly forwarding: Forwarding | undefined;
  readonly problems: readonly ProblemView[];
}

export interface EventRow {
  readonly kind: 'event';
  readonly sequence: number;
  /** In its batch, from 0. */
  readonly index: number;
  readonly type: 'impression' | 'conversion';
  readonly timestamp: number | null;
  readonly visitorId: string;
  /** The visitor id with white space at its ends and invisible characters made visible: `ada⟨U+200B⟩`. */
  readonly visitorShown: string;
  /** Key of the experiment or of the event. */
  readonly subject: string;
  /** Variation key; of a conversion its revenue or value. */
  readonly detail: string;
  readonly flagKey: string;
  readonly traceId: string | undefined;
  readonly spanId: string | undefined;
  readonly problems: readonly ProblemView[];
}

/** A request from which no batch could be read, or one to another path. */
export interface RefusedRow {
  readonly kind: 'refused';
  readonly sequence: number;
  readonly receivedAt: number;
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly status: number;
  /** Why, and what to do. */
  readonly message: string;
  readonly byteLength: number;
  /** The beginning of the body; the whole text as far as it is kept stands in the details. */
  readonly text: string;
  readonly problems: readonly ProblemView[];
}

export type Row = BatchRow | EventRow | RefusedRow;

export interface RowsView {
  readonly from: number;
  readonly rows: readonly Row[];
  /** Rows that match, up to the batch `until`. */
  readonly total: number;
  /** Those of them that are events. */
  readonly events: number;
  readonly until: number;
  /** Events that match and came later. */
  readonly newer: number;
}

export interface MeaningLine {
  readonly label: string;
  readonly meaning: string;
  /** As it stands in the payload, where that is something else. */
  readonly id?: string | undefined;
}

export interface Detail {
  readonly title: string;
  readonly problems: readonly ProblemView[];
  readonly meaning: readonly MeaningLine[];
  readonly payload: string;
}

/** A line of `/api/export`, which takes the same parameters as `/api/rows` and answers with JSON lines. */
export interface ExportedEvent {
  readonly sequence: number;
  readonly index: number;
  readonly receivedAt: number;
  readonly type: 'impression' | 'conversion';
  readonly visitorId: string;
  /** Key of the experiment or of the event. */
  readonly subject: string;
  /** Codes. */
  readonly problems: readonly ProblemCode[];
  /** The event as it was sent, without the others of its batch. */
  readonly payload: unknown;
}
