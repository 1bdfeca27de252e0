// SPDX-License-Identifier: Apache-2.0
import type { VariationTally } from '../experiments/experiment-tally.js';

/** A variation with what it has counted. */
export interface CountedVariation {
  readonly id: string;
  readonly key: string;
  readonly baseline: boolean;
  readonly tally: VariationTally;
}
