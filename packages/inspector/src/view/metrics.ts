// SPDX-License-Identifier: Apache-2.0
import type { AmountTally, MetricTally } from '../experiments/experiment-tally.js';
import type { ProjectNames } from '../inspection/project-names.js';
import {
  meanDifference,
  meanOf,
  rateDifference,
  relativeLift,
  type Total,
} from '../statistics/differences.js';
import { wilsonInterval } from '../statistics/wilson-interval.js';
import type { CountedVariation } from './counted-variation.js';
import type { AmountView, MetricView, RateView } from './types.js';

type AmountName = 'revenue' | 'value';

/** The rates of each event that the experiment measures, beside those of the baseline. */
export function viewMetrics(
  variations: readonly CountedVariation[],
  measures: (eventId: string) => boolean,
  names: ProjectNames | undefined,
): MetricView[] {
  const keys = new Map<string, string>();
  for (const { tally } of variations) {
    for (const [eventId, metric] of tally.metrics) {
      if (metric.conversions > 0 && measures(eventId))
        keys.set(eventId, names?.eventKey(eventId) ?? metric.key);
    }
  }
  const baseline = variations.find(variation => variation.baseline);
  return [...keys]
    .map(([eventId, eventKey]) => {
      const brings = (name: AmountName) =>
        variations.some(({ tally }) => (tally.metrics.get(eventId)?.[name].count ?? 0) > 0);
      const rates = variations.map(variation => viewRate(variation, baseline, eventId, brings));
      return { eventId, eventKey, rates };
    })
    .sort((a, b) => (a.eventKey < b.eventKey ? -1 : 1));
}

function viewRate(
  variation: CountedVariation,
  baseline: CountedVariation | undefined,
  eventId: string,
  brings: (name: AmountName) => boolean,
): RateView {
  const { id, key, tally } = variation;
  const { visitors } = tally;
  const own = tally.metrics.get(eventId);
  const converted = own?.visitors ?? 0;
  const other = variation.baseline ? undefined : baseline?.tally;
  const rates = [
    { successes: converted, trials: visitors },
    { successes: other?.metrics.get(eventId)?.visitors ?? 0, trials: other?.visitors ?? 0 },
  ] as const;
  const amount = (name: AmountName) =>
    brings(name) ? viewAmount(name, variation, other && baseline, eventId) : undefined;
  return {
    variationId: id,
    key,
    baseline: variation.baseline,
    visitors,
    converted,
    conversions: own?.conversions ?? 0,
    rate: visitors > 0 ? converted / visitors : 0,
    ...wilsonInterval(converted, visitors),
    difference: rateDifference(...rates),
    lift: relativeLift(...rates),
    revenue: amount('revenue'),
    value: amount('value'),
  };
}

function viewAmount(
  name: AmountName,
  variation: CountedVariation,
  baseline: CountedVariation | undefined,
  eventId: string,
): AmountView {
  const own = amountOf(variation.tally.metrics.get(eventId), name);
  const other = amountOf(baseline?.tally.metrics.get(eventId), name);
  const total = totalOf(own, variation.tally.visitors);
  return {
    total: total.sum,
    perVisitor: meanOf(total),
    difference: baseline && meanDifference(total, totalOf(other, baseline.tally.visitors)),
  };
}

function amountOf(metric: MetricTally | undefined, name: AmountName): AmountTally | undefined {
  return metric?.[name];
}

function totalOf(amount: AmountTally | undefined, visitors: number): Total {
  return { visitors, sum: amount?.sum ?? 0, squares: amount?.squares ?? 0 };
}
