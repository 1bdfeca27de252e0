// SPDX-License-Identifier: Apache-2.0
import { MISMATCH_P_VALUE, SampleRatioMonitor } from '../src/statistics/sample-ratio-monitor.js';

export interface Simulation {
  readonly experiments: number;
  /** Of each experiment; the monitor is looked at after each of them. */
  readonly visitors: number;
  readonly seed: number;
  /** What the traffic allocation says. @default an equal split of two */
  readonly expected?: readonly number[];
  /** How visitors are divided. @default as expected */
  readonly actual?: readonly number[];
}

/** Counts the experiments in which the sample ratio is red at any time, with visitors who arrive at random. */
export function simulateRatios(simulation: Simulation): { readonly alarmed: number; readonly looks: number } {
  const { experiments, visitors, seed, expected = [0.5, 0.5], actual = expected } = simulation;
  const random = mulberry32(seed);
  const weights = new Map(expected.map((share, place) => [String(place), share]));
  let alarmed = 0;
  let looks = 0;
  for (let experiment = 0; experiment < experiments; experiment++) {
    const monitor = new SampleRatioMonitor();
    for (let visitor = 0; visitor < visitors; visitor++) {
      monitor.add(String(draw(actual, random())), weights, '1');
      looks++;
      if (monitor.pValue < MISMATCH_P_VALUE) {
        alarmed++;
        break;
      }
    }
  }
  return { alarmed, looks };
}

function draw(shares: readonly number[], random: number): number {
  let left = random;
  for (const [place, share] of shares.entries()) {
    left -= share;
    if (left < 0) return place;
  }
  return shares.length - 1;
}

/** A generator of 32 bits that can be repeated. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
