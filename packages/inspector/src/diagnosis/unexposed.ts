// SPDX-License-Identifier: Apache-2.0
import type { ExampleView } from '../view/types.js';
import type { ExperimentEvidence } from './evidence.js';
import type { Finding } from './finding.js';
import { shapeOf } from './id-forms.js';
import { findLookalikes, type Lookalikes } from './lookalikes.js';
import { waiting } from './request-checks.js';
import { counted } from './words.js';

const MOST_EXAMPLES = 5;
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
  const { examples, matched, looked, certain } = compare(evidence, numeric);
  if (examples.length > 0) {
    const differences = [...new Set(examples.map(({ difference }) => difference))].join(', ');
    const isCause = exposed === 0 || matched >= looked * CAUSE_SHARE;
    return {
      ...found,
      state: certain && isCause ? 'cause' : 'suspect',
      sentence: `${found.sentence}, and their ids look like those of exposed visitors but for this: ${differences}. Give both calls the same user id.`,
      examples,
    };
  }
  const shapes = compareShapes(evidence);
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

function compare({ id, inspection, tally, measured }: ExperimentEvidence, numeric: number): Lookalikes {
  const { visitors } = inspection;
  const isExposed = (visitorId: string) => visitors.decisionOf(visitorId, id) !== undefined;
  const unexposed = measured
    .flatMap(event => [...event.tally.visitors])
    .filter(visitorId => !isExposed(visitorId));
  const numbers: ExampleView[] = measured
    .flatMap(event => [...event.tally.numericVisitors])
    .map(visitorId => ({
      found: `${visitorId} (a number)`,
      expected: isExposed(visitorId) ? `"${visitorId}" (text)` : 'text',
      difference: 'type: a number, not text',
      visitorId,
    }));
  const found = findLookalikes({
    unexposed,
    exposed: [...tally.exposed],
    isExposed,
    isUnexposed: visitorId => visitors.converted(visitorId) && !isExposed(visitorId),
  });
  return {
    examples: [...numbers, ...found.examples].slice(0, MOST_EXAMPLES),
    matched: numbers.length + found.matched,
    looked: numbers.length + found.looked,
    certain: numeric > 0 || found.certain,
  };
}

/** @returns a sentence if the ids of both look different, `''` if not */
function compareShapes({ id, inspection, tally, measured }: ExperimentEvidence): string {
  const { visitors } = inspection;
  const unexposed = measured
    .flatMap(event => [...event.tally.visitors])
    .filter(visitorId => visitors.decisionOf(visitorId, id) === undefined);
  const [theirs, exposed] = [shapeOf(unexposed), shapeOf(tally.exposed)];
  if (theirs === exposed) return '';
  return ` Their ids are ${theirs ?? 'of no particular form'}, those of exposed visitors ${exposed ?? 'of no particular form'}.`;
}
