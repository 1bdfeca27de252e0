// SPDX-License-Identifier: Apache-2.0
import type { Logger } from 'opentelemetry-exporter-optimizely';

/** Says of each line which project it is about. */
export function prefixedLogger(logger: Logger, project: string): Logger {
  const prefix = `project ${project}: `;
  return {
    error: message => logger.error(prefix + message),
    warn: message => logger.warn(prefix + message),
    info: message => logger.info(prefix + message),
    debug: message => logger.debug(prefix + message),
  };
}
