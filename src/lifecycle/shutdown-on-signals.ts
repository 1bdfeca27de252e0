// SPDX-License-Identifier: Apache-2.0

import type { Logger } from '../model/logger.js';
import { LOGGER } from '../util/options/common-option-rows.js';
import { millis, type OptionTable, other } from '../util/options/option-table.js';
import { resolveOptions } from '../util/options/resolve-options.js';
import { takeOptions } from '../util/options/take-options.js';
import { isOwnMethod } from '../util/wrong-place.js';
import { type ShutdownTarget, watch } from './signal-watches.js';

export type { ShutdownTarget };

/** The signals at which to shut down, and the time limit. */
export interface ShutdownOnSignalsOptions {
  /** @default ['SIGTERM', 'SIGINT'] */
  signals?: readonly NodeJS.Signals[] | undefined;
  /**
   * How long the application may go on after the signal before everything is shut down, and how long a target's shutdown
   * may take then, milliseconds. The smallest of several values counts.
   *
   * @default 10_000
   */
  drainTimeoutMillis?: number | undefined;
  /** @default the console's error stream */
  logger?: Logger | undefined;
}

export const SHUTDOWN_ON_SIGNALS = {
  name: 'shutdownOnSignals',
  example: "shutdownOnSignals(sdk, { signals: ['SIGTERM'] })",
  table: {
    signals: other<readonly NodeJS.Signals[]>(),
    drainTimeoutMillis: millis(10_000),
    logger: LOGGER,
  } satisfies OptionTable<ShutdownOnSignalsOptions>,
};

/**
 * Delivers events and shuts down when a signal asks the process to end, then lets the process end as it would have.
 *
 * If the application has its own listeners for the signal, they decide when the process ends. Every processor of the
 * process flushes at once, and sends events recorded while the application drains without waiting for a full batch. The
 * target and the processors are shut down when the process has nothing else to do, or after `drainTimeoutMillis`. An
 * application that calls `process.exit()` should await `forceFlush()` or `shutdown()` before.
 *
 * Without such listeners, they are shut down at once. Then the signal is raised again, and a process that is still
 * alive (pid 1 of a container) exits with 128 + the signal's number.
 *
 * In a worker thread, where no signals arrive, it only logs a warning.
 *
 * @returns a function that undoes it
 * @throws TypeError if the target has no `shutdown()`, or a signal can't be caught
 */
export function shutdownOnSignals(
  target: ShutdownTarget,
  options: ShutdownOnSignalsOptions = {},
): () => void {
  const { options: taken, logger } = takeOptions(SHUTDOWN_ON_SIGNALS, options, stderrLogger);
  const { signals = ['SIGTERM', 'SIGINT'] } = taken;
  if (!isOwnMethod(target?.shutdown)) {
    throw new TypeError('shutdownOnSignals needs something to shut down: shutdownOnSignals(sdk)');
  }
  if (!Array.isArray(signals) || !signals.every(canBeCaught)) {
    throw new TypeError("signals must be a list of signals that can be caught: { signals: ['SIGTERM'] }");
  }
  if (!process.getBuiltinModule('node:worker_threads').isMainThread) {
    logger.warn('shutdownOnSignals does nothing in a worker thread: signals reach the main thread only');
    return () => {};
  }
  const { drainTimeoutMillis: millisOr } = resolveOptions(SHUTDOWN_ON_SIGNALS.table, taken, logger);
  const drainTimeoutMillis = taken.drainTimeoutMillis === undefined ? undefined : millisOr;
  const removals = signals.map(signal => watch(signal, target, { logger, drainTimeoutMillis }));
  return () => {
    for (const remove of removals) remove();
  };
}

/** A signal that this platform does not have, SIGBREAK say, never comes: a list may serve several platforms. */
function canBeCaught(signal: unknown): boolean {
  return typeof signal === 'string' && /^SIG(?!KILL$|STOP$)/.test(signal);
}

const toStderr = (message: string) => void process.stderr.write(`${message}\n`);
const stderrLogger: Logger = { error: toStderr, warn: toStderr, info: toStderr, debug: () => {} };
