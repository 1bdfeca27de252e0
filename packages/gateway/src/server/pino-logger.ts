// SPDX-License-Identifier: Apache-2.0
import type { Logger } from 'opentelemetry-exporter-optimizely';
import { destination, pino, stdTimeFunctions } from 'pino';
import type { LogLevel } from '../model/server-options.js';

/** Lines of JSON on stderr, written before the call returns: the last ones of a process matter most. */
export function createStderrLogger(level: LogLevel): Logger {
  const stderr = destination({ dest: 2, sync: true });
  // Its reader has gone.
  stderr.on('error', () => {});
  const logger = pino(
    {
      name: 'optimizely-event-gateway',
      level,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: label => ({ level: label }) },
    },
    stderr,
  );
  return {
    error: message => logger.error(message),
    warn: message => logger.warn(message),
    info: message => logger.info(message),
    debug: message => logger.debug(message),
  };
}
