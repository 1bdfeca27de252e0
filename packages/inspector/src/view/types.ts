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

export interface Facet<T extends string = string> {
  readonly value: T;
  readonly label: string;
  readonly count: number;
}

export interface Overview {
  readonly endpoint: string;
  readonly tick: Tick;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
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
  /** What concerns all experiments: requests, project, environment, region. */
  readonly diagnosis: DiagnosisView;
  /** Those with a cause first, then the busiest; those of the datafile that no event concerns come last. */
  readonly experiments: readonly ExperimentView[];
  /** What the figures are good for, and where to look for what they are not. */
  readonly plumbing: { readonly note: string; readonly decides: LinkView };
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
      readonly project: ProjectView;
      /** What is wrong with a later one. */
      readonly message?: string | undefined;
    };

/** What the datafile says of itself; `''` where it is silent. */
export interface ProjectView {
  readonly accountId: string;
  readonly projectId: string;
  readonly environmentKey: string;
  readonly region: 'US' | 'EU';
  readonly sendFlagDecisions: boolean;
  readonly botFiltering: boolean;
}

/** What may keep an experiment from having results, in the order of causes: each one explains those after it. */
export type CheckId =
  | 'requests_refused'
  | 'wrong_project'
  | 'wrong_region'
  | 'wrong_environment'
  | 'wrong_revision'
  | 'not_running'
  | 'flag_decisions_off'
  | 'outside_audience'
  | 'bots'
  | 'impressions_not_counted'
  | 'no_impressions'
  | 'event_not_attached'
  | 'event_never_received'
  | 'conversions_not_counted'
  | 'shared_visitor_id'
  | 'conversions_unexposed'
  | 'impression_after_conversion'
  | 'same_millisecond'
  | 'double_tracking'
  | 'revenue_unit'
  | 'several_variations'
  | 'sample_ratio';

/**
 * - `cause`: it keeps results away, or makes them wrong, and nothing before it explains it
 * - `suspect`: it may; the sentence says what is unclear
 * - `consequence`: it follows from a cause before it
 * - `passed`: it was looked at, and nothing is wrong
 * - `unknown`: it can't be told, without a datafile say
 * - `waiting`: nothing has arrived that it could be told by
 */
export type CheckState = 'cause' | 'suspect' | 'consequence' | 'passed' | 'unknown' | 'waiting';

export interface CheckView {
  readonly id: CheckId;
  /** What is looked at, in a few words. */
  readonly title: string;
  readonly state: CheckState;
  /** How many events, visitors or requests it concerns; the sentence says which. */
  readonly count: number;
  /** What was found, and what to do, in plain words. Quotes keys and ids, with invisible characters made visible. */
  readonly sentence: string;
  /** The events that were counted. */
  readonly evidence: Filter | undefined;
  /** Up to five: near keys, and visitor ids beside those that they look like. */
  readonly examples: readonly ExampleView[];
  /** Where Optimizely states the rule. */
  readonly source: LinkView | undefined;
}

export interface ExampleView {
  readonly found: string;
  readonly expected: string;
  /** How they differ: `case`, `white space`, `SHA-256 of it`. */
  readonly difference: string;
  /** Visitor id as it stands in the payload, for its timeline; undefined if the example is a key. */
  readonly visitorId: string | undefined;
}

export interface LinkView {
  readonly label: string;
  readonly url: string;
}

export interface DiagnosisView {
  /** `healthy`: impressions and measured conversions arrive, and nothing is wrong. `waiting`: too little has arrived. */
  readonly state: 'cause' | 'suspect' | 'healthy' | 'waiting';
  /** The root cause, or what is suspected first. */
  readonly rootCause: CheckId | undefined;
  /** It in a sentence, for the top of the card. */
  readonly headline: string;
  /** In the order of `CheckId`; none while nothing has come to the experiment. */
  readonly checks: readonly CheckView[];
}

export interface SampleRatioView {
  /** `no_traffic`: visitors are in variations that the datafile gives no traffic. */
  readonly verdict:
    | 'as_expected'
    | 'mismatch'
    | 'no_traffic'
    | 'too_few'
    | 'untestable'
    | 'adaptive'
    | 'unknown';
  /** Holds however often it is looked at; undefined where nothing was compared. */
  readonly pValue: number | undefined;
  /** Visitors in variations without traffic. */
  readonly visitorsWithoutTraffic: number;
  /** One for each traffic allocation that was in force; older ones first. */
  readonly segments: readonly SegmentView[];
  /** In words. */
  readonly explanation: string;
}

export interface SegmentView {
  /** Of the datafiles with this allocation, as the batches name them. */
  readonly revisions: readonly string[];
  readonly visitors: number;
  readonly pValue: number | undefined;
}

export interface VariationView {
  readonly id: string;
  readonly key: string;
  readonly visitors: number;
  readonly impressions: number;
  /** Of the visitors of variations with traffic; undefined if it gets none, or if no datafile has the experiment. */
  readonly expectedShare: number | undefined;
  readonly share: number;
  /** The one that the others are compared with. */
  readonly baseline: boolean;
}

/** An estimate with the ends of its 95 % interval. */
export interface EstimateView {
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
}

export interface RateView {
  readonly variationId: string;
  readonly key: string;
  readonly baseline: boolean;
  readonly visitors: number;
  /** Visitors who converted. */
  readonly converted: number;
  readonly conversions: number;
  readonly rate: number;
  readonly low: number;
  readonly high: number;
  /** Rate minus that of the baseline; undefined for the baseline, and where there are no visitors. */
  readonly difference: EstimateView | undefined;
  /** The difference as a share of the baseline's rate; undefined also where nobody of the baseline has converted. */
  readonly lift: EstimateView | undefined;
  /** Cents; undefined if no conversion has brought any. */
  readonly revenue: AmountView | undefined;
  readonly value: AmountView | undefined;
}

export interface AmountView {
  readonly total: number;
  /** Undefined while fewer than two visitors are there to tell it by. */
  readonly perVisitor: EstimateView | undefined;
  /** Per visitor, minus that of the baseline. */
  readonly difference: EstimateView | undefined;
}

export interface MetricView {
  readonly eventId: string;
  readonly eventKey: string;
  readonly rates: readonly RateView[];
}

export interface ExperimentView {
  readonly id: string;
  readonly key: string;
  readonly kind: string;
  /** As the datafile has it; `''` if it does not say. */
  readonly status: string;
  readonly flagKeys: readonly string[];
  readonly visitors: number;
  readonly impressions: number;
  /** Visitors who saw more than one variation. */
  readonly severalVariations: number;
  readonly diagnosis: DiagnosisView;
  readonly sampleRatio: SampleRatioView;
  readonly variations: readonly VariationView[];
  readonly metrics: readonly MetricView[];
}

/** `/api/visitor?id=ID`: all that is kept of one visitor, the oldest first. */
export interface VisitorView {
  readonly visitorId: string;
  readonly visitorShown: string;
  /** Other visitor ids that look like this one. */
  readonly lookalikes: readonly ExampleView[];
  /** What the visitor belongs to. */
  readonly experiments: readonly VisitorExperimentView[];
  readonly moments: readonly MomentView[];
  /** Moments that are left out, the oldest ones. */
  readonly omitted: number;
}

export interface VisitorExperimentView {
  readonly id: string;
  readonly key: string;
  readonly variation: string;
  /** When it was decided: conversions after it count for the variation. */
  readonly since: number;
}

/** A decision or a conversion. */
export interface MomentView {
  /** Where it stands in the list: `/api/batches/SEQUENCE/INDEX`. */
  readonly sequence: number;
  readonly index: number;
  readonly receivedAt: number;
  readonly type: 'impression' | 'conversion';
  readonly timestamp: number | null;
  readonly subject: string;
  readonly detail: string;
  /** `unclear`: in the same millisecond as the decision, of which Optimizely's documentation says nothing. */
  readonly state: 'counted' | 'not_counted' | 'unclear';
  /** Experiments that count it, or that it decides: `banner: control`. */
  readonly countsFor: readonly string[];
  /** Why it does not count, or not everywhere, one sentence each. */
  readonly reasons: readonly string[];
  readonly problems: readonly ProblemView[];
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
