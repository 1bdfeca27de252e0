// SPDX-License-Identifier: Apache-2.0
import type { Evidence } from './evidence.js';
import { type Check, type Finding, stateOfDefect, unknown, waiting } from './finding.js';
import { IMPRESSIONS, TROUBLESHOOTING } from './sources.js';
import { counted, quoted } from './words.js';

/** What can be said of all traffic without an experiment. */
export const TRAFFIC_CHECKS: readonly Check<Evidence>[] = [
  {
    id: 'wrong_environment',
    title: 'Decisions come from this environment',
    explains: ['no_impressions'],
    source: TROUBLESHOOTING,
    look: lookAtExperiments,
  },
  {
    id: 'no_impressions',
    title: 'Impressions arrive',
    explains: [],
    source: IMPRESSIONS,
    look: lookForImpressions,
  },
];

function lookAtExperiments({ inspection, names }: Evidence): Finding {
  if (names === undefined) return unknown('Without a datafile, experiments are not looked up.');
  const { impressions, problems } = inspection.traffic;
  if (impressions === 0) return waiting();
  const count = problems.count('unknown_experiment');
  if (count === 0) {
    return { state: 'passed', count, sentence: 'The datafile has all experiments that impressions name.' };
  }
  const environment =
    names.environmentKey === '' ? '' : ` of the environment ${quoted(names.environmentKey)}`;
  return {
    state: stateOfDefect(count, impressions, true),
    count,
    sentence:
      `${counted(count, 'impression names', 'impressions name')} an experiment that the datafile${environment} does not have: ` +
      'give the application the SDK key of this environment, or the inspector the datafile of the application.',
    evidence: { problem: 'unknown_experiment' },
  };
}

function lookForImpressions({ inspection }: Evidence): Finding {
  const { impressions, events } = inspection.traffic;
  if (events === 0) return waiting();
  if (impressions > 0) {
    return {
      state: 'passed',
      count: impressions,
      sentence: `${counted(impressions, 'impression')} arrived.`,
    };
  }
  return {
    state: 'cause',
    count: events,
    sentence:
      `${counted(events, 'conversion')} arrived, and no impression, without which none counts: ` +
      'call decide or activate where the visitor sees the variation, with decision events on.',
  };
}
