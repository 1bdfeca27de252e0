// SPDX-License-Identifier: Apache-2.0
import type { ProblemCode } from '../inspection/problem.js';
import { severityOf } from '../inspection/problem.js';
import type { ExperimentEvidence } from './evidence.js';
import { type Check, type Finding, stateOfDefect, waiting } from './finding.js';
import { COUNTING, IMPRESSIONS, TROUBLESHOOTING } from './sources.js';
import { counted } from './words.js';

/** Whether impressions arrive, count, and are of one visitor each. */
export const IMPRESSION_CHECKS: readonly Check<ExperimentEvidence>[] = [
  {
    id: 'impressions_not_counted',
    title: 'Its impressions count',
    explains: ['sample_ratio'],
    explainsSilence: ['no_impressions', 'conversions_unexposed'],
    source: TROUBLESHOOTING,
    look: lookAtLost,
  },
  {
    id: 'no_impressions',
    title: 'Its impressions arrive',
    explains: [],
    // What is wrong with conversions that can't count is a matter for later.
    explainsSilence: [
      'bots',
      'shared_visitor_id',
      'conversions_not_counted',
      'conversions_unexposed',
      'double_tracking',
      'revenue_unit',
    ],
    explainsIfSuspected: true,
    source: IMPRESSIONS,
    look: lookForImpressions,
  },
];

export const VISITOR_CHECKS: readonly Check<ExperimentEvidence>[] = [
  {
    id: 'shared_visitor_id',
    title: 'Each visitor has an id of its own',
    explains: ['double_tracking', 'several_variations', 'conversions_unexposed', 'sample_ratio'],
    source: COUNTING,
    look: lookAtPlaceholders,
  },
];

/** Other checks say these, and what to do about them. */
const SAID_ELSEWHERE: ReadonlySet<ProblemCode> = new Set<ProblemCode>([
  'unknown_project',
  'unknown_account',
  'unknown_experiment',
  'experiment_not_running',
  'duplicate',
]);

function lookAtLost({ id, tally, impressions, names }: ExperimentEvidence): Finding {
  const { lost, problems } = tally;
  if (impressions + lost === 0) return waiting('No impression of it has arrived yet.');
  const isOther = names === undefined ? () => true : (code: ProblemCode) => !SAID_ELSEWHERE.has(code);
  const most = problems.most(code => severityOf(code) === 'lost' && isOther(code));
  if (most === undefined) {
    return { state: 'passed', count: 0, sentence: 'None of them has a defect of its own.' };
  }
  return {
    state: stateOfDefect(most.count, impressions + lost, impressions > 0),
    count: most.count,
    sentence: `${counted(most.count, 'impression does', 'impressions do')} not count: ${most.message}.`,
    evidence: { experiment: id, problem: most.code },
  };
}

function lookForImpressions(evidence: ExperimentEvidence): Finding {
  const { id, impressions, tally, inspection, rule, unexposed } = evidence;
  const { traffic } = inspection;
  if (impressions > 0) {
    return {
      state: 'passed',
      count: impressions,
      sentence: `${counted(impressions, 'impression')} arrived and ${impressions === 1 ? 'counts' : 'count'}.`,
      evidence: { experiment: id },
    };
  }
  if (traffic.events === 0) return waiting();
  const arrived =
    tally.lost > 0
      ? `${counted(tally.lost, 'impression')} arrived, and none counts`
      : 'No impression of it arrived';
  const conversions =
    unexposed > 0 ? `, but ${counted(unexposed, 'conversion')} of an event that it measures` : '';
  const advice =
    rule?.kind === 'delivery rule' || tally.lost > 0
      ? ''
      : ' Call decide or activate where the visitor sees it, with decision events on, and record the impression.';
  // Where other experiments run well, this one may simply not be used by what sends here.
  const isUsed = tally.lost > 0 || traffic.impressions === 0;
  return {
    state: isUsed ? 'cause' : unexposed > 0 ? 'suspect' : 'waiting',
    count: tally.lost,
    sentence: `${arrived}${conversions}.${advice}`,
    evidence: { experiment: id },
  };
}

function lookAtPlaceholders({ id, tally, impressions, measured }: ExperimentEvidence): Finding {
  const of = (problems: { count(code: ProblemCode): number }) => problems.count('placeholder_visitor_id');
  const conversions = measured.map(event => event.tally);
  const count = of(tally.problems) + conversions.reduce((sum, event) => sum + of(event.problems), 0);
  const all =
    impressions + tally.lost + conversions.reduce((sum, event) => sum + event.conversions + event.lost, 0);
  if (all === 0) return waiting();
  if (count === 0) {
    return { state: 'passed', count, sentence: 'No visitor id is empty, or the text of a missing value.' };
  }
  return {
    state: stateOfDefect(count, all, true),
    count,
    sentence: `${counted(count, 'event has', 'events have')} a visitor id that is empty or the text of a missing value, so that all of them count as one visitor: look at where the id comes from.`,
    evidence: { experiment: id, problem: 'placeholder_visitor_id' },
  };
}
