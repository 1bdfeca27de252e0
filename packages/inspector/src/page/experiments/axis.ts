// SPDX-License-Identifier: Apache-2.0
import type { RateView } from '../../view/types.js';

export interface RateAxis {
  /** The share at its end. */
  readonly end: number;
  /** Shares that are labeled, 0 and the end included. */
  readonly ticks: readonly number[];
}

const ENDS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1];
const STEPS = 4;

/** The shortest axis with round ends that holds every interval. */
export function axisFor(rates: readonly Pick<RateView, 'visitors' | 'high'>[]): RateAxis {
  const highest = Math.max(0, ...rates.filter(({ visitors }) => visitors > 0).map(({ high }) => high));
  const end = ENDS.find(candidate => highest <= candidate) ?? 1;
  return { end, ticks: Array.from({ length: STEPS + 1 }, (_, step) => (end * step) / STEPS) };
}
