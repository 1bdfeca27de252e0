// SPDX-License-Identifier: Apache-2.0

const IN_CI = 20_261_130;

/**
 * What random input begins with: the same for each change in CI, so that none is blamed for what another one did; another one a
 * run at night and elsewhere. `TEST_SEED=… npm test -- FILE` repeats a run.
 */
process.env.TEST_SEED ??= String(process.env.CI && !process.env.NIGHTLY ? IN_CI : makeSeed());

export const SEED = Number(process.env.TEST_SEED);

function makeSeed(): number {
  return (Date.now() ^ (process.pid << 8)) & 0x7f_ff_ff_ff;
}
