// SPDX-License-Identifier: Apache-2.0
//
// What the server tells the page, as JSON.
import type { Forwarding } from '../inspection/forwarding.js';
import type { Problem, ProblemCode, Severity } from '../inspection/problem.js';

export interface ProblemView extends Problem {
  readonly severity: Severity;
}

/** Told whenever something has changed, at most every 100 ms. */
export interface Tick {
  readonly version: number;
  /** The latest batch. */
  readonly latest: number;
  /** Events that are shown, and what had to go. */
  readonly events: number;
  readonly batches: number;
  readonly droppedEvents: number;
  readonly droppedBatches: number;
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
  /** Key of the experiment or of the event. */
  readonly subject: string;
  /** Variation key; of a conversion its revenue or value. */
  readonly detail: string;
  readonly flagKey: string;
  readonly traceId: string | undefined;
  readonly spanId: string | undefined;
  readonly problems: readonly ProblemView[];
}

export type Row = BatchRow | EventRow;

export interface RowsView {
  readonly from: number;
  readonly rows: readonly Row[];
  /** Rows that match, up to the batch `until`. */
  readonly total: number;
  readonly until: number;
  /** Events that match and came later. */
  readonly newer: number;
}

export interface Facet<T extends string = string> {
  readonly value: T;
  readonly label: string;
  readonly count: number;
}

export interface Overview {
  readonly endpoint: string;
  readonly tick: Tick;
  readonly impressions: number;
  readonly conversions: number;
  /** Events that Optimizely would not count, and those that only have a warning. */
  readonly lost: number;
  readonly warned: number;
  readonly refused: number;
  readonly datafile: DatafileState;
  /** Where batches are passed on to; undefined if nothing leaves the machine. */
  readonly forwardsTo: string | undefined;
  /** URL of a program that sends events of the sample project; undefined if another project is shown. */
  readonly sampleProgram: string | undefined;
  readonly experiments: readonly ExperimentView[];
  /** Visitors that had to be forgotten; they stay counted. */
  readonly forgottenVisitors: number;
  readonly facets: {
    readonly experiments: readonly Facet[];
    readonly events: readonly Facet[];
    readonly problems: readonly Facet<ProblemCode>[];
  };
}

/** `none`: ids can't be looked up. */
export type DatafileState =
  | { readonly state: 'none' }
  | { readonly state: 'waiting' | 'unusable'; readonly source: string; readonly message: string }
  | {
      readonly state: 'in force';
      readonly source: string;
      readonly revision: string;
      /** What is wrong with a later one. */
      readonly message?: string | undefined;
    };

export interface SampleRatioView {
  readonly verdict: 'as_expected' | 'mismatch' | 'too_few' | 'untestable' | 'adaptive';
  readonly pValue: number | undefined;
  /** In words. */
  readonly explanation: string;
}

export interface VariationView {
  readonly id: string;
  readonly key: string;
  readonly visitors: number;
  readonly impressions: number;
  /** Of the visitors of variations with traffic; undefined if it gets none. */
  readonly expectedShare: number | undefined;
  readonly share: number;
}

export interface RateView {
  readonly key: string;
  readonly visitors: number;
  /** Visitors who converted. */
  readonly converted: number;
  readonly conversions: number;
  readonly rate: number;
  readonly low: number;
  readonly high: number;
}

export interface ExperimentView {
  readonly id: string;
  readonly key: string;
  readonly kind: string;
  readonly flagKeys: readonly string[];
  readonly visitors: number;
  readonly impressions: number;
  readonly sampleRatio: SampleRatioView;
  readonly variations: readonly VariationView[];
  readonly metrics: readonly { readonly eventKey: string; readonly rates: readonly RateView[] }[];
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
