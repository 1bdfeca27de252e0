// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import {
  POLLING_PROJECT_CONFIG_MANAGER,
  PollingProjectConfigManager,
  type PollingProjectConfigManagerOptions,
} from '../datafile/polling-project-config-manager.js';
import { StaticProjectConfigManager } from '../datafile/static-project-config-manager.js';
import type { Datafile } from '../model/datafile-index.js';
import type { Logger, PackageLogger } from '../model/logger.js';
import { decodeText } from '../util/decode-text.js';
import { errorLabel } from '../util/error-label.js';
import { takeOptions } from '../util/options/take-options.js';
import { hasPlaceForKey } from '../util/url-template.js';
import { EnvReader } from './env-reader.js';
import { OptimizelySpanProcessor } from './optimizely-span-processor.js';
import { SOURCES_TABLE, SPAN_PROCESSOR } from './processor-option-tables.js';
import type { OptimizelySpanProcessorOptions } from './processor-options.js';

/**
 * Makes a processor of the environment: `OPTIMIZELY_SDK_KEY` or `OPTIMIZELY_DATAFILE_PATH`, and a variable for each
 * scalar option, listed in docs/options.md. Empty counts as unset; what makes no sense is warned about and ignored.
 *
 * @param options win over the environment
 * @throws TypeError if neither the environment nor `options` names a source of the datafile
 */
export function createOptimizelySpanProcessorFromEnv(
  options: OptimizelySpanProcessorOptions = {},
): OptimizelySpanProcessor {
  return createFromEnv(options);
}

const FROM_ENV = {
  name: 'createOptimizelySpanProcessorFromEnv',
  example: 'createOptimizelySpanProcessorFromEnv({ datafile })',
  table: SPAN_PROCESSOR.table,
};
const SOURCE_NAMES = Object.keys(SOURCES_TABLE);

/**
 * @param fallback hears what is wrong with the environment where the options have no logger
 * @throws TypeError as {@link createOptimizelySpanProcessorFromEnv}
 */
export function createFromEnv(
  given: OptimizelySpanProcessorOptions,
  fallback?: Logger | undefined,
): OptimizelySpanProcessor {
  const { options, logger } = takeOptions(FROM_ENV, given, fallback);
  const env = new EnvReader(logger);
  env.noteMisspelled([SPAN_PROCESSOR.table, POLLING_PROJECT_CONFIG_MANAGER.table]);
  return new OptimizelySpanProcessor({
    ...env.options(without(SPAN_PROCESSOR.table, SOURCE_NAMES)),
    ...readSource(env, logger, options),
    ...withoutUnset(without(options, SOURCE_NAMES)),
  });
}

/** An SDK key of the options is used as one of the environment is: with its token, address and interval. */
function readSource(
  env: EnvReader,
  envLogger: PackageLogger,
  options: Partial<OptimizelySpanProcessorOptions>,
): Partial<OptimizelySpanProcessorOptions> {
  const { datafile, projectConfigManager, sdkKey, logger, runtime } = options;
  // Of several sources, or one of a wrong type, the processor says what is wrong.
  if (datafile !== undefined || projectConfigManager !== undefined) {
    return withoutUnset({ datafile, projectConfigManager, sdkKey });
  }
  const polling: PollingProjectConfigManagerOptions = {
    ...env.options(without(POLLING_PROJECT_CONFIG_MANAGER.table, ['datafile'])),
    ...withoutUnset({ sdkKey }),
  };
  const fromFile = readDatafile(env.text('OPTIMIZELY_DATAFILE_PATH'), envLogger);
  const needsNoKey = polling.urlTemplate !== undefined && !hasPlaceForKey(polling.urlTemplate);
  if (polling.sdkKey !== undefined || needsNoKey) {
    const manager = new PollingProjectConfigManager({ ...polling, datafile: fromFile, logger, runtime });
    return { projectConfigManager: manager };
  }
  if (fromFile !== undefined) {
    return { projectConfigManager: new StaticProjectConfigManager({ datafile: fromFile, logger }) };
  }
  throw new TypeError(
    'set OPTIMIZELY_SDK_KEY or OPTIMIZELY_DATAFILE_PATH, or pass { datafile } or { sdkKey }',
  );
}

/** A file that can't be read does not stop the service: as a datafile of bad content, it leaves events held. */
function readDatafile(path: string | undefined, logger: PackageLogger): Datafile | undefined {
  if (path === undefined) return undefined;
  try {
    return decodeText(readFileSync(path));
  } catch (error) {
    logger.error(`OPTIMIZELY_DATAFILE_PATH cannot be read: ${errorLabel(error)}`);
    return '';
  }
}

function without<T extends object>(members: T, names: readonly string[]): T {
  return Object.fromEntries(Object.entries(members).filter(([name]) => !names.includes(name))) as T;
}

function withoutUnset<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}
