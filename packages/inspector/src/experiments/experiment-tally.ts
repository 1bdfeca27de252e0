// SPDX-License-Identifier: Apache-2.0
import type { InspectedEvent } from '../inspection/inspected-batch.js';
import { isLost } from '../inspection/problem.js';
import { SampleRatioMonitor } from '../statistics/sample-ratio-monitor.js';
import { count } from '../util/count.js';
import { IdSample } from './id-sample.js';
import { ProblemCounts } from './problem-counts.js';

/** What visitors of one variation did about one event. */
export interface MetricTally {
  key: string;
  /** Visitors who converted at least once. */
  visitors: number;
  conversions: number;
  /** Conversions before the visitor's decision, and in the same millisecond: they are not among the others. */
  early: number;
  tied: number;
  /** Cents. */
  readonly revenue: AmountTally;
  readonly value: AmountTally;
}

export interface AmountTally {
  /** Conversions that brought one. */
  count: number;
  /** Over visitors: their totals, and the squares of these. */
  sum: number;
  squares: number;
}

export interface VariationTally {
  /** Visitors whose first decision it was. */
  visitors: number;
  impressions: number;
  /** As the impressions named it; `''` where they did not. */
  key: string;
  /** By event id. */
  readonly metrics: Map<string, MetricTally>;
}

/** What one experiment has counted. */
export interface ExperimentTally {
  readonly experimentId: string;
  /** As the impressions named it. */
  ruleKey: string;
  flagKey: string;
  ruleType: string;
  readonly variations: Map<string, VariationTally>;
  /** Impressions that do not count, or have a warning, by what is wrong with them. */
  readonly problems: ProblemCounts;
  /** Impressions that do not count. */
  lost: number;
  /** Impressions by the datafile revision that their batch names. */
  readonly revisions: Map<string, number>;
  /** Visitors who saw more than one variation. */
  severalVariations: number;
  /** Visitors who count. */
  readonly exposed: IdSample;
  readonly ratio: SampleRatioMonitor;
}

const MOST_VARIATIONS = 100;
const MOST_METRICS = 100;
const MOST_EXPERIMENTS = 500;

/** Counts by experiment, variation and event id. Bounded: what comes after the limits is not counted. */
export class ExperimentTallies {
  readonly #experiments = new Map<string, ExperimentTally>();

  get all(): Iterable<ExperimentTally> {
    return this.#experiments.values();
  }

  find(experimentId: string): ExperimentTally | undefined {
    return this.#experiments.get(experimentId);
  }

  /** @returns undefined if there are too many already */
  experiment(experimentId: string): ExperimentTally | undefined {
    const known = this.#experiments.get(experimentId);
    if (known !== undefined || this.#experiments.size >= MOST_EXPERIMENTS) return known;
    const added = emptyTally(experimentId);
    this.#experiments.set(experimentId, added);
    return added;
  }

  /** @returns undefined if there are too many already */
  variation(experimentId: string, variationId: string): VariationTally | undefined {
    const experiment = this.experiment(experimentId);
    const known = experiment?.variations.get(variationId);
    if (experiment === undefined || known !== undefined || experiment.variations.size >= MOST_VARIATIONS)
      return known;
    const added: VariationTally = { visitors: 0, impressions: 0, key: '', metrics: new Map() };
    experiment.variations.set(variationId, added);
    return added;
  }

  metric(experimentId: string, variationId: string, eventId: string): MetricTally | undefined {
    const metrics = this.variation(experimentId, variationId)?.metrics;
    const known = metrics?.get(eventId);
    if (metrics === undefined || known !== undefined || metrics.size >= MOST_METRICS) return known;
    const added: MetricTally = {
      key: '',
      visitors: 0,
      conversions: 0,
      early: 0,
      tied: 0,
      revenue: { count: 0, sum: 0, squares: 0 },
      value: { count: 0, sum: 0, squares: 0 },
    };
    metrics.set(eventId, added);
    return added;
  }

  clear(): void {
    this.#experiments.clear();
  }
}

/** An experiment of which nothing has arrived. */
export function emptyTally(experimentId: string): ExperimentTally {
  return {
    experimentId,
    ruleKey: '',
    flagKey: '',
    ruleType: '',
    variations: new Map(),
    problems: new ProblemCounts(),
    lost: 0,
    revisions: new Map(),
    severalVariations: 0,
    exposed: new IdSample(),
    ratio: new SampleRatioMonitor(),
  };
}

/** Notes an impression of the experiment, whether it counts or not. */
export function noteImpression(tally: ExperimentTally, event: InspectedEvent, revision: string): void {
  const { ruleKey = '', flagKey = '', ruleType = '', problems } = event;
  Object.assign(tally, { ruleKey, flagKey, ruleType });
  tally.problems.add(problems);
  if (isLost(problems)) tally.lost++;
  count(tally.revisions, revision);
}
