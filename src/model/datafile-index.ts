// SPDX-License-Identifier: Apache-2.0
import type { EventContext } from './event-context.js';
import type { RuleType } from './experiment-event.js';
import type { InferredRule } from './inferred-rule.js';

/** A datafile: Optimizely's JSON text, or the object it holds. */
export type Datafile = string | object;

/** A rule of a datafile: an experiment, a delivery rule of a rollout, or a holdout. */
export interface Rule {
  /** As it stands in the datafile. */
  readonly id: string;
  /** `layerId` where it is not empty, else the id, else null. */
  readonly campaignId: string | null;
  /** Variation ids by key; the last of a key counts. */
  readonly variationIds: ReadonlyMap<string, string>;
}

/** A datafile prepared for lookups: nothing in it is scanned when an event is resolved. */
export interface DatafileIndex {
  readonly context: EventContext;
  readonly sendFlagDecisions: boolean;
  hasFlag(flagKey: string): boolean;
  findRule(ruleType: RuleType, flagKey: string, ruleKey: string): Rule | undefined;
  findRuleById(id: string): Rule | undefined;
  /** Looks among all variations of the flag: forced decisions, feature rollouts. */
  findFlagVariationId(flagKey: string, variationKey: string): string | undefined;
  /** The experiment of a flag's variation, for evaluations that do not name their rule. */
  inferRule(flagKey: string, variationKey: string): InferredRule;
  findEventId(eventKey: string): string | undefined;
  /** JSON text of the attribute up to its value; undefined if the attribute is not sent. */
  attributeOpening(key: string): string | undefined;
}

/**
 * Says which datafile is in force. Write your own around whatever brings you datafiles: the official SDK, a
 * webhook, a file. `{ accountId, projectId, revision }` alone is enough where all events carry explicit ids.
 */
export interface ProjectConfigManager {
  /**
   * Asked at each event, so it must be cheap. Text is known by its characters. An object may be made anew each time: it
   * is taken for the one before while its scalars (`accountId`, `projectId`, `revision`, …) and the lengths of its lists
   * are the same, and its whole content is compared once a second, or as seldom as keeps comparing to a hundredth of the
   * time. null, undefined, a throw or a promise leaves the datafile before it in force.
   */
  getConfig(): DatafileIndex | Datafile | null | undefined;
  /**
   * Call the listener whenever another datafile is in force: a new revision then flushes at once. May return its own
   * undo.
   */
  onUpdate?(listener: () => void): unknown;
  /**
   * Resolves when the first datafile is in force, or when none will come in time. A flush or a shutdown waits for it,
   * within its own limit, while events are held.
   */
  onReady?(options?: { timeoutMillis?: number | undefined }): Promise<unknown>;
  /** Called when the processor that uses it is shut down. */
  stop?(): unknown;
}
