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
 * Provides the datafile in force. Write your own for any source of datafiles: the official SDK, a webhook, a file. If
 * all events carry explicit ids, `{ accountId, projectId, revision }` is enough.
 */
export interface ProjectConfigManager {
  /**
   * Called for each event, so it must be cheap. Texts are compared by their characters. An object may be a new one
   * each time: it counts as the same datafile while its scalars (`accountId`, `projectId`, `revision`, …) and the
   * lengths of its lists are the same. Its whole content is compared once a second, or less often if that would take more than one
   * percent of the time. After null, undefined, a throw or a promise the previous datafile stays in force.
   */
  getConfig(): DatafileIndex | Datafile | null | undefined;
  /**
   * Call the listener whenever another datafile is in force: a new revision then flushes at once. May return its own
   * undo.
   */
  onUpdate?(listener: () => void): unknown;
  /**
   * Resolves when the first datafile is in force, or when none will arrive in time. A flush or a shutdown waits for it,
   * within its own limit, while events wait for a datafile.
   */
  onReady?(options?: { timeoutMillis?: number | undefined }): Promise<unknown>;
  /** Called when the processor that uses it is shut down. */
  stop?(): unknown;
}
