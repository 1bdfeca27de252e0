// SPDX-License-Identifier: Apache-2.0
import type { ProblemCode } from '../../inspection/problem.js';
import type { DiagnosisView, LinkView } from './diagnosis.js';
import type { ExperimentView } from './experiment.js';
import type { Tick } from './list.js';

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
