// SPDX-License-Identifier: Apache-2.0
import type { ExperimentEvidence } from './evidence.js';
import { type Check, type Finding, stateOfDefect, waiting } from './finding.js';
import { COUNTING, SAMPLE_RATIO, TROUBLESHOOTING } from './sources.js';
import { counted } from './words.js';

/** Whether results that arrive can be trusted. */
export const QUALITY_CHECKS: readonly Check<ExperimentEvidence>[] = [
  {
    id: 'revenue_unit',
    title: 'Revenue is in cents',
    explains: [],
    source: TROUBLESHOOTING,
    look: lookAtRevenue,
  },
  {
    id: 'several_variations',
    title: 'Visitors see one variation',
    explains: ['sample_ratio'],
    source: COUNTING,
    look: lookAtVariations,
  },
  {
    id: 'sample_ratio',
    title: 'Visitors are divided as they should be',
    explains: [],
    source: SAMPLE_RATIO,
    look: lookAtSampleRatio,
  },
];

const REVENUE_CODES = ['revenue_not_integer', 'revenue_misread', 'revenue_in_dollars'] as const;

function lookAtRevenue({ id, measured }: ExperimentEvidence): Finding {
  const tallies = measured.map(({ tally }) => tally);
  const all = tallies.reduce((sum, { conversions, lost }) => sum + conversions + lost, 0);
  if (all === 0) return waiting();
  const counts = REVENUE_CODES.map(code => ({
    code,
    count: tallies.reduce((sum, { problems }) => sum + problems.count(code), 0),
  })).sort((a, b) => b.count - a.count);
  const count = counts.reduce((sum, { count }) => sum + count, 0);
  const [worst] = counts;
  if (count === 0 || worst === undefined) {
    return { state: 'passed', count: 0, sentence: 'No revenue has a fraction, or differs from its tag.' };
  }
  const message = tallies
    .map(({ problems }) => problems.most(code => code === worst.code)?.message)
    .find(found => found !== undefined);
  return {
    state: stateOfDefect(count, all, true),
    count,
    sentence: `${counted(count, 'conversion has', 'conversions have')} a revenue that looks like dollars and not like cents: ${message}. Multiply by 100 and round.`,
    evidence: { experiment: id, check: 'revenue_unit' },
  };
}

function lookAtVariations({ id, tally, visitors }: ExperimentEvidence): Finding {
  const { severalVariations: count } = tally;
  if (visitors === 0) return waiting();
  if (count === 0) return { state: 'passed', count, sentence: 'No visitor saw more than one.' };
  return {
    state: count * 20 >= visitors ? 'cause' : count * 100 >= visitors ? 'suspect' : 'passed',
    count,
    sentence: `${counted(count, 'visitor')} saw more than one variation, and ${count === 1 ? 'counts' : 'count'} for the first: keep user ids stable, and one datafile for all services.`,
    evidence: { experiment: id, problem: 'variation_changed' },
  };
}

function lookAtSampleRatio({ id, sampleRatio, visitors }: ExperimentEvidence): Finding {
  const { verdict, explanation, visitorsWithoutTraffic } = sampleRatio;
  switch (verdict) {
    case 'mismatch':
      return { state: 'cause', count: visitors, sentence: explanation, evidence: { experiment: id } };
    case 'no_traffic': {
      const evidence = { experiment: id, check: 'sample_ratio' } as const;
      return { state: 'cause', count: visitorsWithoutTraffic, sentence: explanation, evidence };
    }
    case 'as_expected':
      return { state: 'passed', count: visitors, sentence: explanation };
    case 'too_few':
      return waiting(explanation);
    case 'untestable':
    case 'adaptive':
    case 'unknown':
      return { state: 'unknown', count: 0, sentence: explanation };
  }
}
