// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import * as official from '@optimizely/optimizely-sdk';
import { OptimizelySpanProcessor } from 'opentelemetry-exporter-optimizely';
import type { Measure } from './compare.js';

const ATTRIBUTES = { plan: 'gold', country: 'SE', logins: 12 };
const TAGS = { revenue: 4200, value: 1.5, sku: 'ABC-123' };

const DATAFILE = JSON.stringify({
  version: '4',
  accountId: '12001',
  projectId: '15001',
  revision: '42',
  experiments: [],
  groups: [],
  rollouts: [],
  featureFlags: [],
  anonymizeIP: false,
  events: [{ id: '300', key: 'purchase', experimentIds: [] }],
  attributes: Object.keys(ATTRIBUTES).map((key, index) => ({ id: String(400 + index), key })),
});

/** From the call that records to the text that a dispatcher would send. */
export async function conversionMeasures(): Promise<Measure[]> {
  const measures: Measure[] = [];
  for (const batchSize of [10, 1000]) {
    const { track, close } = await officialTrack(batchSize);
    measures.push({
      name: `recordConversion to body, batches of ${batchSize}`,
      peer: "official SDK's track()",
      count: 20_000,
      ours: ourRecord(batchSize),
      theirs: track,
      close,
    });
  }
  measures.push({
    name: 'recordConversion to body, batches of 10',
    peer: 'randomUUID + JSON.stringify of the visitor',
    count: 100_000,
    ours: ourRecord(10),
    theirs: plainWay,
  });
  return measures;
}

function ourRecord(batchSize: number) {
  let bytes = 0;
  const processor = new OptimizelySpanProcessor({
    datafile: DATAFILE,
    batchSize,
    maxQueueSize: 1_000_000,
    eventDispatcher: {
      dispatchEvent: async logEvent => {
        bytes += logEvent.body.length;
        return { statusCode: 204 };
      },
    },
  });
  return async (count: number) => {
    for (let n = 0; n < count; n++) {
      processor.recordConversion({
        userId: `user-${n}`,
        eventKey: 'purchase',
        attributes: ATTRIBUTES,
        tags: TAGS,
      });
    }
    await processor.forceFlush();
    if (bytes === 0) throw new Error('nothing was delivered');
  };
}

async function officialTrack(batchSize: number) {
  let bytes = 0;
  let received = 0;
  const client = official.createInstance({
    projectConfigManager: official.createStaticProjectConfigManager({ datafile: DATAFILE }),
    eventProcessor: official.createBatchEventProcessor({
      batchSize,
      flushInterval: 30_000,
      eventDispatcher: {
        dispatchEvent: async logEvent => {
          bytes += JSON.stringify(logEvent.params).length;
          received += logEvent.params.visitors.length;
          return { statusCode: 204 };
        },
      },
    }),
  });
  await client.onReady();
  const track = async (count: number) => {
    const before = received;
    for (let n = 0; n < count; n++) client.track('purchase', `user-${n}`, ATTRIBUTES, { ...TAGS });
    // What is left in an unfinished batch is less than one batch; it is not waited for.
    while (received - before < count - batchSize) await new Promise(resolve => setImmediate(resolve));
    if (bytes === 0 && count > batchSize) throw new Error('nothing was delivered');
  };
  return { track, close: () => void client.close() };
}

function plainWay(count: number): void {
  let bytes = 0;
  for (let n = 0; n < count; n++) {
    bytes += JSON.stringify({
      visitor_id: `user-${n}`,
      attributes: Object.entries(ATTRIBUTES).map(([key, value]) => ({
        entity_id: '400',
        key,
        type: 'custom',
        value,
      })),
      snapshots: [
        {
          events: [
            {
              entity_id: '300',
              key: 'purchase',
              timestamp: Date.now(),
              uuid: randomUUID(),
              revenue: 4200,
              value: 1.5,
              tags: TAGS,
            },
          ],
        },
      ],
    }).length;
  }
  if (bytes === 0) throw new Error('nothing was serialised');
}
