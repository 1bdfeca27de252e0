// SPDX-License-Identifier: Apache-2.0
import type { DiagnosisView } from './diagnosis.js';

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
  /** The difference as a share of the baseline's rate; undefined also where no visitor of the baseline has converted. */
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
