// SPDX-License-Identifier: Apache-2.0

/** `experiment`: an A/B test outside any flag; `feature-test`: one of a flag; `rollout`: a delivery rule. */
export type RuleType = 'experiment' | 'feature-test' | 'rollout' | 'holdout';

export const RULE_TYPES: readonly RuleType[] = ['experiment', 'feature-test', 'rollout', 'holdout'];

/** What Optimizely takes as the value of a user attribute; of numbers, finite ones up to 2^53. */
export type AttributeValue = string | number | boolean;
/** Values by attribute key; null and undefined count as absent. */
export type UserAttributes = Record<string, AttributeValue | null | undefined>;
/** Values by tag; `revenue` (an integer, in cents) and `value` (a number) are Optimizely's own. */
export type EventTags = Record<string, unknown>;

interface RecordedEvent {
  /** Optimizely's visitor_id. Any string. */
  readonly userId: string;
  /** Stays with the event through retries and restarts: Optimizely counts an event sent twice once. */
  readonly uuid: string;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  readonly attributes?: Readonly<UserAttributes> | undefined;
}

/** A checked impression: a user saw a variation. */
export interface ExperimentImpression extends RecordedEvent {
  readonly type: 'impression';
  /** `''` for an experiment outside any flag. */
  readonly flagKey: string;
  /** `''` where no rule decided. */
  readonly ruleKey: string;
  /** Undefined if the datafile decides. */
  readonly ruleType?: RuleType | undefined;
  readonly variationKey: string;
  readonly enabled: boolean;
  readonly experimentId?: string | undefined;
  readonly campaignId?: string | undefined;
  readonly variationId?: string | undefined;
  readonly cmabUuid?: string | undefined;
  /** Of a flag evaluation before the first datafile: the rule is looked for when that comes. */
  readonly inferRule?: true | undefined;
}

/** A checked conversion: a user did what an experiment measures. */
export interface ExperimentConversion extends RecordedEvent {
  readonly type: 'conversion';
  readonly eventKey: string;
  readonly eventId?: string | undefined;
  readonly tags?: Readonly<EventTags> | undefined;
  /** The `revenue` tag as Optimizely reads it: an integer, in cents. */
  readonly revenue?: number | undefined;
  /** The `value` tag as Optimizely reads it. */
  readonly value?: number | undefined;
}

/** An experiment event as it was recorded: keys, not yet ids. */
export type ExperimentEvent = ExperimentImpression | ExperimentConversion;
/** `impression` or `conversion`. */
export type ExperimentEventType = ExperimentEvent['type'];
