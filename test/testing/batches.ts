// SPDX-License-Identifier: Apache-2.0
import {
  type LocalEventsEndpointOptions,
  startLocalEventsEndpoint,
} from 'opentelemetry-exporter-optimizely/testing';

export const NOW = 1_700_000_000_000;

export const DATAFILE = {
  version: '4',
  accountId: 'account-1',
  projectId: 'project-1',
  revision: '7',
  experiments: [
    { id: '100', key: 'banner', layerId: '10', status: 'Running', variations: [{ id: '1001', key: 'a' }] },
    { id: '101', key: 'old', layerId: '11', status: 'Paused', variations: [{ id: '1011', key: 'a' }] },
    { id: '200', key: 'checkout', layerId: '20', status: 'Running', variations: [{ id: '2001', key: 'on' }] },
  ],
  groups: [
    { id: '1', experiments: [{ id: '110', key: 'grouped', layerId: '', variations: [{ id: '1101' }] }] },
  ],
  rollouts: [
    {
      id: '900',
      experiments: [{ id: '910', layerId: '90', status: 'Not started', variations: [{ id: '9101' }] }],
    },
  ],
  featureFlags: [{ id: '50', key: 'checkout', experimentIds: ['200'], rolloutId: '900' }],
  holdouts: [{ id: '500', key: 'all', layerId: '51', status: 'Running', variations: [{ id: '5001' }] }],
  localHoldouts: [
    { id: '600', key: 'some', status: 'Running', includedRules: ['100'], variations: [{ id: '6001' }] },
    { id: '601', key: 'none', status: 'Running', includedRules: [], variations: [{ id: '6011' }] },
  ],
  events: [{ id: '300', key: 'purchase' }],
};

let made = 0;

interface Parts {
  visitorId?: unknown;
  event?: Record<string, unknown>;
  decision?: Record<string, unknown>;
  metadata?: Record<string, unknown>;
}

/** An impression of experiment 100, ten seconds ago. */
export function impression({ visitorId = 'ada', event, decision, metadata }: Parts = {}) {
  const decided = {
    campaign_id: '10',
    experiment_id: '100',
    variation_id: '1001',
    metadata: {
      flag_key: '',
      rule_key: 'banner',
      rule_type: 'experiment',
      variation_key: 'a',
      enabled: true,
      ...metadata,
    },
    ...decision,
  };
  const activated = {
    entity_id: decided.campaign_id,
    timestamp: NOW - 10_000,
    key: 'campaign_activated',
    uuid: `impression-${++made}`,
    ...event,
  };
  return {
    visitor_id: visitorId,
    attributes: [],
    snapshots: [{ decisions: [decided], events: [activated] }],
  };
}

/** A conversion five seconds ago. */
export function conversion({ visitorId = 'ada', event }: Parts = {}) {
  const converted = {
    entity_id: '300',
    timestamp: NOW - 5_000,
    key: 'purchase',
    uuid: `conversion-${++made}`,
    ...event,
  };
  return { visitor_id: visitorId, attributes: [], snapshots: [{ events: [converted] }] };
}

export function batchOf(visitors: unknown, overrides: Record<string, unknown> = {}) {
  return {
    account_id: 'account-1',
    project_id: 'project-1',
    revision: '7',
    client_name: 'test',
    client_version: '1',
    anonymize_ip: false,
    enrich_decisions: true,
    visitors,
    ...overrides,
  };
}

/** An endpoint whose clock stands at `NOW`, and what a test does with it. Close it with `await using`. */
export async function makeEndpoint(options: LocalEventsEndpointOptions = {}) {
  const endpoint = await startLocalEventsEndpoint({ now: () => NOW, ...options });
  const post = async (body: string | object, headers: Record<string, string> = {}) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const response = await fetch(endpoint.url, { method: 'POST', body: text, headers });
    return { status: response.status, text: await response.text() };
  };
  return {
    endpoint,
    post,
    /** Sends visitors as one batch. */
    send: (...visitors: unknown[]) => post(batchOf(visitors)),
    /** Codes of the problems of each event received, in order. */
    codes: () => endpoint.batches.flatMap(({ events }) => events.map(codesOf)),
    [Symbol.asyncDispose]: () => endpoint.close(),
  };
}

export function codesOf({ problems }: { problems: readonly { code: string }[] }): string[] {
  return problems.map(({ code }) => code);
}
