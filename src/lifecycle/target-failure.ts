// SPDX-License-Identifier: Apache-2.0
import type { Logger } from '../model/logger.js';
import { classNameOf } from '../util/class-name.js';
import { CLIENT_NAME } from '../util/version.js';

export interface TargetFailure {
  readonly target: object;
  readonly logger: Logger;
  readonly signal: NodeJS.Signals;
  readonly how: string;
  readonly error?: unknown;
}

/**
 * Says that a target's `shutdown()` failed. Processors of this package never reject, so an SDK that does speaks of the
 * application's own exporters, for want of a collector say: that is not a failure of this package.
 */
export function tellFailure({ target, logger, signal, how, error }: TargetFailure): void {
  const name = classNameOf(target) || 'target';
  if (isSdk(name) || isExportFailure(error)) {
    logger.warn(
      `${CLIENT_NAME}: at ${signal}, the application's ${name}.shutdown() ${how}; this concerns its own ` +
        'exporters, and not experiment events, which are flushed all the same',
    );
    return;
  }
  logger.error(
    `${CLIENT_NAME}: shutdown at ${signal} failed: the application's ${name}.shutdown() ${how}; experiment events ` +
      'are flushed all the same',
  );
}

function isSdk(name: string): boolean {
  return /^NodeSDK$|(?:Tracer|Meter|Logger)Provider$/.test(name);
}

/** What OTLP exporters reject with, over HTTP and gRPC, where a function of the application's shuts the SDK down. */
function isExportFailure(error: unknown): boolean {
  try {
    const { name, code } = error as { name?: unknown; code?: unknown };
    if (typeof name === 'string' && name.startsWith('OTLP')) return true;
    if (typeof code === 'number') return 'details' in (error as object);
    return typeof code === 'string' && /^(?:ECONN|ENOTFOUND$|EAI_|ETIMEDOUT$|EPIPE$|EHOST|ENET)/.test(code);
  } catch {
    return false;
  }
}
