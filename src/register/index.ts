// SPDX-License-Identifier: Apache-2.0

/**
 * A processor made of the environment, for `node --import`.
 *
 * @module opentelemetry-exporter-optimizely/register
 */

import { isMainThread } from 'node:worker_threads';
import { diag } from '@opentelemetry/api';
import { createFromEnv } from '../from-env.js';
import { shutdownOnSignals } from '../lifecycle/shutdown-on-signals.js';
import type { Logger } from '../model/logger.js';
import { CLIENT_NAME } from '../model/version.js';
import type { OptimizelySpanProcessor } from '../optimizely-span-processor.js';

/**
 * `node --import opentelemetry-exporter-optimizely/register app.mjs`: a processor made of the environment, shut down at
 * SIGTERM and SIGINT and flushed when the process has nothing else to do. undefined where the environment does not say
 * where the datafile is: that stops no service.
 *
 * It is installed beside whatever provider the application has, so `recordImpression` and `recordConversion` reach it;
 * raw span events do not, for that the provider must know the processor: `spanProcessors: [processor]`.
 */
export const processor: OptimizelySpanProcessor | undefined = register();

function register(): OptimizelySpanProcessor | undefined {
  const log = diag.createComponentLogger({ namespace: CLIENT_NAME });
  // Preloaded before anybody could set a diag logger, so said where it is seen.
  let early = true;
  const say = (level: 'error' | 'warn') => (message: string) => {
    log[level](message);
    if (early) process.stderr.write(`${CLIENT_NAME}: ${message}\n`);
  };
  const logger: Logger = {
    error: say('error'),
    warn: say('warn'),
    info: message => log.info(message),
    debug: message => log.debug(message),
  };
  try {
    const options = process.env.OPTIMIZELY_FLUSH_ON_BEFORE_EXIT ? {} : { flushOnBeforeExit: true };
    const created = createFromEnv(options, logger);
    // Signals reach the main thread only; --import runs in every worker.
    if (isMainThread) shutdownOnSignals(created);
    return created;
  } catch (error) {
    logger.error(`nothing is recorded: ${error instanceof TypeError ? error.message : 'unexpected error'}`);
    return undefined;
  } finally {
    early = false;
  }
}
