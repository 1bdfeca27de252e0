// SPDX-License-Identifier: Apache-2.0
import { NOTHING_YET } from '../diagnosis/diagnose.js';
import type { Inspection } from '../inspection/inspection.js';
import { isLost, type ProblemCode } from '../inspection/problem.js';
import { viewExperiment } from './experiments.js';
import { experimentName } from './names.js';
import type { ExperimentView, Facet, Overview, Tick } from './types.js';

const MOST_FACETS = 200;

export function tickOf({ instance, version, lastSequence, log }: Inspection): Tick {
  return {
    instance,
    version,
    latest: lastSequence,
    events: log.eventCount,
    batches: log.batchCount,
    droppedEvents: log.droppedEvents,
    droppedBatches: log.droppedBatches,
  };
}

type Counts = Pick<
  Overview,
  | 'tick'
  | 'diagnosis'
  | 'impressions'
  | 'conversions'
  | 'lost'
  | 'warned'
  | 'refused'
  | 'facets'
  | 'experiments'
  | 'forgottenVisitors'
>;

/** Counts what is shown, and gathers what can be filtered by. */
export function summarize(inspection: Inspection): Counts {
  const names = inspection.project?.names;
  const experiments = new Map<string, Facet>();
  const events = new Map<string, Facet>();
  const problems = new Map<ProblemCode, Facet<ProblemCode>>();
  let impressions = 0;
  let conversions = 0;
  let lost = 0;
  let warned = 0;
  let refused = 0;
  for (const batch of inspection.log.newestFirst()) {
    if (batch.status !== undefined && batch.status >= 300) refused++;
    for (const { code } of batch.problems) count(problems, code, () => wordsOf(code));
    for (const event of batch.events) {
      if (event.type === 'conversion') {
        conversions++;
        count(events, event.key, () => event.key);
      } else {
        impressions++;
        const id = event.experimentId ?? '';
        if (id !== '') count(experiments, id, () => experimentName(event, names));
      }
      if (event.problems.length === 0) continue;
      if (isLost(event.problems)) lost++;
      else warned++;
      for (const { code } of event.problems) count(problems, code, () => wordsOf(code));
    }
  }
  return {
    tick: tickOf(inspection),
    impressions,
    conversions,
    lost,
    warned,
    refused,
    diagnosis: NOTHING_YET,
    experiments: viewExperiments(inspection),
    forgottenVisitors: inspection.visitors.forgottenVisitors,
    facets: { experiments: byCount(experiments), events: byCount(events), problems: byCount(problems) },
  };
}

/** Those whose results can't be trusted first, then the busiest. */
export function viewExperiments(inspection: Inspection): ExperimentView[] {
  const names = inspection.project?.names;
  return [...inspection.visitors.tallies.all]
    .map(tally => viewExperiment(tally, names))
    .sort((a, b) => mismatches(b) - mismatches(a) || b.visitors - a.visitors || (a.key < b.key ? -1 : 1));
}

function mismatches({ sampleRatio }: ExperimentView): number {
  return Number(sampleRatio.verdict === 'mismatch');
}

/** `no_earlier_decision` as people say it. */
export function wordsOf(code: ProblemCode): string {
  return code.replaceAll('_', ' ');
}

function count<T extends string>(facets: Map<T, Facet<T>>, value: T, label: () => string): void {
  const known = facets.get(value);
  if (known !== undefined) facets.set(value, { ...known, count: known.count + 1 });
  else if (facets.size < MOST_FACETS) facets.set(value, { value, label: label(), count: 1 });
}

function byCount<T extends string>(facets: Map<T, Facet<T>>): Facet<T>[] {
  return [...facets.values()].sort((a, b) => b.count - a.count || (a.label < b.label ? -1 : 1));
}
