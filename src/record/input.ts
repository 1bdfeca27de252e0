// SPDX-License-Identifier: Apache-2.0
import type { EventTags, RuleType, UserAttributes } from '../model/experiment-event.js';

/**
 * A user was shown a variation. `flagKey`, `ruleKey`, `experimentId` or `campaignId` must say of what; null counts as
 * absent, so that the members of an `OptimizelyDecision` can be passed as they are.
 */
export interface Impression {
  /** Optimizely's visitor id. Any string; never put it in clear text where it is personal data. */
  userId: string;
  /** Key of the flag; `''` or absent for an experiment outside any flag (Activate). */
  flagKey?: string | null | undefined;
  /** Key of the experiment, delivery rule or holdout that decided; `''` or absent if none did. */
  ruleKey?: string | null | undefined;
  /**
   * @default 'experiment' without a flag key. With one, what the datafile says that the flag's rule of this key is,
   * looked for as 'feature-test', 'rollout' and 'holdout'; without a rule key 'feature-test', a forced decision, if
   * there is a variation key, else 'rollout', a flag that decided nothing. So a decision of the official SDK, which
   * does not tell its rule's type, is recorded as that SDK would.
   */
  ruleType?: RuleType | null | undefined;
  /** Key of the variation that was shown. One that the datafile does not know is sent with a null id, and counted. */
  variationKey?: string | null | undefined;
  /** Whether the flag was on. @default true */
  enabled?: boolean | null | undefined;
  /** Wins over the id that the datafile gives. */
  experimentId?: string | null | undefined;
  /** Wins over the id that the datafile gives. */
  campaignId?: string | null | undefined;
  /** Wins over the id that the datafile gives. Optimizely knows digits only; anything else is sent as null. */
  variationId?: string | null | undefined;
  /** Of a contextual bandit's decision. */
  cmabUuid?: string | null | undefined;
  /** Attributes that the datafile does not know, and values but strings, booleans and numbers, are left out. */
  attributes?: UserAttributes | null | undefined;
  /** Milliseconds since the epoch. @default now */
  timestamp?: number | Date | null | undefined;
  /** De-duplication id. @default a random UUID */
  uuid?: string | null | undefined;
}

/** A user did what an experiment measures. */
export interface Conversion {
  /** Optimizely's visitor id: the same string as in the impressions. */
  userId: string;
  /** Key of an event of the datafile. */
  eventKey: string;
  /** Wins over the id that the datafile gives. */
  eventId?: string | null | undefined;
  /** Needed here too if results are to be segmented by them. */
  attributes?: UserAttributes | null | undefined;
  /**
   * Must serialize to a JSON object, 500 levels deep at most. `revenue` (an integer, in cents) and `value` (a number)
   * are reserved. As in Optimizely's JavaScript SDK numeric strings are read, and a fraction of a cent is cut off:
   * 42.5 is 42 cents. A value that is not a number stays a tag and is not counted.
   */
  tags?: EventTags | null | undefined;
  /** Milliseconds since the epoch. @default now */
  timestamp?: number | Date | null | undefined;
  /** De-duplication id. @default a random UUID */
  uuid?: string | null | undefined;
}
