// SPDX-License-Identifier: Apache-2.0
import * as official from '@optimizely/optimizely-sdk';
import { recordConversion, recordImpression } from 'opentelemetry-exporter-optimizely';
import { cpuNanosEach } from './harness/compare.js';
import type { Row, Size } from './harness/row.js';
import {
  BytesDispatcher,
  deliverAll,
  makeProcessor,
  registerContextManager,
  requireSameInformation,
} from './ours.js';
import { DATAFILE, FLAG_KEY, inputs, inTurns, makeConversion, makeImpression, turn } from './workload.js';

/**
 * From the call that records to the text that a dispatcher would send. Same datafile, users, attributes, tags and
 * batch size; `count` is a multiple of it, so that on both sides every event leaves in a full batch. The official
 * dispatcher stringifies `params`, as the one that the SDK brings does. Both make bytes of the body. CPU time of whole
 * rounds: collections are part of it, on other threads too.
 */
export function rows({ short }: Size): Row[] {
  registerContextManager();
  const count = short ? 1_000 : 50_000;
  return [
    { batchSize: 10, atLeast: 5.5 },
    { batchSize: 1_000, atLeast: 5 },
  ].flatMap(({ batchSize, atLeast }) => [
    {
      name: `recordConversion to body, batches of ${batchSize}, CPU time`,
      peer: 'official track()',
      unit: 'ns',
      target: { atLeast },
      rounds: 9,
      open: () => openConversions(count, batchSize),
    },
    {
      name: `recordImpression to body, batches of ${batchSize}, CPU time`,
      peer: 'event part of official decide()',
      unit: 'ns',
      target: { atLeast: 5 },
      rounds: 9,
      open: () => openImpressions(count, batchSize),
    },
  ]);
}

async function openConversions(count: number, batchSize: number) {
  const conversions = inputs(count, makeConversion);
  const { client, theirSum, received } = await makeOfficial(batchSize);
  return {
    ...ours(batchSize, count, n => recordConversion(conversions[n] as (typeof conversions)[0]), theirSum),
    theirs: () =>
      cpuNanosEach(count, async () => {
        await inTurns(count, n => {
          const { eventKey, userId, attributes, tags } = conversions[n] as (typeof conversions)[0];
          client.track(eventKey, userId, attributes, tags as official.EventTags);
        });
        await received(count);
      }),
  };
}

/** The event part: a decision, less the same decision with the option that keeps its event back. */
async function openImpressions(count: number, batchSize: number) {
  const impressions = inputs(count, makeImpression);
  const { client, theirSum, received } = await makeOfficial(batchSize);
  const decide = (options: official.OptimizelyDecideOption[]) =>
    inTurns(count, n => {
      const { userId, attributes } = impressions[n] as (typeof impressions)[0];
      const decision = client.createUserContext(userId, attributes).decide(FLAG_KEY, options);
      if (decision.variationKey !== 'treatment') throw new Error('no impression');
    });
  const { DISABLE_DECISION_EVENT } = official.OptimizelyDecideOption;
  return {
    ...ours(batchSize, count, n => recordImpression(impressions[n] as (typeof impressions)[0]), theirSum),
    theirs: async () => {
      const whole = await cpuNanosEach(count, async () => {
        await decide([]);
        await received(count);
      });
      return whole - (await cpuNanosEach(count, () => decide([DISABLE_DECISION_EVENT])));
    },
  };
}

function ours(batchSize: number, count: number, record: (n: number) => void, theirSum: TheirSum) {
  const eventDispatcher = new BytesDispatcher();
  const processor = makeProcessor({ batchSize, eventDispatcher });
  return {
    ours: () =>
      cpuNanosEach(count, async () => {
        await inTurns(count, record);
        await deliverAll(processor);
      }),
    close: async () => {
      if (eventDispatcher.requests * batchSize !== processor.ledger().recorded)
        throw new Error('a batch was not full');
      // The last batch of each holds the same users.
      requireSameInformation(JSON.parse(eventDispatcher.lastBody), JSON.parse(theirSum.lastBody));
      await processor.shutdown();
    },
  };
}

interface TheirSum {
  visitors: number;
  bytes: number;
  lastBody: string;
}

async function makeOfficial(batchSize: number) {
  const theirSum: TheirSum = { visitors: 0, bytes: 0, lastBody: '' };
  const client = official.createInstance({
    projectConfigManager: official.createStaticProjectConfigManager({ datafile: DATAFILE }),
    eventProcessor: official.createBatchEventProcessor({
      batchSize,
      flushInterval: 3_600_000,
      eventDispatcher: {
        dispatchEvent: async ({ params }) => {
          theirSum.lastBody = JSON.stringify(params);
          theirSum.bytes += Buffer.from(theirSum.lastBody).length;
          theirSum.visitors += params.visitors.length;
          return { statusCode: 204 };
        },
      },
    }),
  });
  await client.onReady();
  let expected = 0;
  const received = async (count: number) => {
    expected += count;
    for (let turns = 0; theirSum.visitors < expected; turns++) {
      if (turns === 10_000) throw new Error(`${theirSum.visitors} of ${expected} events delivered`);
      await turn();
    }
    if (theirSum.visitors !== expected) throw new Error('more events than were recorded');
  };
  return { client, theirSum, received };
}
