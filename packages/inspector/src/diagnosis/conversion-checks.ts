// SPDX-License-Identifier: Apache-2.0
import type { ExperimentEvidence } from './evidence.js';
import { type Check, type Finding, stateOfDefect, waiting } from './finding.js';
import { COUNTING } from './sources.js';
import { lookAtUnexposed } from './unexposed.js';
import { counted } from './words.js';

/** Whether conversions can be attributed. */
export const CONVERSION_CHECKS: readonly Check<ExperimentEvidence>[] = [
  {
    id: 'conversions_unexposed',
    title: 'Visitors who convert were exposed',
    explains: [],
    source: COUNTING,
    look: lookAtUnexposed,
  },
  {
    id: 'impression_after_conversion',
    title: 'Impressions come before conversions',
    explains: [],
    source: COUNTING,
    look: lookAtOrder,
  },
  {
    id: 'same_millisecond',
    title: 'They are not in the same millisecond',
    explains: [],
    source: COUNTING,
    look: lookAtTies,
  },
  {
    id: 'double_tracking',
    title: 'Conversions are recorded once',
    explains: [],
    source: COUNTING,
    look: lookAtRepetitions,
  },
];

function lookAtOrder({ id, early, counted: after, tied }: ExperimentEvidence): Finding {
  const all = early + after + tied;
  if (all === 0) return waiting();
  if (early === 0)
    return { state: 'passed', count: 0, sentence: 'Each came after the impression of its visitor.' };
  const sentence =
    `${counted(early, 'conversion')} came before the first impression of ${early === 1 ? 'its visitor, and is' : 'their visitors, and are'} not counted: ` +
    'record the impression when the visitor sees the variation, and keep the clocks of all senders in step.';
  // Visitors who return have converted before: that is no defect while others convert afterwards.
  const state = after + tied === 0 ? 'cause' : early >= all / 2 ? 'suspect' : 'passed';
  return {
    state,
    count: early,
    sentence,
    evidence: { experiment: id, check: 'impression_after_conversion' },
  };
}

function lookAtTies({ id, counted: after, tied, early }: ExperimentEvidence): Finding {
  const all = early + after + tied;
  if (all === 0) return waiting();
  if (tied === 0) return { state: 'passed', count: 0, sentence: 'Their timestamps differ.' };
  return {
    state: stateOfDefect(tied, all, true) === 'cause' ? 'suspect' : 'passed',
    count: tied,
    sentence:
      `${counted(tied, 'conversion has', 'conversions have')} the same timestamp as the impression. Unclear whether they count: ` +
      "Optimizely's documentation asks for an earlier decision and says nothing of ties. They are not counted here; record the impression first, a millisecond apart.",
    evidence: { experiment: id, check: 'same_millisecond' },
  };
}

function lookAtRepetitions({ id, measured }: ExperimentEvidence): Finding {
  const all = measured.reduce((sum, { tally }) => sum + tally.conversions, 0);
  const count = measured.reduce((sum, { tally }) => sum + tally.repeated, 0);
  if (all === 0) return waiting();
  if (count === 0) {
    const sentence = 'None repeats another one of its visitor within 5 seconds.';
    return { state: 'passed', count, sentence };
  }
  return {
    // A visitor may well do the same twice.
    state: count * 10 >= all ? 'cause' : 'passed',
    count,
    sentence:
      `${counted(count, 'conversion repeats', 'conversions repeat')} another one of the same visitor and event within 5 seconds, with another uuid, so that each counts: ` +
      'look for two places that record it, or one in a browser and one on a server.',
    evidence: { experiment: id, check: 'double_tracking' },
  };
}
