// SPDX-License-Identifier: Apache-2.0
//
// npm run inspector:simulate [-- EXPERIMENTS VISITORS SEED]
//
// A/A tests whose sample ratio is looked at after each visitor: how many of them are red at any time. A few minutes.
import { simulateRatios } from '../test/simulate-ratios.js';

const [experiments = 1_000, visitors = 100_000, seed = 20_261_130] = process.argv.slice(2).map(Number);
const MOST_ALARMED = 0.01;

const SPLITS: readonly (readonly number[])[] = [
  [0.5, 0.5],
  [0.9, 0.1],
  [0.25, 0.25, 0.25, 0.25],
];

let failed = false;
for (const expected of SPLITS) {
  const startedAt = process.cpuUsage();
  const { alarmed, looks } = simulateRatios({ experiments, visitors, seed, expected });
  const { user, system } = process.cpuUsage(startedAt);
  const share = alarmed / experiments;
  failed ||= share > MOST_ALARMED;
  process.stdout.write(
    `${expected.join(' : ')}  ${alarmed} of ${experiments} red (${(share * 100).toFixed(2)} %), ` +
      `${visitors} visitors each, ${Math.round((user + system) / (looks / 1_000))} ns a look\n`,
  );
}
process.exitCode = failed ? 1 : 0;
