// SPDX-License-Identifier: Apache-2.0
//
// An OpenFeature provider over Optimizely's own SDK, in small: what it puts into the flag metadata is what OptimizelyHook
// reads. Any provider will do that says which rule has decided.
import {
  type EvaluationContext,
  FlagNotFoundError,
  type JsonValue,
  type Provider,
  type ResolutionDetails,
  TargetingKeyMissingError,
} from '@openfeature/server-sdk';
import {
  type Client,
  createInstance,
  createStaticProjectConfigManager,
  OptimizelyDecideOption,
  type OptimizelyDecision,
  type UserAttributes,
} from '@optimizely/optimizely-sdk';

export class OptimizelyProvider implements Provider {
  readonly metadata = { name: 'optimizely' };
  readonly runsOn = 'server';
  readonly #client: Client;

  constructor(datafile: object) {
    this.#client = createInstance({
      projectConfigManager: createStaticProjectConfigManager({ datafile: JSON.stringify(datafile) }),
      // The impressions are the hook's business: else each would be sent twice.
      defaultDecideOptions: [OptimizelyDecideOption.DISABLE_DECISION_EVENT],
    });
  }

  async resolveBooleanEvaluation(flagKey: string, _: boolean, context: EvaluationContext) {
    return this.#decide(flagKey, context, ({ enabled }) => enabled);
  }

  async resolveStringEvaluation(flagKey: string, defaultValue: string, context: EvaluationContext) {
    return this.#decide(flagKey, context, ({ variationKey }) => variationKey ?? defaultValue);
  }

  async resolveNumberEvaluation(_: string, defaultValue: number) {
    return { value: defaultValue, reason: 'DEFAULT' };
  }

  async resolveObjectEvaluation<T extends JsonValue>(flagKey: string, _: T, context: EvaluationContext) {
    return this.#decide(flagKey, context, ({ variables }) => variables as T);
  }

  #decide<T>(
    flagKey: string,
    { targetingKey, ...attributes }: EvaluationContext,
    read: (decision: OptimizelyDecision) => T,
  ): ResolutionDetails<T> {
    if (targetingKey === undefined) throw new TargetingKeyMissingError();
    const decision = this.#client
      .createUserContext(targetingKey, attributes as UserAttributes)
      .decide(flagKey);
    const { variationKey, ruleKey, enabled } = decision;
    if (variationKey === null) throw new FlagNotFoundError();
    return {
      value: read(decision),
      variant: variationKey,
      reason: 'TARGETING_MATCH',
      flagMetadata: { enabled, ...(ruleKey !== null && { ruleKey }) },
    };
  }
}
