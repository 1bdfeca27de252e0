// SPDX-License-Identifier: Apache-2.0
import { diagnose } from '../diagnosis/diagnose.js';
import type { Evidence } from '../diagnosis/evidence.js';
import { type ExperimentTally, emptyTally, type VariationTally } from '../experiments/experiment-tally.js';
import type { Inspection } from '../inspection/inspection.js';
import type { NamedRule } from '../inspection/project-names.js';
import type { CountedVariation } from './counted-variation.js';
import { viewMetrics } from './metrics.js';
import { viewSampleRatio } from './sample-ratio.js';
import type { ExperimentView, VariationView } from './types.js';

const MOST_UNSEEN = 200;
const BASELINE = /^(?:control|original|baseline|off|default|a)$/i;

/** Those with a cause first, then the busiest; those of the datafile that no event concerns come last. */
export function viewExperiments(inspection: Inspection, common: Evidence): ExperimentView[] {
  const names = inspection.project?.names;
  const tallies = [...inspection.visitors.tallies.all];
  const seen = new Set(tallies.map(({ experimentId }) => experimentId));
  const unseen = (names?.rules ?? [])
    .filter(({ id, kind }) => kind === 'experiment' && !seen.has(id))
    .slice(0, MOST_UNSEEN)
    .map(({ id }) => emptyTally(id));
  return [...tallies, ...unseen]
    .map(tally => viewExperiment(tally, inspection, common))
    .sort((a, b) => rank(a) - rank(b) || b.visitors - a.visitors || (a.key < b.key ? -1 : 1));
}

const STATES: readonly ExperimentView['diagnosis']['state'][] = ['cause', 'suspect', 'healthy', 'waiting'];

/** What may merely not be used by the applications that send here comes after all that is. */
function rank({ diagnosis, impressions }: ExperimentView): number {
  const place = STATES.indexOf(diagnosis.state);
  return impressions > 0 || diagnosis.state === 'cause' ? place : place + STATES.length;
}

/** What an experiment has counted, with its keys, what keeps it from having results, and its scorecard. */
function viewExperiment(tally: ExperimentTally, inspection: Inspection, common: Evidence): ExperimentView {
  const names = inspection.project?.names;
  const rule = names?.rule(tally.experimentId);
  const counted = inOrder(tally, rule);
  const visitors = sum(counted, variation => variation.visitors);
  const impressions = sum(counted, variation => variation.impressions);
  const weights = counted.map(({ id }) => rule?.weights.get(id) ?? 0);
  const allWeights = weights.reduce((all, weight) => all + weight, 0);
  const variations = counted.map(({ id, key, baseline, tally: own }, place): VariationView => {
    const weight = weights[place] ?? 0;
    return {
      id,
      key,
      baseline,
      visitors: own.visitors,
      impressions: own.impressions,
      expectedShare: weight > 0 ? weight / allWeights : undefined,
      share: visitors > 0 ? own.visitors / visitors : 0,
    };
  });
  const sampleRatio = viewSampleRatio(tally.ratio, rule);
  return {
    id: tally.experimentId,
    key: rule?.key || tally.ruleKey || tally.experimentId,
    kind: rule?.kind ?? kindOf(tally.ruleType),
    status: rule?.status ?? '',
    flagKeys: rule?.flagKeys ?? (tally.flagKey === '' ? [] : [tally.flagKey]),
    visitors,
    impressions,
    severalVariations: tally.severalVariations,
    diagnosis: diagnose(common, { tally, rule, visitors, impressions, sampleRatio }),
    sampleRatio,
    variations,
    metrics: viewMetrics(counted, eventId => names?.measures(tally.experimentId, eventId) ?? true, names),
  };
}

/** The datafile's variations in its order, also those that no visitor saw; then those that it does not know. */
function inOrder({ variations }: ExperimentTally, rule: NamedRule | undefined): CountedVariation[] {
  const unseen: VariationTally = { visitors: 0, impressions: 0, key: '', metrics: new Map() };
  const known = [...(rule?.variations.keys() ?? [])];
  const unknown = [...variations.keys()].filter(id => !known.includes(id)).sort();
  const all = [...known, ...unknown].map(id => {
    const tally = variations.get(id) ?? unseen;
    return { id, key: rule?.variations.get(id) || tally.key || id || 'none', tally };
  });
  // No datafile says which one it is: the one that is called so, else the first.
  const named = all.findIndex(({ key }) => BASELINE.test(key));
  return all.map((variation, place) => ({ ...variation, baseline: place === Math.max(0, named) }));
}

function kindOf(ruleType: string): string {
  if (ruleType === 'rollout') return 'delivery rule';
  return ruleType === 'holdout' ? 'holdout' : 'experiment';
}

function sum(counted: readonly CountedVariation[], of: (variation: VariationTally) => number): number {
  return counted.reduce((total, { tally }) => total + of(tally), 0);
}
