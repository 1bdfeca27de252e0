// SPDX-License-Identifier: Apache-2.0

import { PollingProjectConfigManager } from '../datafile/polling-project-config-manager.js';
import {
  requireDatafileType,
  StaticProjectConfigManager,
} from '../datafile/static-project-config-manager.js';
import type { ProjectConfigManager } from '../model/datafile-index.js';
import type { PackageLogger } from '../model/logger.js';
import { resolveOption } from '../util/options/resolve-options.js';
import { SOURCES_TABLE } from './processor-option-tables.js';
import type { OptimizelySpanProcessorOptions } from './processor-options.js';

const SOURCES = 'give one of { datafile }, { sdkKey } and { projectConfigManager }';

/** @throws TypeError if there is no source or more than one */
export function requireOneSource({
  datafile,
  sdkKey,
  projectConfigManager,
}: OptimizelySpanProcessorOptions): void {
  const given = [datafile, sdkKey, projectConfigManager].filter(source => source !== undefined).length;
  if (given === 1) return;
  throw new TypeError(
    `OptimizelySpanProcessor has ${given === 0 ? 'no datafile source' : 'more than one datafile source'}: ${SOURCES}`,
  );
}

/** @throws TypeError if the source has the wrong type */
export function resolveConfigManager(
  options: OptimizelySpanProcessorOptions,
  logger: PackageLogger,
): ProjectConfigManager {
  const { datafile, sdkKey, projectConfigManager, runtime } = options;
  if (sdkKey !== undefined) return new PollingProjectConfigManager({ sdkKey, logger, runtime });
  if (projectConfigManager !== undefined) {
    resolveOption('projectConfigManager', SOURCES_TABLE.projectConfigManager, projectConfigManager, logger);
    return projectConfigManager;
  }
  requireDatafileType(datafile);
  return new StaticProjectConfigManager({ datafile, logger });
}

/**
 * Makes what uses a manager that polls already, and would go on for ever where that fails.
 *
 * @param manager undefined if it is the application's own
 * @throws what `make` throws
 */
export function stoppingIfItFails<T>(manager: ProjectConfigManager | undefined, make: () => T): T {
  try {
    return make();
  } catch (error) {
    void manager?.stop?.();
    throw error;
  }
}
