// SPDX-License-Identifier: Apache-2.0
import { RULE_TYPES, type RuleType } from '../model/experiment-event.js';
import * as semconv from '../model/semantic-conventions.js';
import type { Impression } from '../record/input.js';
import { subjectOf } from './evaluation-context.js';
import type { EvaluationDetailsLike, HookContextLike } from './openfeature-types.js';

/**
 * Where providers put the members of a decision: by Optimizely's name, in snake case, behind `optimizely.`, or by the
 * attribute's name of this package's span events. The first that is there counts.
 */
const SPELLINGS = {
  flagKey: spellings('flagKey', 'flag_key', semconv.ATTR_FEATURE_FLAG_KEY),
  ruleKey: [
    ...spellings('ruleKey', 'rule_key', semconv.ATTR_OPTIMIZELY_RULE_KEY),
    ...spellings('experimentKey', 'experiment_key'),
  ],
  ruleType: spellings('ruleType', 'rule_type', semconv.ATTR_OPTIMIZELY_RULE_TYPE),
  variationKey: spellings('variationKey', 'variation_key', semconv.ATTR_FEATURE_FLAG_RESULT_VARIANT),
  enabled: spellings('enabled', 'enabled', semconv.ATTR_OPTIMIZELY_DECISION_ENABLED),
  experimentId: spellings('experimentId', 'experiment_id', semconv.ATTR_OPTIMIZELY_EXPERIMENT_ID),
  campaignId: spellings('campaignId', 'campaign_id', semconv.ATTR_OPTIMIZELY_CAMPAIGN_ID),
  variationId: spellings('variationId', 'variation_id', semconv.ATTR_OPTIMIZELY_VARIATION_ID),
  cmabUuid: spellings('cmabUuid', 'cmab_uuid', semconv.ATTR_OPTIMIZELY_CMAB_UUID),
} as const;

function spellings(camel: string, snake: string, ...more: string[]): readonly string[] {
  return [camel, snake, `optimizely.${camel}`, ...more];
}

/**
 * The mapping that {@link OptimizelyHook} uses by default. An evaluation is an experiment decision if its flag metadata
 * name a rule or an experiment and a variation is known, by metadata or as the variant.
 *
 * The reason does not decide, an error apart: providers give the arm that has the flag off the reason `DISABLED` or
 * `DEFAULT`, and to leave out one arm of an experiment is worse than to leave out all of it. A rule of the type
 * `rollout` is not an experiment. A rule key without a type may be a delivery rule's: the datafile knows, and such an
 * impression is sent only where the project sends flag decisions, as by the official SDK.
 *
 * @returns undefined if the evaluation is not an experiment decision
 */
export function impressionFromEvaluation(
  details: EvaluationDetailsLike,
  hookContext: HookContextLike,
): Impression | undefined {
  if (details.errorCode !== undefined || details.reason === 'ERROR') return undefined;
  const metadata = details.flagMetadata ?? {};
  const text = (field: keyof typeof SPELLINGS) => textOf(read(metadata, field));
  const ruleKey = text('ruleKey');
  const experimentId = text('experimentId');
  if (ruleKey === undefined && experimentId === undefined) return undefined;
  const ruleType = RULE_TYPES.find(type => type === read(metadata, 'ruleType'));
  if (ruleType === 'rollout') return undefined;
  const variationKey = text('variationKey') ?? textOf(details.variant);
  const variationId = text('variationId');
  if (variationKey === undefined && variationId === undefined) return undefined;
  return {
    ...subjectOf(hookContext.context),
    flagKey: flagKeyOf(metadata, ruleType, hookContext),
    ruleKey,
    ruleType,
    variationKey,
    enabled: isEnabled(metadata, details),
    experimentId,
    campaignId: text('campaignId'),
    variationId,
    cmabUuid: text('cmabUuid'),
  };
}

/** A plain experiment has no flag: the key that was evaluated is then only the provider's name for it. */
function flagKeyOf(
  metadata: Readonly<Record<string, unknown>>,
  ruleType: RuleType | undefined,
  { flagKey }: HookContextLike,
): string {
  if (ruleType === 'experiment') return '';
  const given = read(metadata, 'flagKey');
  return typeof given === 'string' ? given : flagKey;
}

/** Without a word from the metadata: Optimizely providers resolve a boolean flag to whether it is on. */
function isEnabled(metadata: Readonly<Record<string, unknown>>, details: EvaluationDetailsLike): boolean {
  const given = read(metadata, 'enabled');
  if (typeof given === 'boolean') return given;
  if (details.reason === 'DISABLED') return false;
  return typeof details.value === 'boolean' ? details.value : true;
}

function read(metadata: Readonly<Record<string, unknown>>, field: keyof typeof SPELLINGS): unknown {
  for (const name of SPELLINGS[field]) {
    if (Object.hasOwn(metadata, name) && metadata[name] !== undefined) return metadata[name];
  }
  return undefined;
}

/** Ids of Optimizely are numerals, and flag metadata may hold numbers. `''` says nothing. */
function textOf(value: unknown): string | undefined {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}
