// SPDX-License-Identifier: Apache-2.0
import type { EventTags, RuleType, UserAttributes } from '../model/experiment-event.js';

/**
 * A user was shown a variation. At least one of `flagKey`, `ruleKey`, `experimentId` and `campaignId` is required. null
 * counts as absent. A decision of Optimizely's SDK can be passed as it is.
 */
export interface Impression {
  /** Optimizely's visitor id. Any string; use an opaque id if it would be personal data. */
  userId: string;
  /** Key of the flag; `''` or absent for an experiment outside any flag (Activate). */
  flagKey?: string | null | undefined;
  /** Key of the experiment, delivery rule or holdout that decided; `''` or absent if none did. */
  ruleKey?: string | null | undefined;
  /**
   * The type of the rule. A decision of the official SDK does not contain it; the default records such a decision as
   * that SDK would.
   *
   * @default 'experiment' without a flag key. With a flag key and a rule key, the type of that rule in the datafile,
   * looked up as 'feature-test', 'rollout' and 'holdout' in this order. With a flag key alone, 'feature-test' (a forced
   * decision) if there is a variation key, else 'rollout' (a flag that decided nothing).
   */
  ruleType?: RuleType | null | undefined;
  /** Key of the variation that was shown. If the datafile does not have it, a null id is sent, and counted. */
  variationKey?: string | null | undefined;
  /** Whether the flag was on. @default true */
  enabled?: boolean | null | undefined;
  /** Takes precedence over the id in the datafile. */
  experimentId?: string | null | undefined;
  /** Takes precedence over the id in the datafile. */
  campaignId?: string | null | undefined;
  /** Takes precedence over the id in the datafile. Optimizely's ids consist of digits; anything else is sent as null. */
  variationId?: string | null | undefined;
  /** The uuid of a contextual bandit's decision. */
  cmabUuid?: string | null | undefined;
  /** Attributes that the datafile does not have, and values other than strings, booleans and numbers, are left out. */
  attributes?: UserAttributes | null | undefined;
  /** Milliseconds since the epoch. @default now */
  timestamp?: number | Date | null | undefined;
  /** Deduplication id: events with the same one and the same timestamp count once. @default a random UUID */
  uuid?: string | null | undefined;
}

/**
 * A decision as `decide()`, `decideForKeys()` and `decideAll()` of Optimizely's JavaScript SDK return it, versions 5 and 6,
 * for `recordImpression(decision)`. The user id and the attributes are those of its user context. A decision of a flag
 * that decided nothing has null keys, and is recorded as that SDK would; one that failed (the SDK was not ready, or does
 * not know the flag) is refused.
 *
 * Members of an {@link Impression} may be added, and take precedence: `recordImpression({ ...decision, timestamp })`.
 */
export interface OptimizelyDecision extends Omit<Impression, 'userId'> {
  userId?: string | null | undefined;
  flagKey: string;
  /** null if no rule decided. */
  ruleKey: string | null;
  /** null if no variation was decided. */
  variationKey: string | null;
  enabled: boolean;
  /**
   * Whom the decision was made for: a user context of Optimizely's SDK, or its user id and attributes as plain members,
   * as in a copy of it, and in Optimizely's SDK for React.
   */
  userContext:
    | { getUserId(): string; getAttributes(): object }
    | { readonly userId: string; readonly attributes?: object | null | undefined }
    | { readonly id: string | null; readonly attributes?: object | null | undefined };
  /** Read only to tell a decision that failed. */
  reasons?: readonly string[] | undefined;
}

/** A user did what an experiment measures. */
export interface Conversion {
  /** Optimizely's visitor id: the same string as in the impressions. */
  userId: string;
  /** Key of an event in the datafile. */
  eventKey: string;
  /** Takes precedence over the id in the datafile. */
  eventId?: string | null | undefined;
  /** Attributes of the user. Conversions need them too if results are to be segmented by them. */
  attributes?: UserAttributes | null | undefined;
  /**
   * Tags of the event. They must serialize to a JSON object, 500 levels deep at most. `revenue` (an integer, in
   * cents) and `value` (a number) are reserved. As in Optimizely's JavaScript SDK numeric strings are read, and a
   * fraction of a cent is cut off: 42.5 is 42 cents. A value that is not a number stays a tag and is not counted.
   */
  tags?: EventTags | null | undefined;
  /** Milliseconds since the epoch. @default now */
  timestamp?: number | Date | null | undefined;
  /** Deduplication id: events with the same one and the same timestamp count once. @default a random UUID */
  uuid?: string | null | undefined;
}
