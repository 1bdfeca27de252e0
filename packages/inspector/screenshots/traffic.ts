// SPDX-License-Identifier: Apache-2.0
import { context, type Tracer } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import {
  OptimizelySpanProcessor,
  recordConversion,
  recordImpression,
} from 'opentelemetry-exporter-optimizely';
import { DATAFILE } from './datafile.js';

/** Always the same row of numbers in [0, 1). */
function makeRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

/** A shop's service with this package. */
export class Shop {
  readonly #processor: OptimizelySpanProcessor;
  readonly #tracer: Tracer;
  readonly #random = makeRandom(7);
  #visitors = 0;

  constructor(endpoint: string) {
    this.#processor = new OptimizelySpanProcessor({ datafile: DATAFILE, endpoint, batchSize: 10 });
    context.setGlobalContextManager(new AsyncLocalStorageContextManager());
    this.#tracer = new BasicTracerProvider({ spanProcessors: [this.#processor] }).getTracer('shop');
  }

  async letIn(visitors: number): Promise<void> {
    for (let number = 1; number <= visitors; number++) {
      this.#tracer.startActiveSpan('GET /', span => {
        this.#visit(`visitor-${String(++this.#visitors).padStart(4, '0')}`);
        span.end();
      });
      if (number % 50 === 0) await this.#processor.forceFlush();
    }
    await this.#processor.forceFlush();
  }

  close(): Promise<void> {
    return this.#processor.shutdown();
  }

  #visit(userId: string): void {
    const attributes = { device: this.#random() < 0.6 ? 'phone' : 'desktop' };
    const banner = this.#pick(['mountains', 'beach'], 0.5);
    // One variation is slow, and records its impression when some visitors have left.
    const flow = this.#pick(['three_steps', 'one_page'], 0.61);
    const ranking = this.#pick(['popular', 'newest', 'personal'], 1 / 3);
    recordImpression({ userId, ruleKey: 'hero_banner', variationKey: banner, attributes });
    recordImpression({
      userId,
      flagKey: 'checkout_flow',
      ruleKey: 'checkout_flow_test',
      variationKey: flow,
      attributes,
    });
    recordImpression({ userId, ruleKey: 'search_ranking', variationKey: ranking, attributes });
    const timestamp = Date.now() + 20;
    if (this.#random() < (banner === 'beach' ? 0.31 : 0.24)) {
      recordConversion({ userId, eventKey: 'add_to_cart', attributes, timestamp });
    }
    if (this.#random() < (flow === 'one_page' ? 0.13 : 0.1)) {
      const revenue = 1_500 + Math.floor(this.#random() * 9_000);
      recordConversion({
        userId,
        eventKey: 'purchase',
        attributes,
        tags: { revenue, sku: 'tent-2' },
        timestamp,
      });
    }
  }

  #pick<T>(items: readonly T[], first: number): T {
    const place = this.#random() < first ? 0 : 1 + Math.floor(this.#random() * (items.length - 1));
    return items[place] as T;
  }
}

/** What goes wrong in practice, from a service that builds its payloads by hand. */
export async function sendMistakes(endpoint: string): Promise<void> {
  const now = Date.now();
  const impression = (visitor: string, ids: [experiment: string, campaign: string, variation: string]) => ({
    visitor_id: visitor,
    attributes: [],
    snapshots: [
      {
        decisions: [
          {
            experiment_id: ids[0],
            campaign_id: ids[1],
            variation_id: ids[2],
            metadata: metadataOf('experiment'),
          },
        ],
        events: [{ entity_id: ids[1], key: 'campaign_activated', timestamp: now, uuid: crypto.randomUUID() }],
      },
    ],
  });
  const conversion = (visitor: string, event: object, attributes: object[] = []) => ({
    visitor_id: visitor,
    attributes,
    snapshots: [
      {
        events: [
          { entity_id: '50002', key: 'purchase', timestamp: now + 5, uuid: crypto.randomUUID(), ...event },
        ],
      },
    ],
  });
  const plan = { entity_id: 'plan', key: 'plan', type: 'custom', value: 'gold' };
  await post(endpoint, [
    impression('visitor-1001', ['30001', '300019', '300012']),
    impression('visitor-1002', ['30001', '300019', 'beach']),
    impression('visitor-1003', ['30004', '300049', '300042']),
    conversion('visitor-1001', { revenue: 42.5 }),
    conversion('visitor-1001', { value: '1.5' }),
    conversion('visitor-1001', { revenue: 4_200, tags: { receipt: 'ada@example.com', revenue: 4_200 } }),
  ]);
  const late = conversion('visitor-1004', { revenue: 1_999, tags: { revenue: 1_999 } }, [plan]);
  await post(endpoint, [late, impression('visitor-1005', ['30001', '300019', '300011'])]);
  await post(endpoint, [late, conversion('visitor-1005', { timestamp: Math.round(now / 1_000) })]);
}

function metadataOf(ruleType: string) {
  return { flag_key: '', rule_key: '', rule_type: ruleType, variation_key: '', enabled: true };
}

async function post(endpoint: string, visitors: object[]): Promise<void> {
  const batch = {
    account_id: DATAFILE.accountId,
    project_id: DATAFILE.projectId,
    revision: DATAFILE.revision,
    client_name: 'billing-service',
    client_version: '3.1',
    anonymize_ip: true,
    enrich_decisions: true,
    visitors,
  };
  const { status } = await fetch(endpoint, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(batch),
  });
  if (status !== 204) throw new Error(`answered ${status}`);
}
