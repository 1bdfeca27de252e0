// SPDX-License-Identifier: Apache-2.0

import type { Logger, PackageLogger } from '../model/logger.js';
import { diagOutput } from './diag-logger.js';
import { isObjectLike } from './guard.js';
import { warnProcess } from './process-warning.js';

export const noopLogger: PackageLogger = { error() {}, warn() {}, info() {}, debug() {}, alert() {} };

/** So many lines deep may a logger record events that are logged in turn. */
const DEEPEST = 4;

let depth = 0;

const guarded = new WeakSet<object>();

/**
 * Keeps what an application's logger throws, rejects with or records from reaching the application through us.
 *
 * @param given if absent, OpenTelemetry's `diag`
 */
export function guardLogger(given?: Logger | null): PackageLogger {
  if (given && guarded.has(given)) return given as PackageLogger;
  const write = (level: keyof Logger, message: string): unknown =>
    given ? given[level](message) : diagOutput.write(level, message);
  const at = (level: keyof Logger) => (message: string) => say(() => write(level, message), warnOfLogger);
  const logger: PackageLogger = {
    error: at('error'),
    warn: at('warn'),
    info: at('info'),
    debug: at('debug'),
    alert(code, level, message) {
      const warn = () => warnProcess(code, message);
      say(() => {
        if (!isHeard(given)) warn();
        return write(level, message);
      }, warn);
    },
  };
  guarded.add(logger);
  return logger;
}

/** Has `echo` told of errors and warnings too. */
export function echoing(logger: PackageLogger, echo: (message: string) => void): PackageLogger {
  const at = (level: 'error' | 'warn') => (message: string) => {
    logger[level](message);
    echo(message);
  };
  const both: PackageLogger = { ...logger, error: at('error'), warn: at('warn') };
  guarded.add(both);
  return both;
}

function say(write: () => unknown, onFailure: () => void): void {
  if (depth >= DEEPEST) {
    onFailure();
    return;
  }
  depth++;
  try {
    const answer = write();
    if (isObjectLike(answer)) Promise.resolve(answer).catch(onFailure);
  } catch {
    onFailure();
  } finally {
    depth--;
  }
}

function warnOfLogger(): void {
  warnProcess(
    'OPTIMIZELY_LOGGER_FAILING',
    'the logger throws, rejects or records events that it is told of in turn; log lines are missing',
  );
}

/** The API's `diag` object itself may be given before, or without, a logger of its own. */
function isHeard(given: Logger | null | undefined): boolean {
  return (given && !('setLogger' in given)) || diagOutput.isSet();
}
