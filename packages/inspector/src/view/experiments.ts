// SPDX-License-Identifier: Apache-2.0

import { NOTHING_YET } from '../diagnosis/diagnose.js';
import type { ExperimentTally, VariationTally } from '../experiments/experiment-tally.js';
import type { NamedRule, ProjectNames } from '../inspection/project-names.js';
import { checkSampleRatio, MISMATCH_P_VALUE } from '../statistics/sample-ratio.js';
import { wilsonInterval } from '../statistics/wilson-interval.js';
import type { ExperimentView, RateView, SampleRatioView, VariationView } from './types.js';

type Counted = readonly [id: string, tally: VariationTally];

/** What an experiment has counted, with its keys, whether its visitors were divided as they should, and its rates. */
export function viewExperiment(tally: ExperimentTally, names: ProjectNames | undefined): ExperimentView {
  const rule = names?.rule(tally.experimentId);
  const counted = inOrder(tally, rule);
  const visitors = sum(counted, variation => variation.visitors);
  const weights = counted.map(([id]) => (rule === undefined ? 1 : (rule.weights.get(id) ?? 0)));
  const allWeights = weights.reduce((all, weight) => all + weight, 0);
  const keyOf = ([id, { key }]: Counted) => rule?.variations.get(id) || key || id || 'none';
  const variations = counted.map((variation, place): VariationView => {
    const [id, { visitors: own, impressions }] = variation;
    const weight = weights[place] ?? 0;
    return {
      id,
      key: keyOf(variation),
      visitors: own,
      impressions,
      expectedShare: weight > 0 ? weight / allWeights : undefined,
      share: visitors > 0 ? own / visitors : 0,
      baseline: place === 0,
    };
  });
  const eventKeys = new Set(counted.flatMap(([, { metrics }]) => [...metrics.keys()]));
  return {
    id: tally.experimentId,
    key: rule?.key || tally.ruleKey || tally.experimentId,
    kind: rule?.kind ?? kindOf(tally.ruleType),
    status: '',
    severalVariations: 0,
    diagnosis: NOTHING_YET,
    flagKeys: rule?.flagKeys ?? (tally.flagKey === '' ? [] : [tally.flagKey]),
    visitors,
    impressions: sum(counted, variation => variation.impressions),
    sampleRatio: viewSampleRatio(
      counted.map(([, variation], place) => ({ observed: variation.visitors, weight: weights[place] ?? 0 })),
      rule,
    ),
    variations,
    metrics: [...eventKeys].sort().map(eventKey => ({
      eventId: '',
      eventKey,
      rates: counted.map((variation, place) => ({
        ...viewRate(keyOf(variation), variation[1], eventKey),
        variationId: variation[0],
        baseline: place === 0,
      })),
    })),
  };
}

function viewRate(key: string, { visitors, metrics }: VariationTally, eventKey: string): RateView {
  const { visitors: converted = 0, conversions = 0 } = metrics.get(eventKey) ?? {};
  return {
    variationId: '',
    baseline: false,
    difference: undefined,
    lift: undefined,
    revenue: undefined,
    value: undefined,
    key,
    visitors,
    converted,
    conversions,
    rate: visitors > 0 ? converted / visitors : 0,
    ...wilsonInterval(converted, visitors),
  };
}

/** The datafile's variations in its order, also those that no visitor saw; then those that it does not know. */
function inOrder({ variations }: ExperimentTally, rule: NamedRule | undefined): Counted[] {
  const unseen: VariationTally = { visitors: 0, impressions: 0, key: '', metrics: new Map() };
  const known = [...(rule?.variations.keys() ?? [])];
  const unknown = [...variations.keys()].filter(id => !known.includes(id)).sort();
  return [...known, ...unknown].map(id => [id, variations.get(id) ?? unseen]);
}

function viewSampleRatio(
  shares: readonly { observed: number; weight: number }[],
  rule: NamedRule | undefined,
): SampleRatioView {
  const visitorsWithoutTraffic = shares.reduce((n, s) => n + (s.weight > 0 ? 0 : s.observed), 0);
  return { visitorsWithoutTraffic, segments: [], ...judgeSampleRatio(shares, rule) };
}

function judgeSampleRatio(
  shares: readonly { observed: number; weight: number }[],
  rule: NamedRule | undefined,
): Pick<SampleRatioView, 'verdict' | 'pValue' | 'explanation'> {
  if (rule?.adaptive) {
    const explanation = 'Not checked: an algorithm moves traffic between the variations.';
    return { verdict: 'adaptive', pValue: undefined, explanation };
  }
  const ratio = checkSampleRatio(shares);
  const against =
    rule === undefined
      ? 'an equal split, for want of a datafile that knows the experiment'
      : "the datafile's traffic allocation";
  switch (ratio.verdict) {
    case 'untestable': {
      const explanation = 'Not checked: fewer than two variations have traffic.';
      return { verdict: 'untestable', pValue: undefined, explanation };
    }
    case 'too_few': {
      const explanation = `Too few visitors to tell: five are expected in each variation at least, by ${against}.`;
      return { verdict: 'too_few', pValue: undefined, explanation };
    }
    case 'mismatch': {
      const explanation =
        `Sample ratio mismatch against ${against} (p below ${MISMATCH_P_VALUE}): its results can't be trusted. ` +
        'Look for impressions that are lost or recorded twice, user ids that change, and bots.';
      return { verdict: 'mismatch', pValue: ratio.pValue, explanation };
    }
    case 'as_expected':
      return {
        verdict: 'as_expected',
        pValue: ratio.pValue,
        explanation: `As expected by ${against}.`,
      };
  }
}

function kindOf(ruleType: string): string {
  if (ruleType === 'rollout') return 'delivery rule';
  return ruleType === 'holdout' ? 'holdout' : 'experiment';
}

function sum(counted: readonly Counted[], of: (variation: VariationTally) => number): number {
  return counted.reduce((total, [, variation]) => total + of(variation), 0);
}
