// SPDX-License-Identifier: Apache-2.0
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { PollingProjectConfigManager, StaticProjectConfigManager } from 'opentelemetry-exporter-optimizely';
import { nanosEach } from './harness/compare.js';
import { longestBlockDuring } from './harness/longest-block.js';
import type { Row, Size } from './harness/row.js';
import { CountingDispatcher, deliverAll, makeProcessor, registerContextManager } from './ours.js';
import { inTurns } from './workload.js';

const SMALL = 10;
const LARGE = 5_000;

/** Resolving an event is lookups, so it costs the same with any datafile; an update costs one pass over it. */
export function rows({ short }: Size): Row[] {
  registerContextManager();
  const [records, updates] = short ? [1_000, 2] : [20_000, 10];
  return [
    {
      name: `recordImpression with ${LARGE.toLocaleString('en')} rules, 200 attributes, 2,000 events`,
      peer: `the same with ${SMALL} rules`,
      unit: 'ns',
      open: () => ({ ours: recordsWith(LARGE, records), theirs: recordsWith(SMALL, records) }),
    },
    {
      name: `setDatafile, ${LARGE.toLocaleString('en')} rules`,
      peer: 'JSON.parse of it',
      unit: 'ns',
      open: () => openUpdates(updates),
    },
    ...[
      { rules: LARGE, megabytes: 2, millis: 20 },
      { rules: 10 * LARGE, megabytes: 20, millis: 50 },
    ].map(
      ({ rules, megabytes, millis }): Row => ({
        name: `longest block of the event loop at an update, ${rules.toLocaleString('en')} rules (${megabytes} MB), polling`,
        peer: 'in the same time without one',
        unit: 'ms',
        target: { atMostMore: millis },
        rounds: 7,
        warmUps: 1,
        open: () => openPolling(short ? SMALL : rules),
      }),
    ),
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

async function openPolling(rules: number) {
  const text = makeDatafile(rules);
  let revision = 3;
  let packed = Buffer.alloc(0);
  const pack = () => {
    packed = gzipSync(text.replace('"revision":"3"', `"revision":"${++revision}"`), { level: 1 });
  };
  pack();
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(packed);
  }).listen(0, '127.0.0.1');
  await new Promise(resolve => server.once('listening', resolve));
  process.env.NO_PROXY = '127.0.0.1';
  const manager = new PollingProjectConfigManager({
    ...{ sdkKey: 'bench', maxDatafileBytes: 1e9, requestTimeoutMillis: 60_000 },
    urlTemplate: `http://127.0.0.1:${(server.address() as AddressInfo).port}/%s.json`,
  });
  if (!(await manager.onReady({ timeoutMillis: 60_000 }))) throw new Error('no datafile');
  let lastMillis = 0;
  return {
    async ours() {
      pack();
      const startedAt = performance.now();
      const block = await longestBlockDuring(() => manager.checkNow());
      lastMillis = performance.now() - startedAt;
      if (manager.getConfig()?.context.revision !== String(revision)) throw new Error('no update');
      return block;
    },
    theirs: () => longestBlockDuring(() => new Promise(resolve => setTimeout(resolve, lastMillis))),
    async close() {
      await manager.stop();
      server.close();
    },
  };
}

/** With all members that an experiment and a variation have in Optimizely's datafiles: 0.4 kB a rule. */
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
      variations: ['control', 'treatment'].map((key, side) => ({
        id: `${30_000 + 2 * index + side}`,
        key,
        featureEnabled: true,
        variables: [],
      })),
      trafficAllocation: [{ entityId: `${30_000 + 2 * index}`, endOfRange: 10_000 }],
      audienceIds: [],
      forcedVariations: {},
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
