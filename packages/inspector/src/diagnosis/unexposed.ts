// SPDX-License-Identifier: Apache-2.0
import type { ExperimentEvidence } from './evidence.js';
import { type Finding, waiting } from './finding.js';
import { compareIds } from './id-comparison.js';
import { counted } from './words.js';

const CAUSE_SHARE = 0.05;

/** Conversions of visitors whom the experiment has not decided for, and what their ids look like beside those it has. */
export function lookAtUnexposed(evidence: ExperimentEvidence): Finding {
  const { id, counted: after, early, tied, measured, impressions } = evidence;
  const numeric = measured.reduce((sum, { tally }) => sum + tally.numeric, 0);
  const unexposed = evidence.unexposed + numeric;
  const exposed = after + early + tied;
  if (unexposed + exposed === 0) return waiting();
  if (unexposed === 0) {
    return { state: 'passed', count: 0, sentence: 'The experiment has decided for all of them.' };
  }
  const found: Finding = {
    state: 'cause',
    count: unexposed,
    sentence: `${counted(unexposed, 'conversion')} came from visitors whom the experiment has not decided for`,
    evidence: { experiment: id, check: 'conversions_unexposed' },
  };
  const { examples, matched, looked, certain, shapes } = compareIds(evidence, numeric);
  if (examples.length > 0) {
    const differences = [...new Set(examples.map(({ difference }) => difference))].join(', ');
    return {
      ...found,
      state: exposed === 0 || (certain && matched >= looked * CAUSE_SHARE) ? 'cause' : 'suspect',
      sentence: `${found.sentence}, and their ids look like those of exposed visitors but for this: ${differences}. Give both calls the same user id.`,
      examples,
    };
  }
  if (exposed === 0 && impressions > 0) {
    const sentence = `${found.sentence}, and none from those it has decided for.${shapes} Give the impression and the conversion the same user id.`;
    return { ...found, sentence };
  }
  if (exposed === 0) return { ...found, sentence: `${found.sentence}.` };
  if (shapes !== '' && unexposed * 5 >= unexposed + exposed) {
    return { ...found, state: 'suspect', sentence: `${found.sentence}.${shapes} Are these the same people?` };
  }
  const sentence = `${found.sentence}, as there are where an experiment is not for everyone.`;
  return { ...found, state: 'passed', sentence };
}
