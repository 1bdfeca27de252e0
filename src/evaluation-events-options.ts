// SPDX-License-Identifier: Apache-2.0
import { EvaluationEvents, type EvaluationEventsDependencies } from './capture/evaluation-events.js';
import { type DedupeOptions, resolveDedupe } from './model/impression-dedupe.js';

/** Which flag evaluations become impressions. */
export interface EvaluationEventsOptions {
  /** One impression per visitor, rule and variation a window; false: one an evaluation. @default on */
  dedupe?: DedupeOptions | boolean | undefined;
}

/** undefined: flag evaluations are left alone. */
export function evaluationEvents(
  value: unknown,
  dependencies: Omit<EvaluationEventsDependencies, 'dedupe'>,
): EvaluationEvents | undefined {
  const { logger } = dependencies;
  if (value === undefined || value === false) return undefined;
  if (value !== true && (typeof value !== 'object' || value === null)) {
    logger.info('evaluationEvents must be true, false or { dedupe }; the default false is used instead');
    return undefined;
  }
  const { dedupe } = Object(value) as EvaluationEventsOptions;
  return new EvaluationEvents({ ...dependencies, dedupe: resolveDedupe(dedupe, 'on', logger) });
}
