// SPDX-License-Identifier: Apache-2.0
import { isMet, median } from './compare.js';
import type { Result, Spread } from './row.js';

/**
 * Merges the results of several processes that ran the same rows. From one process to the next V8 decides otherwise what
 * it optimizes, so that rounds of one process agree more closely than those of two.
 *
 * @returns for each row the median of its medians, the lowest and the highest round
 */
export function mergeRuns(runs: readonly (readonly Result[])[]): Result[] {
  const [first = []] = runs;
  return first.map((result, index) => merge(runs.map(run => run[index] ?? result)));
}

function merge(results: readonly Result[]): Result {
  const [first] = results as [Result];
  const figures = {
    ratio: mergeSpreads(results.map(({ ratio }) => ratio)),
    more: mergeSpreads(results.map(({ more }) => more)),
    ours: mergeSpreads(results.map(({ ours }) => ours)),
    theirs: mergeSpreads(results.map(({ theirs }) => theirs)),
  };
  const { target, met } = first;
  const rounds = results.reduce((sum, result) => sum + result.rounds, 0);
  return {
    ...first,
    ...figures,
    rounds,
    met: met === undefined || target === undefined ? undefined : isMet(target, figures),
  };
}

function mergeSpreads(spreads: readonly Spread[]): Spread {
  return {
    median: median(spreads.map(spread => spread.median)),
    min: Math.min(...spreads.map(({ min }) => min)),
    max: Math.max(...spreads.map(({ max }) => max)),
  };
}
