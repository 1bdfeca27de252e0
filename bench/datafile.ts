// SPDX-License-Identifier: Apache-2.0
import { StaticProjectConfigManager } from 'opentelemetry-exporter-optimizely';
import { nanosEach } from './compare.js';
import { CountingDispatcher, deliverAll, makeProcessor, registerContextManager } from './ours.js';
import type { Row, Size } from './row.js';
import { inTurns } from './workload.js';

const SMALL = 10;
const LARGE = 5_000;

/** Resolving an event is lookups, so it costs the same with any datafile; an update costs one pass over it. */
export function rows({ short }: Size): Row[] {
  registerContextManager();
  const [records, updates] = short ? [1_000, 2] : [20_000, 10];
  return [
    {
      name: `recordImpression with ${LARGE} rules, 200 attributes, 2000 events`,
      peer: `the same with ${SMALL} rules`,
      unit: 'ns',
      open: () => ({ ours: recordsWith(LARGE, records), theirs: recordsWith(SMALL, records) }),
    },
    {
      name: `setDatafile, ${LARGE} rules`,
      peer: 'JSON.parse of it',
      unit: 'ns',
      open: () => openUpdates(updates),
    },
  ];
}

function recordsWith(rules: number, count: number) {
  const processor = makeProcessor({
    datafile: makeDatafile(rules),
    eventDispatcher: new CountingDispatcher(),
  });
  const record = (n: number) =>
    processor.recordImpression({
      userId: `user-${n}`,
      flagKey: `flag-${n % rules}`,
      ruleKey: `rule-${n % rules}`,
      variationKey: 'treatment',
      attributes: { 'attribute-0': 'a', 'attribute-1': n, 'attribute-2': true },
    });
  return () =>
    nanosEach(count, async () => {
      await inTurns(count, record);
      await deliverAll(processor);
    });
}

function openUpdates(count: number) {
  const datafile = makeDatafile(LARGE);
  const manager = new StaticProjectConfigManager();
  const repeat = (work: () => unknown) => () =>
    nanosEach(count, () => {
      for (let n = 0; n < count; n++) if (!work()) throw new Error('refused');
    });
  return { ours: repeat(() => manager.setDatafile(datafile)), theirs: repeat(() => JSON.parse(datafile)) };
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
