// SPDX-License-Identifier: Apache-2.0
import { OptimizelySpanProcessor, StaticProjectConfigManager } from 'opentelemetry-exporter-optimizely';
import type { Measure } from './compare.js';

const SMALL = 10;
const LARGE = 5_000;

/** Resolving an event is lookups, so it costs the same with any datafile; an update costs one pass over it. */
export function datafileMeasures(): Measure[] {
  const [small, large] = [makeDatafile(SMALL), makeDatafile(LARGE)];
  const parseOnly = (count: number) => {
    for (let n = 0; n < count; n++) JSON.parse(large);
  };
  return [
    {
      name: `recordImpression with ${LARGE} rules, 200 attributes, 2000 events`,
      peer: `the same with ${SMALL} rules`,
      count: 30_000,
      ours: recordsWith(large, LARGE),
      theirs: recordsWith(small, SMALL),
    },
    {
      name: `setDatafile, ${LARGE} rules`,
      peer: 'JSON.parse of it',
      count: 50,
      ours: updates(large),
      theirs: parseOnly,
    },
  ];
}

function recordsWith(datafile: string, rules: number) {
  const processor = new OptimizelySpanProcessor({
    datafile,
    maxQueueSize: 1_000_000,
    eventDispatcher: { dispatchEvent: async () => ({ statusCode: 204 }) },
  });
  return async (count: number) => {
    for (let n = 0; n < count; n++) {
      processor.recordImpression({
        userId: `user-${n}`,
        flagKey: `flag-${n % rules}`,
        ruleKey: `rule-${n % rules}`,
        variationKey: 'treatment',
        attributes: { 'attribute-0': 'a', 'attribute-1': n, 'attribute-2': true },
      });
    }
    await processor.forceFlush();
  };
}

function updates(datafile: string) {
  const manager = new StaticProjectConfigManager();
  return (count: number) => {
    for (let n = 0; n < count; n++) if (!manager.setDatafile(datafile)) throw new Error('refused');
  };
}

function makeDatafile(rules: number): string {
  const list = <T>(length: number, make: (index: number) => T) =>
    Array.from({ length }, (_, index) => make(index));
  const large = rules > SMALL;
  return JSON.stringify({
    version: '4',
    accountId: '1',
    projectId: '2',
    revision: '3',
    experiments: list(rules, index => ({
      id: `${10_000 + index}`,
      key: `rule-${index}`,
      layerId: `${20_000 + index}`,
      status: 'Running',
      variations: ['control', 'treatment'].map((key, side) => ({ id: `${30_000 + 2 * index + side}`, key })),
      trafficAllocation: [{ entityId: `${30_000 + 2 * index}`, endOfRange: 10_000 }],
      audienceIds: [],
    })),
    featureFlags: list(rules, index => ({
      id: `${50_000 + index}`,
      key: `flag-${index}`,
      experimentIds: [`${10_000 + index}`],
      rolloutId: '',
      variables: [],
    })),
    attributes: list(large ? 200 : 5, index => ({ id: `${60_000 + index}`, key: `attribute-${index}` })),
    events: list(large ? 2_000 : 5, index => ({
      id: `${70_000 + index}`,
      key: `event-${index}`,
      experimentIds: [],
    })),
  });
}
