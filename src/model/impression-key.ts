// SPDX-License-Identifier: Apache-2.0

/** What two impressions share where the second adds nothing to the results: visitor, rule and variation. */
export interface ComparableImpression {
  readonly userId?: unknown;
  readonly flagKey?: unknown;
  readonly ruleKey?: unknown;
  readonly variationKey?: unknown;
  readonly experimentId?: unknown;
  readonly campaignId?: unknown;
  readonly variationId?: unknown;
}

/** Absent, null and `''` are the same, as where impressions are recorded. @throws whatever JSON.stringify throws */
export function impressionKey(impression: ComparableImpression): string {
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
