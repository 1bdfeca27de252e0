// SPDX-License-Identifier: Apache-2.0
//
// What the server tells the page, as JSON.

export type { CheckId, CheckState } from './types/check.js';
export type {
  CheckView,
  DiagnosisView,
  ExampleView,
  LinkView,
} from './types/diagnosis.js';
export type {
  AmountView,
  EstimateView,
  ExperimentView,
  MetricView,
  RateView,
  SampleRatioView,
  SegmentView,
  VariationView,
} from './types/experiment.js';
export type {
  BatchRow,
  Detail,
  EventRow,
  ExportedEvent,
  Filter,
  MeaningLine,
  ProblemView,
  RefusedRow,
  Row,
  RowsView,
  Sort,
  Tick,
} from './types/list.js';
export type { DatafileState, Facet, Overview, ProjectView } from './types/overview.js';
export type { MomentView, VisitorExperimentView, VisitorView } from './types/visitor.js';
