// SPDX-License-Identifier: Apache-2.0
import {
  POLLING_PROJECT_CONFIG_MANAGER,
  PollingProjectConfigManager,
  type PollingProjectConfigManagerOptions,
} from '../datafile/polling-project-config-manager.js';
import { StaticProjectConfigManager } from '../datafile/static-project-config-manager.js';
import type { PackageLogger } from '../model/logger.js';
import { takeOptions } from '../util/options/take-options.js';
import { hasPlaceForKey } from '../util/url-template.js';
import { EnvReader } from './env-reader.js';
import { OptimizelySpanProcessor } from './optimizely-span-processor.js';
import { SOURCES_TABLE, SPAN_PROCESSOR } from './processor-option-tables.js';
import type { OptimizelySpanProcessorOptions } from './processor-options.js';
import { readDatafileFile } from './read-datafile-file.js';
import { stoppingIfItFails } from './resolve-config-manager.js';

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
  const { options: taken, logger } = takeOptions(FROM_ENV, options);
  const env = new EnvReader(logger);
  env.noteMisspelled([SPAN_PROCESSOR.table, POLLING_PROJECT_CONFIG_MANAGER.table]);
  const source = readSource(env, logger, taken);
  const ownManager = taken.projectConfigManager === undefined ? source.projectConfigManager : undefined;
  return stoppingIfItFails(
    ownManager,
    () =>
      new OptimizelySpanProcessor({
        // The endpoint is read by the class that uses it.
        ...env.options(without(SPAN_PROCESSOR.table, [...SOURCE_NAMES, 'endpoint'])),
        ...source,
        ...withoutUnset(without(taken, SOURCE_NAMES)),
      }),
  );
}

const FROM_ENV = {
  name: 'createOptimizelySpanProcessorFromEnv',
  example: 'createOptimizelySpanProcessorFromEnv({ datafile })',
  table: SPAN_PROCESSOR.table,
};
const SOURCE_NAMES = Object.keys(SOURCES_TABLE);

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
  const path = env.text('OPTIMIZELY_DATAFILE_PATH');
  const needsNoKey = polling.urlTemplate !== undefined && !hasPlaceForKey(polling.urlTemplate);
  const isFetched = polling.sdkKey !== undefined || needsNoKey;
  // A file that can't be used does not stop the service: as with a datafile of bad content, events wait.
  const fromFile =
    path && readDatafileFile(path, isFetched ? 'one is fetched' : 'one is there at a restart', envLogger);
  if (isFetched) {
    const manager = new PollingProjectConfigManager({ ...polling, datafile: fromFile, logger, runtime });
    return { projectConfigManager: manager };
  }
  if (path !== undefined) {
    return { projectConfigManager: new StaticProjectConfigManager({ datafile: fromFile, logger }) };
  }
  throw new TypeError(
    'set OPTIMIZELY_SDK_KEY or OPTIMIZELY_DATAFILE_PATH, or pass { datafile } or { sdkKey }',
  );
}

function without<T extends object>(members: T, names: readonly string[]): T {
  return Object.fromEntries(Object.entries(members).filter(([name]) => !names.includes(name))) as T;
}

function withoutUnset<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}
