// SPDX-License-Identifier: Apache-2.0

export interface MetricTally {
  /** Visitors who converted at least once. */
  visitors: number;
  conversions: number;
}

export interface VariationTally {
  /** Visitors whose first decision it was. */
  visitors: number;
  impressions: number;
  /** As the impressions named it; `''` where they did not. */
  key: string;
  /** By event key. */
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
}

const MOST_VARIATIONS = 100;
const MOST_METRICS = 100;
const MOST_EXPERIMENTS = 500;

/** Counts by experiment, variation and event key. Bounded: what comes after the limits is not counted. */
export class ExperimentTallies {
  readonly #experiments = new Map<string, ExperimentTally>();

  get all(): Iterable<ExperimentTally> {
    return this.#experiments.values();
  }

  /** @returns undefined if there are too many already */
  variation(experimentId: string, variationId: string): VariationTally | undefined {
    const experiment = this.#experiments.get(experimentId) ?? this.#add(experimentId);
    if (experiment === undefined) return undefined;
    const known = experiment.variations.get(variationId);
    if (known !== undefined || experiment.variations.size >= MOST_VARIATIONS) return known;
    const added: VariationTally = { visitors: 0, impressions: 0, key: '', metrics: new Map() };
    experiment.variations.set(variationId, added);
    return added;
  }

  metric(experimentId: string, variationId: string, eventKey: string): MetricTally | undefined {
    const metrics = this.variation(experimentId, variationId)?.metrics;
    const known = metrics?.get(eventKey);
    if (metrics === undefined || known !== undefined || metrics.size >= MOST_METRICS) return known;
    const added: MetricTally = { visitors: 0, conversions: 0 };
    metrics.set(eventKey, added);
    return added;
  }

  /** Keys for where no datafile tells them. */
  name(experimentId: string, names: Pick<ExperimentTally, 'ruleKey' | 'flagKey' | 'ruleType'>): void {
    const experiment = this.#experiments.get(experimentId);
    if (experiment !== undefined) Object.assign(experiment, names);
  }

  clear(): void {
    this.#experiments.clear();
  }

  #add(experimentId: string): ExperimentTally | undefined {
    if (this.#experiments.size >= MOST_EXPERIMENTS) return undefined;
    const added = { experimentId, ruleKey: '', flagKey: '', ruleType: '', variations: new Map() };
    this.#experiments.set(experimentId, added);
    return added;
  }
}
