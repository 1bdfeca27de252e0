// SPDX-License-Identifier: Apache-2.0

/**
 * A processor made of the environment, for `node --import`.
 *
 * @module opentelemetry-exporter-optimizely/register
 */

import { isMainThread } from 'node:worker_threads';
import { shutdownOnSignals } from '../lifecycle/shutdown-on-signals.js';
import { createOptimizelySpanProcessorFromEnv } from '../processor/from-env.js';
import type { OptimizelySpanProcessor } from '../processor/optimizely-span-processor.js';
import { guardLogger } from '../util/guarded-logger.js';

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
  try {
    const options = process.env.OPTIMIZELY_FLUSH_ON_BEFORE_EXIT ? {} : { flushOnBeforeExit: true };
    const created = createOptimizelySpanProcessorFromEnv(options);
    // Signals reach the main thread only; --import runs in every worker.
    if (isMainThread) shutdownOnSignals(created);
    return created;
  } catch (error) {
    const why = error instanceof TypeError ? error.message : 'unexpected error';
    guardLogger().alert('OPTIMIZELY_BAD_OPTION', 'error', `nothing is recorded: ${why}`);
    return undefined;
  }
}
