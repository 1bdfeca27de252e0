// SPDX-License-Identifier: Apache-2.0
import { diagnoseTraffic } from '../diagnosis/diagnose.js';
import { SIGNIFICANCE } from '../diagnosis/sources.js';
import type { Inspection } from '../inspection/inspection.js';
import type { ProblemCode } from '../inspection/problem.js';
import { viewExperiments } from './experiments.js';
import { experimentName } from './names.js';
import type { Facet, Overview, Tick } from './types.js';

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

export type Summary = Omit<Overview, 'endpoint' | 'startedAt' | 'datafile' | 'forwardsTo' | 'sampleProgram'>;

/** What is shown in figures, what can be filtered by, and what is wrong. Its cost does not grow with the events. */
export function summarize(inspection: Inspection, forwardsTo?: string): Summary {
  const { figures } = inspection;
  const names = inspection.project?.names;
  const common = { inspection, names, forwardsTo };
  return {
    tick: tickOf(inspection),
    impressions: figures.impressions,
    conversions: figures.conversions,
    lost: figures.lost,
    warned: figures.warned,
    refused: figures.refused,
    diagnosis: diagnoseTraffic(common),
    experiments: viewExperiments(inspection, common),
    plumbing: { note: 'a look at the plumbing, not at significance', decides: SIGNIFICANCE },
    forgottenVisitors: inspection.visitors.forgottenVisitors,
    facets: {
      experiments: byCount(
        [...figures.experiments].map(([value, { count, event }]) => ({
          value,
          label: experimentName(event, names),
          count,
        })),
      ),
      events: byCount([...figures.events].map(([value, { count }]) => ({ value, label: value, count }))),
      problems: byCount(
        [...figures.problems].map(([value, count]) => ({ value, label: wordsOf(value), count })),
      ),
    },
  };
}

/** `no_earlier_decision` as people say it. */
export function wordsOf(code: ProblemCode): string {
  return code.replaceAll('_', ' ');
}

function byCount<T extends string>(facets: Facet<T>[]): Facet<T>[] {
  return facets.sort((a, b) => b.count - a.count || (a.label < b.label ? -1 : 1));
}
