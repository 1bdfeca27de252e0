// SPDX-License-Identifier: Apache-2.0
import { EvaluationEvents, type EvaluationEventsDependencies } from '../capture/evaluation-events.js';
import type { PackageLogger } from '../model/logger.js';
import { DEDUPE_TABLE, type DedupeOptions, resolveDedupe } from '../util/impression-dedupe.js';
import { type OptionTable, other } from '../util/options/option-table.js';
import { resolveMembers } from '../util/options/resolve-options.js';

/** Which flag evaluations become impressions. */
export interface EvaluationEventsOptions {
  /**
   * One impression per visitor, rule and variation in each time window. If false, each evaluation is recorded.
   *
   * @default on
   */
  dedupe?: DedupeOptions | boolean | undefined;
}

export const EVALUATION_EVENTS_TABLE = {
  dedupe: other<DedupeOptions | boolean>({ members: DEDUPE_TABLE }),
} satisfies OptionTable<EvaluationEventsOptions>;

/** @returns undefined if flag evaluations are left alone */
export function evaluationEvents(
  value: unknown,
  dependencies: Omit<EvaluationEventsDependencies, 'dedupe'> & { readonly logger: PackageLogger },
): EvaluationEvents | undefined {
  const { logger } = dependencies;
  if (value === undefined || value === false) return undefined;
  if (value !== true && (typeof value !== 'object' || value === null)) {
    const line = 'evaluationEvents must be true, false or { dedupe }; the default false is used instead';
    logger.alert('OPTIMIZELY_BAD_OPTION', 'info', line);
    return undefined;
  }
  const members = typeof value === 'object' ? value : undefined;
  const { dedupe } = resolveMembers('evaluationEvents', EVALUATION_EVENTS_TABLE, members, logger);
  return new EvaluationEvents({ ...dependencies, dedupe: resolveDedupe(dedupe, 'on', logger) });
}
