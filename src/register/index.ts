// SPDX-License-Identifier: Apache-2.0
import { isMainThread } from 'node:worker_threads';
import { diag } from '@opentelemetry/api';
import { createOptimizelySpanProcessorFromEnv } from '../from-env.js';
import { shutdownOnSignals } from '../lifecycle/shutdown-on-signals.js';
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
  try {
    const created = createOptimizelySpanProcessorFromEnv({
      ...(process.env.OPTIMIZELY_FLUSH_ON_BEFORE_EXIT ? {} : { flushOnBeforeExit: true }),
    });
    // Signals reach the main thread only; --import runs in every worker.
    if (isMainThread) shutdownOnSignals(created);
    return created;
  } catch (error) {
    const message = error instanceof TypeError ? error.message : 'unexpected error';
    log.error(`nothing is recorded: ${message}`);
    // Preloaded before anybody could set a diag logger, so said where it is seen.
    process.stderr.write(`${CLIENT_NAME}: nothing is recorded: ${message}\n`);
    return undefined;
  }
}
