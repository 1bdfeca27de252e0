// SPDX-License-Identifier: Apache-2.0
import type { Logger } from './logger.js';
import type { RecentKeysOptions } from './recent-keys.js';
import { positiveOr } from './resolve-options.js';

/** One impression per visitor, rule and variation a window. */
export interface EvaluationDedupeOptions {
  /** How long an impression stands for those like it, milliseconds of a monotonic clock. @default 1_800_000 */
  windowMillis?: number | undefined;
  /** Impressions that are remembered; past it the least recently seen is forgotten. @default 10_000 */
  maxEntries?: number | undefined;
}

/** For flag evaluations, which are many and each no more than a hint that something was shown: on unless `false`. */
export function resolveEvaluationDedupe(value: unknown, logger: Logger): RecentKeysOptions | undefined {
  if (value === false) return undefined;
  if (value !== undefined && value !== true && (typeof value !== 'object' || value === null)) {
    logger.info('dedupe must be { windowMillis, maxEntries } or false; the default is used instead');
  }
  const { windowMillis, maxEntries } = Object(value) as EvaluationDedupeOptions;
  return {
    windowMillis: positiveOr(1_800_000, 'dedupe.windowMillis', windowMillis, logger),
    maxEntries: positiveOr(10_000, 'dedupe.maxEntries', maxEntries, logger, { integer: true }),
  };
}
