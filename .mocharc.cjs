// SPDX-License-Identifier: Apache-2.0
const { patience } = require('./test/support/slowness.cjs');

// Without `spec`, which mocha would add to the files that it is given: test/run.mjs has the defaults.
module.exports = {
  'node-option': ['import=tsx', 'expose-gc'],
  require: ['test/support/hooks.ts'],
  reporter: 'test/support/reporter.cjs',
  // Ends what hangs; no test is measured by it.
  timeout: patience(2_000),
  'forbid-only': process.env.CI !== undefined,
};
