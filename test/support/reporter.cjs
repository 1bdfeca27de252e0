// SPDX-License-Identifier: Apache-2.0
const { reporters, Runner } = require('mocha');

/** Mocha's spec output, closed by one plain line of its own figures for scripts to read. */
module.exports = class extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    runner.once(Runner.constants.EVENT_RUN_END, () => {
      const { passes, failures, pending } = runner.stats;
      if (failures > 0)
        console.log(`  TEST_SEED=${process.env.TEST_SEED} repeats the random input of this run.\n`);
      // After Spec's own epilogue, which runs in a listener registered before this one.
      console.log(`${passes} passed, ${failures} failed${pending > 0 ? `, ${pending} skipped` : ''}`);
    });
  }
};
