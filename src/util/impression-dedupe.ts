// SPDX-License-Identifier: Apache-2.0
import type { PackageLogger } from '../model/logger.js';
import type { Runtime } from '../model/runtime.js';
import { count, millis, type OptionTable } from './options/option-table.js';
import { resolveMembers } from './options/resolve-options.js';
import { RecentKeys, type RecentKeysOptions } from './recent-keys.js';

/** Sends one impression per visitor, rule and variation in each time window. */
export interface DedupeOptions {
  /** Length of the window, from its first impression, in milliseconds of a monotonic clock. @default 1_800_000 */
  windowMillis?: number | undefined;
  /**
   * Number of impressions remembered. Beyond that, the least recently repeated are forgotten, a 32nd of them at once.
   *
   * @default 10_000
   */
  maxEntries?: number | undefined;
}

export const DEDUPE_TABLE = {
  windowMillis: millis(1_800_000),
  maxEntries: count(10_000, 'impressions'),
} satisfies OptionTable<DedupeOptions>;

/** @param fallback whether it is on where nothing is said, or nonsense */
export function resolveDedupe(
  value: unknown,
  fallback: 'on' | 'off',
  logger: PackageLogger,
): RecentKeysOptions | undefined {
  if (value === false || (value === undefined && fallback === 'off')) return undefined;
  if (value !== undefined && value !== true && (typeof value !== 'object' || value === null)) {
    const line = `dedupe must be true, false or { windowMillis, maxEntries }; it is ${fallback}`;
    logger.alert('OPTIMIZELY_BAD_OPTION', 'info', line);
    if (fallback === 'off') return undefined;
  }
  const members = typeof value === 'object' ? value : undefined;
  return resolveMembers('dedupe', DEDUPE_TABLE, members, logger);
}

/** Of an impression, checked or not, what makes it like another one. */
export interface ComparableImpression {
  readonly userId?: unknown;
  readonly flagKey?: unknown;
  readonly ruleKey?: unknown;
  readonly variationKey?: unknown;
  readonly experimentId?: unknown;
  readonly campaignId?: unknown;
  readonly variationId?: unknown;
}

/** Tells the first impression of a window from those that add nothing to it. */
export class ImpressionDedupe {
  readonly #recent: RecentKeys;
  readonly #runtime: Pick<Runtime, 'monotonic'>;

  constructor(options: RecentKeysOptions, runtime: Pick<Runtime, 'monotonic'>) {
    this.#recent = new RecentKeys(options);
    this.#runtime = runtime;
  }

  /** Whether it is the first of its window. @throws whatever JSON.stringify throws for one that was not checked */
  isFirst(impression: ComparableImpression): boolean {
    return this.#recent.add(keyOf(impression), this.#runtime.monotonic());
  }

  /** It was refused after all: the next one is the first. */
  forget(impression: ComparableImpression): void {
    this.#recent.delete(keyOf(impression));
  }
}

/**
 * A rule key may repeat across flags, and ids stand in for keys that are not given. Absent, null and `''` are the
 * same.
 */
function keyOf(impression: ComparableImpression): string {
  const { userId, flagKey, ruleKey, variationKey, experimentId, campaignId, variationId } = impression;
  return JSON.stringify([
    userId,
    flagKey || '',
    ruleKey || '',
    variationKey || '',
    experimentId || '',
    campaignId || '',
    variationId || '',
  ]);
}
