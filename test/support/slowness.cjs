// SPDX-License-Identifier: Apache-2.0
const { spawnSync } = require('node:child_process');

/** What `node -e 0` takes on a machine that is neither fast nor busy. */
const USUAL_START_MILLIS = 50;
const MEASUREMENTS = 3;

function measure() {
  const times = Array.from({ length: MEASUREMENTS }, () => {
    const startedAt = performance.now();
    spawnSync(process.execPath, ['-e', '0'], { env: { ...process.env, NODE_OPTIONS: '' } });
    return performance.now() - startedAt;
  });
  return Math.max(1, Math.max(...times) / USUAL_START_MILLIS);
}

// Once a run: the processes that it starts inherit it.
process.env.TEST_SLOWNESS ??= measure().toFixed(1);

/** So many times as long as usual takes a process to start here and now; 1 at least. */
exports.SLOWNESS = Number(process.env.TEST_SLOWNESS);

/**
 * How long to wait before something is said to hang. Nothing that works comes near it: a machine that is ten times as slow
 * as when the tests were written, and becomes so after this was measured, has time enough.
 *
 * @param usualMillis what it takes on a machine that is neither fast nor busy
 */
exports.patience = usualMillis => Math.ceil(Math.max(60_000, usualMillis * 10) * exports.SLOWNESS);
