// SPDX-License-Identifier: Apache-2.0
import type { Conversion, EventTags, Impression } from 'opentelemetry-exporter-optimizely';

export const FLAG_KEY = 'checkout_flow';
export const ATTRIBUTE_IDS: Readonly<Record<string, string>> = { plan: '400', country: '401', logins: '402' };
export const EVENT_IDS: Readonly<Record<string, string>> = { purchase: '300' };
/** Of the one rule, whatever the user: everybody is in the treatment, so each decision is an impression. */
export const DECISION = { campaignId: '20', experimentId: '200', variationId: '2002' };

export const DATAFILE = JSON.stringify({
  version: '4',
  accountId: '12001',
  projectId: '15001',
  revision: '42',
  anonymizeIP: false,
  experiments: [
    {
      id: DECISION.experimentId,
      key: 'checkout_test',
      layerId: DECISION.campaignId,
      status: 'Running',
      audienceIds: [],
      forcedVariations: {},
      variations: [
        { id: '2001', key: 'control', featureEnabled: true, variables: [] },
        { id: DECISION.variationId, key: 'treatment', featureEnabled: true, variables: [] },
      ],
      trafficAllocation: [{ entityId: DECISION.variationId, endOfRange: 10_000 }],
    },
  ],
  groups: [],
  rollouts: [],
  featureFlags: [
    { id: '50', key: FLAG_KEY, experimentIds: [DECISION.experimentId], rolloutId: '', variables: [] },
  ],
  events: Object.entries(EVENT_IDS).map(([key, id]) => ({ id, key, experimentIds: [] })),
  attributes: Object.entries(ATTRIBUTE_IDS).map(([key, id]) => ({ id, key })),
});

type Attributes = Record<string, string | number | boolean>;
export type ConversionInput = Conversion & { attributes: Attributes; tags: EventTags };
export type ImpressionInput = Impression & { attributes: Attributes };

/** Three attributes, three tags, a user of its own: what differs between requests differs here. */
export function makeConversion(n: number, userId = `user-${n}`): ConversionInput {
  const tags = { revenue: 100 + (n % 5_000), value: (n % 7) + 0.5, sku: `SKU-${n % 3_000}` };
  return { userId, eventKey: 'purchase', attributes: makeAttributes(n), tags };
}

/** As an application passes the official SDK's decision on. */
export function makeImpression(n: number, userId = `user-${n}`): ImpressionInput {
  return {
    userId,
    flagKey: FLAG_KEY,
    ruleKey: 'checkout_test',
    variationKey: 'treatment',
    enabled: true,
    attributes: makeAttributes(n),
  };
}

function makeAttributes(n: number) {
  return { plan: n % 3 === 0 ? 'gold' : 'basic', country: n % 2 === 0 ? 'SE' : 'PL', logins: n % 1_000 };
}

/**
 * Made in advance where making them would blur the ratio. Through JSON, since user ids come from requests as flat
 * strings, not as ropes whose flattening the first reader pays for.
 */
export function inputs<T>(count: number, make: (n: number) => T): T[] {
  return JSON.parse(JSON.stringify(Array.from({ length: count }, (_, n) => make(n)))) as T[];
}

export const EVENTS_A_TURN = 100;

/**
 * Every side that records goes through here: as in a service under load, the event loop turns now and then, so that
 * batches, which both sides send asynchronously, leave while more is recorded.
 */
export async function inTurns(
  count: number,
  record: (n: number) => void,
  eventsATurn = EVENTS_A_TURN,
): Promise<void> {
  for (let n = 0; n < count; n++) {
    record(n);
    if (n % eventsATurn === eventsATurn - 1) await turn();
  }
}

export function turn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve));
}
