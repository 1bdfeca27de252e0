// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { EnvReader } from './env-reader.js';
import { decodeText } from './model/decode-text.js';
import { errorLabel, guardLogger, type Logger } from './model/logger.js';
import type { Datafile } from './model/project-config.js';
import { OptimizelySpanProcessor } from './optimizely-span-processor.js';
import {
  PollingProjectConfigManager,
  type PollingProjectConfigManagerOptions,
} from './polling-project-config-manager.js';
import { type OptimizelySpanProcessorOptions, SIGNALS, SPAN_ATTRIBUTES } from './processor-options.js';
import { StaticProjectConfigManager } from './resolve/static-project-config-manager.js';

/**
 * Makes a processor of the environment: `OPTIMIZELY_SDK_KEY` or `OPTIMIZELY_DATAFILE_PATH`, and a variable for each
 * scalar option, listed in docs/options.md. Empty counts as unset; what makes no sense is warned about and ignored.
 *
 * @param options win over the environment
 * @throws TypeError neither the environment nor `options` says where the datafile is
 */
export function createOptimizelySpanProcessorFromEnv(
  options: OptimizelySpanProcessorOptions = {},
): OptimizelySpanProcessor {
  return createFromEnv(options, options.logger);
}

/**
 * @param given hears what is wrong with the environment
 * @throws TypeError as {@link createOptimizelySpanProcessorFromEnv}
 */
export function createFromEnv(
  options: OptimizelySpanProcessorOptions,
  given?: Logger | undefined,
): OptimizelySpanProcessor {
  const logger = guardLogger(given);
  const env = new EnvReader(logger);
  return new OptimizelySpanProcessor(
    withoutUnset({
      ...withoutUnset(readOptions(env)),
      ...(hasSource(options) ? {} : readSource(env, logger, options)),
      ...withoutUnset(options),
    }),
  );
}

function readOptions(env: EnvReader): OptimizelySpanProcessorOptions {
  const retry = withoutUnset({
    initialDelayMillis: env.positiveNumber('OPTIMIZELY_RETRY_INITIAL_DELAY_MILLIS'),
    maxDelayMillis: env.positiveNumber('OPTIMIZELY_RETRY_MAX_DELAY_MILLIS'),
    maxAgeMillis: env.positiveNumber('OPTIMIZELY_RETRY_MAX_AGE_MILLIS'),
  });
  return {
    endpoint: env.httpUrl('OPTIMIZELY_EVENTS_ENDPOINT'),
    strict: env.boolean('OPTIMIZELY_STRICT'),
    batchSize: env.positiveInteger('OPTIMIZELY_BATCH_SIZE'),
    flushIntervalMillis: env.positiveNumber('OPTIMIZELY_FLUSH_INTERVAL_MILLIS'),
    timeoutIntervalMillis: env.positiveNumber('OPTIMIZELY_TIMEOUT_INTERVAL_MILLIS'),
    startOnInit: env.boolean('OPTIMIZELY_START_ON_INIT'),
    maxQueueSize: env.positiveInteger('OPTIMIZELY_MAX_QUEUE_SIZE'),
    maxQueueBytes: env.positiveNumber('OPTIMIZELY_MAX_QUEUE_BYTES'),
    maxPayloadBytes: env.positiveNumber('OPTIMIZELY_MAX_PAYLOAD_BYTES'),
    requestTimeoutMillis: env.positiveNumber('OPTIMIZELY_REQUEST_TIMEOUT_MILLIS'),
    maxConcurrentRequests: env.positiveInteger('OPTIMIZELY_MAX_CONCURRENT_REQUESTS'),
    retry: Object.keys(retry).length > 0 ? retry : undefined,
    spanAttributes: env.oneOf('OPTIMIZELY_SPAN_ATTRIBUTES', SPAN_ATTRIBUTES),
    signal: env.oneOf('OPTIMIZELY_SIGNAL', SIGNALS),
    flushOnBeforeExit: env.boolean('OPTIMIZELY_FLUSH_ON_BEFORE_EXIT'),
  };
}

function hasSource({ datafile, sdkKey, projectConfigManager }: OptimizelySpanProcessorOptions): boolean {
  return [datafile, sdkKey, projectConfigManager].some(source => source !== undefined);
}

function readSource(
  env: EnvReader,
  logger: Logger,
  { runtime }: OptimizelySpanProcessorOptions,
): OptimizelySpanProcessorOptions {
  const datafile = readDatafile(env.text('OPTIMIZELY_DATAFILE_PATH'), logger);
  const sdkKey = env.text('OPTIMIZELY_SDK_KEY');
  if (sdkKey !== undefined) {
    const polling: PollingProjectConfigManagerOptions = {
      sdkKey,
      datafile,
      datafileAccessToken: env.text('OPTIMIZELY_DATAFILE_ACCESS_TOKEN'),
      urlTemplate: env.httpUrl('OPTIMIZELY_DATAFILE_URL_TEMPLATE'),
      updateIntervalMillis: env.positiveNumber('OPTIMIZELY_DATAFILE_UPDATE_INTERVAL_MILLIS'),
      logger,
      runtime,
    };
    return { projectConfigManager: new PollingProjectConfigManager(polling) };
  }
  if (datafile !== undefined) {
    return { projectConfigManager: new StaticProjectConfigManager({ datafile, logger }) };
  }
  throw new TypeError(
    'set OPTIMIZELY_SDK_KEY or OPTIMIZELY_DATAFILE_PATH, or pass { datafile } or { sdkKey }',
  );
}

/** A file that can't be read does not stop the service: as a datafile of bad content, it leaves events held. */
function readDatafile(path: string | undefined, logger: Logger): Datafile | undefined {
  if (path === undefined) return undefined;
  try {
    return decodeText(readFileSync(path));
  } catch (error) {
    logger.error(`OPTIMIZELY_DATAFILE_PATH cannot be read: ${errorLabel(error)}`);
    return '';
  }
}

function withoutUnset<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}
