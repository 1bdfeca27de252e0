// SPDX-License-Identifier: Apache-2.0

import type { Logger, PackageLogger } from '../model/logger.js';
import type { WarningCode } from '../model/warning-code.js';
import { diagOutput, type Level } from './diag-logger.js';
import { hasMember } from './own-members.js';
import { warnOfLogger, warnProcess } from './process-warning.js';
import { sayGuarded } from './say-guarded.js';
import { keepUnheard, sayUnheard } from './unheard-lines.js';

export const noopLogger: PackageLogger = { error() {}, warn() {}, info() {}, debug() {}, alert() {} };

const guarded = new WeakSet<object>();

/**
 * Keeps what an application's logger throws, rejects with or records from reaching the application through us.
 *
 * @param given if absent, OpenTelemetry's `diag`
 */
export function guardLogger(given?: Logger | null): PackageLogger {
  if (given && guarded.has(given)) return given as PackageLogger;
  const writesToDiag = !given || isDiag(given);
  const write = (level: Level, message: string, code?: WarningCode): unknown => {
    if (writesToDiag && !diagOutput.isSet()) {
      if (!keepUnheard({ level, message, code }) && code !== undefined) warnProcess(code, message);
      return undefined;
    }
    if (writesToDiag) sayUnheard();
    return given ? given[level](message) : diagOutput.write(level, message);
  };
  const at = (level: Level) => (message: string) => sayGuarded(() => write(level, message), warnOfLogger);
  const logger: PackageLogger = {
    error: at('error'),
    warn: at('warn'),
    info: at('info'),
    debug: at('debug'),
    alert(code, level, message) {
      sayGuarded(
        () => write(level, message, code),
        () => warnProcess(code, message),
      );
    },
  };
  guarded.add(logger);
  return logger;
}

/** The API's `diag` itself, or a logger of its `createComponentLogger()`: neither is heard before `diag.setLogger()`. */
function isDiag(given: Logger): boolean {
  try {
    return hasMember(given, 'createComponentLogger') || given.constructor.name === 'DiagComponentLogger';
  } catch {
    return false;
  }
}
