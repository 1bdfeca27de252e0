// SPDX-License-Identifier: Apache-2.0

import type { Logger, PackageLogger } from '../../model/logger.js';
import { guardLogger } from '../guarded-logger.js';
import { memberOf } from '../own-members.js';
import { beginStartup } from '../unheard-lines.js';
import { LOGGER } from './common-option-rows.js';
import { copyOptions } from './copy-options.js';
import type { OptionsOwner } from './option-table.js';
import { requireMethods } from './resolve-options.js';
import { noteUnknownOptions } from './unknown-options.js';

/**
 * The first thing that a constructor does with its options: copies them, and tells of those that it does not have.
 *
 * @param fallback hears of them where the owner has no `logger` option or it is not set. @default OpenTelemetry's `diag`
 * @returns the copy, whose values are not checked yet, and the logger to use
 * @throws TypeError if the argument is not options, can't be read, or has a `logger` that is not a logger
 */
export function takeOptions<Options extends object>(
  owner: OptionsOwner,
  given: Options | null | undefined,
  fallback?: Logger,
): { readonly options: Partial<Options>; readonly logger: PackageLogger } {
  beginStartup();
  const options = copyOptions(owner, given);
  const own = memberOf(options as { logger?: Logger | null }, 'logger');
  if (own !== undefined && own !== null)
    requireMethods('logger', own, LOGGER.methods ?? [], LOGGER.example ?? '');
  const logger = guardLogger(own ?? fallback);
  noteUnknownOptions(owner, given, logger);
  return { options, logger };
}
