// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';

const EXPERIMENTS = 20;
const EVENTS_A_BATCH = 50;
/** A visitor is exposed to two experiments, and every second one buys. */
const EVENTS_A_VISITOR = 2.5;

/** Twenty experiments that measure ten events. */
export function inspectorDatafile(): Record<string, unknown> {
  const ids = Array.from({ length: EXPERIMENTS }, (_, n) => String(10_000 + n));
  return {
    version: '4',
    accountId: '1',
    projectId: '2',
    revision: '42',
    experiments: ids.map(id => ({
      id,
      key: `experiment_${id}`,
      layerId: `${id}9`,
      status: 'Running',
      variations: [
        { id: `${id}1`, key: 'control' },
        { id: `${id}2`, key: 'treatment' },
      ],
      trafficAllocation: [
        { entityId: `${id}1`, endOfRange: 5_000 },
        { entityId: `${id}2`, endOfRange: 10_000 },
      ],
    })),
    events: Array.from({ length: 10 }, (_, n) => ({
      id: String(500 + n),
      key: `event_${n}`,
      experimentIds: ids,
    })),
    attributes: [{ id: '700', key: 'plan' }],
    featureFlags: [],
    rollouts: [],
    groups: [],
  };
}

/** Batches as a service sends them, each of other visitors. */
export class InspectorTraffic {
  #visitor = 0;
  #event = 0;

  /** The next batch, of so many events. */
  next(events = EVENTS_A_BATCH): string {
    const visitors = Array.from({ length: events }, () => this.#visitorOf(this.#event++));
    return JSON.stringify({
      account_id: '1',
      project_id: '2',
      revision: '42',
      client_name: 'bench',
      client_version: '1',
      anonymize_ip: true,
      enrich_decisions: true,
      visitors,
    });
  }

  #visitorOf(n: number): object {
    const isNew = n % EVENTS_A_VISITOR < 1;
    if (isNew) this.#visitor++;
    const visitor = this.#visitor;
    const attributes = [
      { entity_id: '700', key: 'plan', type: 'custom', value: visitor % 3 === 0 ? 'gold' : 'free' },
    ];
    const base = {
      visitor_id: `visitor-${visitor}-${(visitor * 2_654_435_761) % 4_294_967_296}`,
      attributes,
    };
    const timestamp = Date.now();
    const uuid = randomUUID();
    if (n % 5 === 4) {
      const id = String(500 + (visitor % 10));
      const tags = { revenue: 4_200, sku: `sku-${visitor % 97}` };
      const event = {
        entity_id: id,
        key: `event_${visitor % 10}`,
        timestamp: timestamp + 5,
        uuid,
        revenue: 4_200,
        tags,
      };
      return { ...base, snapshots: [{ events: [event] }] };
    }
    const id = String(10_000 + ((visitor + n) % EXPERIMENTS));
    const variation = Math.imul(visitor, 2_654_435_761) >= 0 ? '1' : '2';
    const decision = {
      campaign_id: `${id}9`,
      experiment_id: id,
      variation_id: `${id}${variation}`,
      metadata: {
        flag_key: '',
        rule_key: `experiment_${id}`,
        rule_type: 'experiment',
        variation_key: variation === '1' ? 'control' : 'treatment',
        enabled: true,
      },
    };
    const event = { entity_id: `${id}9`, key: 'campaign_activated', timestamp, uuid };
    return { ...base, snapshots: [{ decisions: [decision], events: [event] }] };
  }
}
