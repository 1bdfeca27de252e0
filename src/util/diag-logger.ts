// SPDX-License-Identifier: Apache-2.0
import { CLIENT_NAME } from './version.js';

export type Level = 'error' | 'warn' | 'info' | 'debug';
type DiagLogger = Record<Level, (namespace: string, message: string) => void>;

/** Where all copies of `@opentelemetry/api` 1.x keep what was registered with any of them. */
const SHARED = Symbol.for('opentelemetry.js.api.1');

/**
 * The logger of `diag.setLogger()`. It is looked up at each line, since an SDK sets it late, and not through our own
 * copy of the API, which may be one that cannot see what another copy has registered.
 *
 * @returns undefined if none is set
 */
function diagLogger(): DiagLogger | undefined {
  return (globalThis as { [SHARED]?: { diag?: DiagLogger } })[SHARED]?.diag;
}

/** Logs to OpenTelemetry's `diag`. */
export const diagOutput = {
  isSet: (): boolean => diagLogger() !== undefined,
  write: (level: Level, message: string): unknown => diagLogger()?.[level](CLIENT_NAME, message),
};
