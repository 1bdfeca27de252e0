// SPDX-License-Identifier: Apache-2.0
import type { ExperimentTally } from '../experiments/experiment-tally.js';
import type { ExampleView } from '../view/types.js';
import type { ExperimentEvidence } from './evidence.js';
import { shapeOf } from './id-forms.js';
import { findLookalikes, type Lookalikes } from './lookalikes.js';

export interface IdComparison extends Lookalikes {
  /** A sentence if the ids of both look different, `''` if not. */
  readonly shapes: string;
}

const MOST_EXAMPLES = 5;
const MOST_COMPARED = 300;
const ALL_COMPARED = 64;

interface Remembered {
  /** Of how many ids it was made. */
  readonly signature: string;
  readonly comparison: IdComparison;
}

/** Looking at hundreds of ids takes milliseconds, and the page asks twice a second: made anew only where much has come. */
const remembered = new WeakMap<ExperimentTally, Remembered>();

/** What the ids of visitors who convert and were not exposed look like beside those of visitors who were. */
export function compareIds(evidence: ExperimentEvidence, numeric: number): IdComparison {
  const { id, inspection, tally, unexposed, visitors } = evidence;
  const signature = [unexposed, numeric, visitors].map(step).join();
  const known = remembered.get(tally);
  // An impression may have come for one of the examples since.
  const isExposed = ({ visitorId = '' }: ExampleView) =>
    inspection.visitors.decisionOf(visitorId, id) !== undefined;
  const isValid =
    known?.signature === signature && (numeric > 0 || !known.comparison.examples.some(isExposed));
  const comparison = isValid ? known.comparison : compare(evidence, numeric);
  remembered.set(tally, { signature, comparison });
  return comparison;
}

/** The count itself while it is small, then steps of a fifth. */
function step(count: number): number {
  return count <= ALL_COMPARED ? count : ALL_COMPARED + Math.floor(Math.log2(count / ALL_COMPARED) * 4);
}

function compare({ id, inspection, tally, measured }: ExperimentEvidence, numeric: number): IdComparison {
  const { visitors } = inspection;
  const isExposed = (visitorId: string) => visitors.decisionOf(visitorId, id) !== undefined;
  const unexposed = new Set<string>();
  for (const event of measured) {
    for (const visitorId of event.tally.visitors) {
      if (unexposed.size < MOST_COMPARED && !isExposed(visitorId)) unexposed.add(visitorId);
    }
  }
  const numbers = measured.flatMap(event => [...event.tally.numericVisitors]);
  const found = findLookalikes({
    unexposed: [...unexposed],
    exposed: [...tally.exposed],
    isExposed,
    isUnexposed: visitorId => visitors.converted(visitorId) && !isExposed(visitorId),
  });
  const ofNumbers = numbers.slice(0, MOST_EXAMPLES).map(
    (visitorId): ExampleView => ({
      found: `${visitorId} (a number)`,
      expected: isExposed(visitorId) ? `"${visitorId}" (text)` : 'text',
      difference: 'type: a number, not text',
      visitorId,
    }),
  );
  return {
    examples: [...ofNumbers, ...found.examples].slice(0, MOST_EXAMPLES),
    matched: numbers.length + found.matched,
    looked: numbers.length + found.looked,
    certain: numeric > 0 || found.certain,
    shapes: compareShapes(unexposed, tally.exposed),
  };
}

function compareShapes(unexposed: Iterable<string>, exposed: Iterable<string>): string {
  const [theirs, others] = [shapeOf(unexposed), shapeOf(exposed)];
  if (theirs === others) return '';
  return ` Their ids are ${theirs ?? 'of no particular form'}, those of exposed visitors ${others ?? 'of no particular form'}.`;
}
