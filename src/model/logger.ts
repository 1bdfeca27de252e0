// SPDX-License-Identifier: Apache-2.0
import type { WarningCode } from './warning-code.js';

/**
 * Receives the package's log lines. OpenTelemetry's `diag`, `console` and most logging libraries fit. Lines name fields,
 * keys, reasons and counts, never a user's data.
 */
export interface Logger {
  error(message: string): void;
  warn(message: string): void;
  info(message: string): void;
  debug(message: string): void;
}

/** What the parts of the package log to: bears whatever the application's logger does. */
export interface PackageLogger extends Logger {
  /**
   * Logs what a person must know of. Where the application gave no logger and has set no diag logger, or its logger
   * fails, a process warning says it, once a code. What is said before the first event is told to a diag logger that is
   * set later, too.
   */
  alert(code: WarningCode, level: 'info' | 'warn' | 'error', message: string): void;
}

export const TAG_OF = Object.prototype.toString;
