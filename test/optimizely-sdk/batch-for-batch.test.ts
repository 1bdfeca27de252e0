// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import fc from 'fast-check';
import {
  type EventBatchParams,
  OptimizelySpanProcessor,
  type OptimizelySpanProcessorOptions,
} from 'opentelemetry-exporter-optimizely';
import { createSpanEventDispatcher } from 'opentelemetry-exporter-optimizely/optimizely-sdk';
import { InMemoryEventDispatcher, startLocalEventsEndpoint } from 'opentelemetry-exporter-optimizely/testing';
import {
  arbitraryAttributes,
  arbitraryDatafile,
  arbitraryTags,
  arbitraryUserId,
  EVENT_KEYS,
  type TestDatafile,
} from '../support/arbitrary-datafile.js';
import { held, send, startDatafileServer } from '../support/datafile-server.js';
import { CALLS, callAll } from './calls.js';
import { CapturingDispatcher, makeClient, type OfficialClient, VERSIONS, type Version } from './clients.js';
import { readDatafile, withFeatureRollout, withHoldouts, withoutExperiments } from './datafiles.js';

const US_URL = 'https://logx.optimizely.com/v1/events';
const EU_URL = 'https://eu.logx.optimizely.com/v1/events';

type Calls = (client: OfficialClient) => void;

const DATAFILES: Record<string, () => TestDatafile> = {
  'a plain project': () => readDatafile(),
  'sendFlagDecisions on': () => readDatafile({ sendFlagDecisions: true }),
  'delivery rules, sendFlagDecisions off': () => withoutExperiments(),
  'delivery rules, sendFlagDecisions on': () => withoutExperiments({ sendFlagDecisions: true }),
  'a feature rollout, sendFlagDecisions off': () => withFeatureRollout(),
  'a feature rollout, sendFlagDecisions on': () => withFeatureRollout({ sendFlagDecisions: true }),
  'a global holdout': () => withHoldouts('holdouts'),
  'a local holdout': () => withHoldouts('localHoldouts'),
  'the EU': () => readDatafile({ region: 'EU' }),
  anonymizeIP: () => readDatafile({ anonymizeIP: true }),
  'botFiltering true': () => readDatafile({ botFiltering: true }),
  'botFiltering false': () => readDatafile({ botFiltering: false }),
};

/** So that a comparison can't pass by not meeting what it names. */
const MUST_HAVE: Record<string, (version: Version, batches: readonly EventBatchParams[]) => boolean> = {
  'delivery rules, sendFlagDecisions off': (_, batches) => !ruleTypesOf(batches).includes('rollout'),
  'delivery rules, sendFlagDecisions on': (_, batches) => ruleTypesOf(batches).includes('rollout'),
  // Version 5 knows no holdouts.
  'a global holdout': (version, batches) => ruleTypesOf(batches).includes('holdout') === (version === 6),
  'a local holdout': (version, batches) => ruleTypesOf(batches).includes('holdout') === (version === 6),
  anonymizeIP: (_, batches) => batches.every(params => params.anonymize_ip),
  'botFiltering true': (_, batches) =>
    visitorsOf(batches).every(({ attributes }) => attributes.at(-1)?.key === '$opt_bot_filtering'),
};

for (const version of VERSIONS) {
  describe(`the official SDK ${version} through this package, batch for batch`, () => {
    for (const [name, makeDatafile] of Object.entries(DATAFILES)) {
      for (const batchSize of [1, 5]) {
        it(`${name}, batches of ${batchSize}`, async () => {
          const datafile = makeDatafile();
          const theirs = await runOfficial(version, datafile, callAll, batchSize);
          const ours = await runOurs(version, datafile, callAll, { batchSize });
          expect(theirs.length).to.be.above(1);
          expect(MUST_HAVE[name]?.(version, ours.received) ?? true).to.equal(true);
          expect(normalized(ours.received)).to.deep.equal(normalized(theirs.map(({ params }) => params)));
          // With what is random too: each visitor is what the SDK had made of this very call.
          expect(visitorsOf(ours.received)).to.deep.equal(visitorsOf(ours.handedOver));
          expect(ours.problems).to.deep.equal([]);
        });
      }
    }

    it('goes where the SDK would send it', async () => {
      for (const [region, url] of [
        ['US', US_URL],
        // This version knows no other address.
        ['EU', version === 5 ? US_URL : EU_URL],
      ]) {
        const datafile = readDatafile({ region: region ?? null });
        const theirs = await runOfficial(version, datafile, callAll, 10);
        const ours = await runInMemory(version, datafile, callAll, { batchSize: 10 });
        expect(ours.logEvents.map(logEvent => logEvent.url)).to.deep.equal(theirs.map(sent => sent.url));
        expect([...new Set(theirs.map(sent => sent.url))]).to.deep.equal([url]);
      }
    });

    it('each kind of call sends something', async () => {
      for (const [name, call] of Object.entries(CALLS)) {
        const datafile = readDatafile({ sendFlagDecisions: true });
        const ours = await runInMemory(version, datafile, call, {});
        expect(ours.events.length, name).to.be.above(0);
      }
    });

    it('a new datafile in the middle closes the batch', async () => {
      const calls = (client: OfficialClient) => {
        client.track('purchase', 'ann');
        client.createUserContext('ann')?.decide('search');
        client.activate('checkout_button', 'ann');
      };
      const collected = async (make: (urlTemplate: string) => OfficialClient) => {
        const next = readDatafile({ revision: '28', anonymizeIP: true });
        const fetched = held(send(200, { 'Last-Modified': 'now' }, JSON.stringify(next)));
        const server = await startDatafileServer(fetched.behavior);
        try {
          const client = make(server.urlTemplate.replace('{sdkKey}', '%s'));
          // Version 5 tells of the first datafile too, a moment late.
          const updated = new Promise<void>(resolve =>
            client.listen('OPTIMIZELY_CONFIG_UPDATE', () => {
              if (client.getOptimizelyConfig()?.revision === next.revision) resolve();
            }),
          );
          calls(client);
          fetched.release();
          await updated;
          calls(client);
          await settled();
          await client.close();
        } finally {
          await server.close();
        }
      };
      const capture = new CapturingDispatcher();
      const datafile = readDatafile();
      await collected(urlTemplate =>
        makeClient(version, { datafile, eventDispatcher: capture, batchSize: 10, urlTemplate }),
      );
      const theirs = capture.sent.map(({ params }) => params);

      const ours = new InMemoryEventDispatcher();
      const processor = makeProcessor(datafile, { eventDispatcher: ours });
      await collected(urlTemplate =>
        makeClient(version, { datafile, eventDispatcher: createSpanEventDispatcher(processor), urlTemplate }),
      );
      await processor.shutdown();

      expect(theirs.map(({ revision, visitors }) => [revision, visitors.length])).to.deep.equal([
        ['27', 3],
        ['28', 3],
      ]);
      expect(normalized(ours.logEvents.map(({ params }) => params))).to.deep.equal(normalized(theirs));
    });

    it('whatever the datafile, the users and their attributes and tags', async () => {
      const user = fc.record({ id: arbitraryUserId(), attributes: arbitraryAttributes() });
      const calls = fc.array(
        fc.oneof(
          fc.record({ api: fc.constant('decideAll' as const), user }),
          fc.record({ api: fc.constant('activate' as const), user, pick: fc.nat(20) }),
          fc.record({
            api: fc.constant('track' as const),
            user,
            eventKey: fc.constantFrom(...EVENT_KEYS),
            tags: arbitraryTags(),
          }),
        ),
        { minLength: 1, maxLength: 8 },
      );
      let visitors = 0;
      const property = fc.asyncProperty(
        arbitraryDatafile(),
        calls,
        fc.integer({ min: 2, max: 6 }),
        async (datafile, made, batchSize) => {
          const act = (client: OfficialClient) => {
            for (const call of made) {
              const { id } = call.user;
              const attributes = call.user.attributes as Record<string, string>;
              if (call.api === 'decideAll') client.createUserContext(id, attributes)?.decideAll();
              else if (call.api === 'track') client.track(call.eventKey, id, attributes, { ...call.tags });
              else {
                const rules = datafile.experiments;
                client.activate(rules[call.pick % Math.max(1, rules.length)]?.key ?? '', id, attributes);
              }
            }
          };
          const theirs = await runOfficial(version, datafile, act, batchSize);
          const ours = await runInMemory(version, datafile, act, { batchSize });
          expect(ours.logEvents.map(({ url }) => url)).to.deep.equal(theirs.map(({ url }) => url));
          const received = ours.logEvents.map(({ params }) => params);
          expect(normalized(received)).to.deep.equal(normalized(theirs.map(({ params }) => params)));
          visitors += visitorsOf(received).length;
        },
      );
      await fc.assert(property, { numRuns: 300 });
      // About a third of what is usual: else the comparison proves little.
      expect(visitors).to.be.above(200);
    });
  });
}

// --- both ways

/** The official SDK alone, with its own batches. */
/** One request at a time, for batches that do not grow while it is out. */
const IN_ORDER = { maxConcurrentRequests: 1, maxBatchSize: 1 };

async function runOfficial(version: Version, datafile: object, calls: Calls, batchSize: number) {
  const capture = new CapturingDispatcher();
  const client = makeClient(version, { datafile, eventDispatcher: capture, batchSize });
  calls(client);
  // Version 6 queues an event a microtask late, and loses those of the tick in which it is closed.
  await settled();
  await client.close();
  return capture.sent;
}

/** Over the wire, to the local Events endpoint. */
async function runOurs(
  version: Version,
  datafile: TestDatafile,
  calls: Calls,
  options: Partial<OptimizelySpanProcessorOptions>,
) {
  await using endpoint = await startLocalEventsEndpoint({ datafile });
  const processor = makeProcessor(datafile, { endpoint: endpoint.url, ...IN_ORDER, ...options });
  const capture = new CapturingDispatcher(createSpanEventDispatcher(processor));
  const client = makeClient(version, { datafile, eventDispatcher: capture });
  calls(client);
  await client.close();
  await processor.shutdown();
  const received = endpoint.batches.map(({ params }) => params);
  expect(processor.ledger()).to.deep.include({
    recorded: capture.sent.length,
    delivered: capture.sent.length,
    pending: 0,
    dropped: {},
  });
  const problems = endpoint.batches.flatMap(({ problems }) => problems);
  return { received, handedOver: capture.sent.map(({ params }) => params), problems };
}

async function runInMemory(
  version: Version,
  datafile: TestDatafile,
  calls: Calls,
  options: Partial<OptimizelySpanProcessorOptions>,
) {
  const memory = new InMemoryEventDispatcher();
  const processor = makeProcessor(datafile, {
    eventDispatcher: memory,
    ...IN_ORDER,
    ...options,
  });
  const client = makeClient(version, { datafile, eventDispatcher: createSpanEventDispatcher(processor) });
  calls(client);
  await client.close();
  await processor.shutdown();
  return memory;
}

function makeProcessor(datafile: object, options: Partial<OptimizelySpanProcessorOptions>) {
  return new OptimizelySpanProcessor({ datafile, ...options });
}

function settled(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve));
}

function visitorsOf(batches: readonly EventBatchParams[]) {
  return batches.flatMap(({ visitors }) => visitors);
}

function ruleTypesOf(batches: readonly EventBatchParams[]): string[] {
  const snapshots = visitorsOf(batches).flatMap(visitor => visitor.snapshots);
  return snapshots.flatMap(({ decisions = [] }) => decisions.map(({ metadata }) => metadata.rule_type));
}

/** Without what two runs can't have in common: uuids become their place in order, timestamps a mark that they are some. */
function normalized(batches: readonly EventBatchParams[]) {
  const places = new Map<string, number>();
  return batches.map(params => ({
    ...params,
    visitors: params.visitors.map(visitor => ({
      ...visitor,
      snapshots: visitor.snapshots.map(snapshot => ({
        ...snapshot,
        events: snapshot.events.map(event => {
          if (!places.has(event.uuid)) places.set(event.uuid, places.size);
          return { ...event, uuid: places.get(event.uuid), timestamp: /^\d{13}$/.test(`${event.timestamp}`) };
        }),
      })),
    })),
  }));
}
