// SPDX-License-Identifier: Apache-2.0
import {
  type Client,
  createBatchEventProcessor,
  createForwardingEventProcessor,
  createInstance,
  createStaticProjectConfigManager,
  type EventDispatcher,
  type EventTags,
  type OptimizelyDecision,
  type OptimizelyUserContext,
  type UserAttributes,
} from '@optimizely/optimizely-sdk';
import type { EventBatchParams } from 'opentelemetry-exporter-optimizely';

/** What Optimizely's own SDK would have sent, after the round trip through JSON that the wire is. */
export interface OfficialLogEvent {
  url: string;
  httpVerb: string;
  params: EventBatchParams;
}

export interface OfficialUser {
  id: string;
  /** Anything: what the SDK's types forbid is what has to be tried. */
  attributes?: unknown;
}

/** Without a rule key: whatever rule decides, or none. */
export interface ForcedDecision {
  flagKey: string;
  ruleKey?: string;
  variationKey: string;
}

/** What the application gets back, and the requests that went out meanwhile. */
export interface Answer<T> {
  result: T;
  sent: OfficialLogEvent[];
}

export interface OfficialSdkOptions {
  /** One request for all events, made by `close()`, in place of one request an event. */
  batch?: boolean;
  /** `%s` is the rule id: where contextual bandits are asked. */
  cmabEndpoint?: string;
}

/**
 * The referee: `@optimizely/optimizely-sdk` on a datafile, offline and silent. All that it sends is kept. Its static
 * config manager and its forwarding processor are synchronous, so one instance costs a fraction of a millisecond.
 */
export class OfficialSdk {
  readonly client: Client;
  readonly #batch: boolean;
  #sent: OfficialLogEvent[] = [];

  constructor(datafile: object, { batch = false, cmabEndpoint }: OfficialSdkOptions = {}) {
    this.#batch = batch;
    const eventDispatcher: EventDispatcher = {
      dispatchEvent: async logEvent => {
        this.#sent.push(JSON.parse(JSON.stringify(logEvent)) as OfficialLogEvent);
        return { statusCode: 204 };
      },
    };
    this.client = createInstance({
      projectConfigManager: createStaticProjectConfigManager({ datafile: JSON.stringify(datafile) }),
      eventProcessor: batch
        ? createBatchEventProcessor({ eventDispatcher, batchSize: 1_000, flushInterval: 3_600_000 })
        : createForwardingEventProcessor(eventDispatcher),
      ...(cmabEndpoint !== undefined && { cmab: { predictionEndpointTemplate: cmabEndpoint } }),
    });
    // A datafile that it can't read would make every comparison pass with nothing to compare.
    if (this.client.getOptimizelyConfig() === null) throw new Error('the official SDK refuses the datafile');
  }

  /** What was sent since it was last asked, in order. */
  takeSent(): OfficialLogEvent[] {
    const sent = this.#sent;
    this.#sent = [];
    return sent;
  }

  /** One decision for each key; an unknown one too gets an answer. */
  decideForKeys(
    user: OfficialUser,
    flagKeys: string[],
    forced: readonly ForcedDecision[] = [],
  ): Answer<Record<string, OptimizelyDecision>> {
    return this.#answer(this.#context(user, forced).decideForKeys(flagKeys));
  }

  /** The answer for one flag, waiting for what only the network can decide: contextual bandits. */
  async decideAsync(user: OfficialUser, flagKey: string): Promise<Answer<OptimizelyDecision>> {
    return this.#answer(await this.#context(user, []).decideAsync(flagKey));
  }

  decideAll(
    user: OfficialUser,
    forced: readonly ForcedDecision[] = [],
  ): Answer<Record<string, OptimizelyDecision>> {
    return this.#answer(this.#context(user, forced).decideAll());
  }

  isFeatureEnabled(user: OfficialUser, flagKey: string): Answer<boolean> {
    return this.#answer(this.client.isFeatureEnabled(flagKey, user.id, user.attributes as UserAttributes));
  }

  /** @param forcedVariationKey forced with `setForcedVariation` before */
  activate(user: OfficialUser, experimentKey: string, forcedVariationKey?: string): Answer<string | null> {
    if (forcedVariationKey !== undefined) {
      this.client.setForcedVariation(experimentKey, user.id, forcedVariationKey);
    }
    return this.#answer(this.client.activate(experimentKey, user.id, user.attributes as UserAttributes));
  }

  track(user: OfficialUser, eventKey: string, tags?: unknown): Answer<void> {
    return this.#answer(
      this.client.track(eventKey, user.id, user.attributes as UserAttributes, tags as EventTags),
    );
  }

  /** What had not been sent yet. */
  async close(): Promise<OfficialLogEvent[]> {
    // Its batch processor queues an event a few microtasks late, and loses those of the tick in which it is closed.
    if (this.#batch) await new Promise<void>(resolve => setImmediate(resolve));
    await this.client.close();
    return this.takeSent();
  }

  #context({ id, attributes }: OfficialUser, forced: readonly ForcedDecision[]): OptimizelyUserContext {
    const context = this.client.createUserContext(id, attributes as UserAttributes);
    for (const { variationKey, ...where } of forced) context.setForcedDecision(where, { variationKey });
    return context;
  }

  #answer<T>(result: T): Answer<T> {
    return { result, sent: this.takeSent() };
  }
}
