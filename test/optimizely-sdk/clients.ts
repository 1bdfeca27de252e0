// SPDX-License-Identifier: Apache-2.0
import * as six from '@optimizely/optimizely-sdk';
import type { EventBatchParams } from 'opentelemetry-exporter-optimizely';
import type { SpanEventDispatcher } from 'opentelemetry-exporter-optimizely/optimizely-sdk';
import * as five from 'optimizely-sdk-5';

export type Version = 5 | 6;
export const VERSIONS: readonly Version[] = [5, 6];

type UserAttributes = Record<string, string | number | boolean | null>;

interface UserContext {
  decide(flagKey: string): Decision;
  decideForKeys(flagKeys: string[]): Record<string, Decision>;
  decideAll(): Record<string, Decision>;
  setForcedDecision(
    where: { flagKey: string; ruleKey?: string },
    decision: { variationKey: string },
  ): boolean;
  trackEvent(eventKey: string, tags?: Record<string, unknown>): void;
}

interface Decision {
  ruleKey: string | null;
  variationKey: string | null;
}

/** What an application calls: the same at both versions. */
export interface OfficialClient {
  createUserContext(userId: string, attributes?: UserAttributes): UserContext | null;
  activate(experimentKey: string, userId: string, attributes?: UserAttributes): string | null;
  track(eventKey: string, userId: string, attributes?: UserAttributes, tags?: Record<string, unknown>): void;
  setForcedVariation(experimentKey: string, userId: string, variationKey: string | null): boolean;
  isFeatureEnabled(flagKey: string, userId: string, attributes?: UserAttributes): boolean;
  /** @param heard called with each LogEvent, or at each new datafile */
  listen(type: 'LOG_EVENT' | 'OPTIMIZELY_CONFIG_UPDATE', heard: (payload: unknown) => void): void;
  getOptimizelyConfig(): { revision: string } | null;
  close(): Promise<unknown>;
}

export interface ClientOptions {
  datafile: object;
  eventDispatcher: SpanEventDispatcher;
  /** Of the SDK's own batches; 1: none. */
  batchSize?: number;
  /** Where the next datafile comes from; `%s` is the SDK key. */
  urlTemplate?: string;
}

const NEVER_MILLIS = 3_600_000;

/** The official SDK as its documentation sets it up, offline and silent. */
export function makeClient(version: Version, options: ClientOptions): OfficialClient {
  const client = version === 5 ? makeFive(options) : makeSix(options);
  // A datafile that it can't read would make every comparison pass with nothing to compare.
  if (client.getOptimizelyConfig() === null) throw new Error('the official SDK refuses the datafile');
  const names = version === 5 ? five.enums.NOTIFICATION_TYPES : six.NOTIFICATION_TYPES;
  const center = client.notificationCenter as {
    addNotificationListener(type: string, heard: (payload: unknown) => void): number;
  };
  return Object.assign(client as unknown as OfficialClient, {
    listen(type: keyof typeof names, heard: (payload: unknown) => void) {
      center.addNotificationListener(names[type], heard);
    },
  });
}

function makeFive({ datafile, eventDispatcher, batchSize = 1, urlTemplate }: ClientOptions): five.Client {
  const client = five.createInstance({
    datafile: JSON.stringify(datafile),
    eventDispatcher,
    eventBatchSize: batchSize,
    eventFlushInterval: NEVER_MILLIS,
    odpOptions: { disabled: true },
    ...(urlTemplate !== undefined && {
      sdkKey: 'sdk-key',
      datafileOptions: { autoUpdate: false, urlTemplate },
    }),
  });
  if (client === null) throw new Error('the official SDK refuses its options');
  return client;
}

function makeSix({ datafile, eventDispatcher, batchSize = 1, urlTemplate }: ClientOptions): six.Client {
  const text = JSON.stringify(datafile);
  return six.createInstance({
    projectConfigManager:
      urlTemplate === undefined
        ? six.createStaticProjectConfigManager({ datafile: text })
        : six.createPollingProjectConfigManager({
            datafile: text,
            sdkKey: 'sdk-key',
            autoUpdate: false,
            urlTemplate,
          }),
    eventProcessor:
      batchSize === 1
        ? six.createForwardingEventProcessor(eventDispatcher)
        : six.createBatchEventProcessor({ eventDispatcher, batchSize, flushInterval: NEVER_MILLIS }),
  });
}

export interface SentBatch {
  url: string;
  params: EventBatchParams;
}

/** Keeps what the official SDK would have sent, as the wire would have it. */
export class CapturingDispatcher implements SpanEventDispatcher {
  readonly sent: SentBatch[] = [];

  /** @param next gets it too */
  constructor(next?: SpanEventDispatcher) {
    this.dispatchEvent = async (logEvent, callback) => {
      this.sent.push(JSON.parse(JSON.stringify(logEvent)) as SentBatch);
      if (next !== undefined) return next.dispatchEvent(logEvent, callback);
      callback?.({ statusCode: 204 });
      return { statusCode: 204 };
    };
  }

  readonly dispatchEvent: SpanEventDispatcher['dispatchEvent'];
}
