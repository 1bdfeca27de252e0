// SPDX-License-Identifier: Apache-2.0
import type { Logger } from 'opentelemetry-exporter-optimizely';

/** Says of each line what it is about, such as `project shop`. */
export function prefixedLogger(logger: Logger, subject: string): Logger {
  const prefix = `${subject}: `;
  return {
    error: message => logger.error(prefix + message),
    warn: message => logger.warn(prefix + message),
    info: message => logger.info(prefix + message),
    debug: message => logger.debug(prefix + message),
  };
}
