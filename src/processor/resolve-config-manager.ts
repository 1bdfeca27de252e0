// SPDX-License-Identifier: Apache-2.0

import { PollingProjectConfigManager } from '../datafile/polling-project-config-manager.js';
import {
  requireDatafileType,
  StaticProjectConfigManager,
} from '../datafile/static-project-config-manager.js';
import type { ProjectConfigManager } from '../model/datafile-index.js';
import type { PackageLogger } from '../model/logger.js';
import { resolveOption } from '../util/options/resolve-options.js';
import { unknownOptions } from '../util/options/unknown-options.js';
import { hasMember } from '../util/own-members.js';
import { SOURCES_TABLE, SPAN_PROCESSOR } from './processor-option-tables.js';
import type { OptimizelySpanProcessorOptions } from './processor-options.js';

const SOURCES = 'give one of { datafile }, { sdkKey } and { projectConfigManager }';

/**
 * @param given the options as the application wrote them: what was meant as a source is among them
 * @throws TypeError if there is no source or more than one
 */
export function requireOneSource(
  { datafile, sdkKey, projectConfigManager }: Partial<OptimizelySpanProcessorOptions>,
  given: object | null | undefined,
): void {
  const sources = [datafile, sdkKey, projectConfigManager].filter(source => source !== undefined).length;
  if (sources === 1) return;
  const count = sources === 0 ? 'no datafile source' : 'more than one datafile source';
  const meant = sources === 0 ? meantAsSource(given ?? {}) : [];
  throw new TypeError([`OptimizelySpanProcessor has ${count}: ${SOURCES}`, ...meant].join('; '));
}

/** The process ends at the error, before a warning that names the option is shown. */
function meantAsSource(given: object): string[] {
  const unset = Object.keys(SOURCES_TABLE)
    .filter(name => hasMember(given, name))
    .map(name => `${name} is undefined: set the variable that it is read from`);
  return [...unset, ...unknownOptions(SPAN_PROCESSOR, given)];
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
