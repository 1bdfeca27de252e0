// SPDX-License-Identifier: Apache-2.0

import * as six from '@optimizely/optimizely-sdk';
import { expect } from 'chai';
import fc from 'fast-check';
import {
  type EventBatchParams,
  type OptimizelyDecision,
  OptimizelySpanProcessor,
  recordImpression,
} from 'opentelemetry-exporter-optimizely';
import type { SpanEventDispatcher } from 'opentelemetry-exporter-optimizely/optimizely-sdk';
import * as five from 'optimizely-sdk-5';
import { CapturingDispatcher, makeClient, VERSIONS, type Version } from './optimizely-sdk/clients.js';
import {
  readDatafile,
  withFeatureRollout,
  withHoldouts,
  withoutExperiments,
} from './optimizely-sdk/datafiles.js';
import {
  arbitraryAttributes,
  arbitraryDatafile,
  arbitraryUserId,
  type TestDatafile,
} from './support/arbitrary-datafile.js';
import { RecordingDispatcher, RecordingLogger } from './support/fakes.js';

type Visitor = EventBatchParams['visitors'][number];

interface Forced {
  flagKey: string;
  ruleKey?: string;
  variationKey: string;
}

/** What both SDKs' user contexts have. */
interface UserContext {
  decide(flagKey: string): OptimizelyDecision;
  setForcedDecision(
    where: { flagKey: string; ruleKey?: string },
    decision: { variationKey: string },
  ): boolean;
}

const ATTRIBUTES = { plan: 'gold', age: 41, beta: true, $opt_user_agent: 'Mozilla/5.0', unknown: 'left out' };

/** The decisions of an application, and what the official SDK sent for them. */
async function decideAll(
  version: Version,
  datafile: object,
  { userId = 'ann', attributes = ATTRIBUTES as Record<string, unknown>, forced = [] as Forced[] } = {},
) {
  const captured = new CapturingDispatcher();
  const eventDispatcher: SpanEventDispatcher = captured;
  const client = makeClient(version, { datafile, eventDispatcher });
  const user = client.createUserContext(userId, attributes as never) as UserContext | null;
  const decisions: { decision: OptimizelyDecision; sent: Visitor[] }[] = [];
  for (const { variationKey, ...where } of forced) user?.setForcedDecision(where, { variationKey });
  for (const flagKey of ['no such flag', ...flagKeysOf(datafile as TestDatafile)]) {
    const before = captured.sent.length;
    const decision = user?.decide(flagKey);
    const sent = captured.sent.slice(before).flatMap(({ params }) => params.visitors);
    if (decision !== undefined) decisions.push({ decision, sent });
  }
  await client.close();
  return decisions;
}

function flagKeysOf({ featureFlags = [] }: TestDatafile): string[] {
  return [...new Set(featureFlags.map(({ key }) => key))];
}

/** What we send for the same decisions, as they are. */
async function recordAll(datafile: object, given: readonly unknown[]) {
  const [eventDispatcher, logger] = [new RecordingDispatcher(), new RecordingLogger()];
  const processor = new OptimizelySpanProcessor({ datafile, eventDispatcher, logger, batchSize: 1_000 });
  const uuids = given.map(decision => processor.recordImpression(decision as OptimizelyDecision));
  await processor.forceFlush();
  const ledger = processor.ledger();
  await processor.shutdown();
  return { uuids, ledger, visitors: eventDispatcher.visitors, logger };
}

/** Each SDK has its own uuids and times, and version 5 writes `''` for an id that there is not. */
function withoutStamps(visitor: Visitor) {
  const snapshots = visitor.snapshots.map(({ decisions, events }) => ({
    decisions: decisions?.map(decision => ({ ...decision, variation_id: decision.variation_id || null })),
    events: events.map(({ uuid: _uuid, timestamp: _timestamp, ...event }) => event),
  }));
  return { ...visitor, snapshots };
}

const DATAFILES: Record<string, () => TestDatafile> = {
  'a plain project': () => readDatafile(),
  'sendFlagDecisions on': () => readDatafile({ sendFlagDecisions: true }),
  'delivery rules, sendFlagDecisions off': () => withoutExperiments(),
  'delivery rules, sendFlagDecisions on': () => withoutExperiments({ sendFlagDecisions: true }),
  'a feature rollout': () => withFeatureRollout({ sendFlagDecisions: true }),
  'a global holdout': () => withHoldouts('holdouts'),
  'a local holdout': () => withHoldouts('localHoldouts'),
  'nothing decided': () => ({ ...withoutExperiments({ sendFlagDecisions: true }), rollouts: [] }),
};

const FORCED: Record<string, Forced[]> = {
  'as decided': [],
  'forced for the flag': [{ flagKey: 'search', variationKey: 'fast' }],
  'forced for an experiment': [{ flagKey: 'search', ruleKey: 'search_test', variationKey: 'off' }],
  'forced for a delivery rule': [{ flagKey: 'search', ruleKey: 'search_beta', variationKey: 'fast' }],
  'forced onto a variation that does not exist': [{ flagKey: 'search', variationKey: 'no such variation' }],
};

for (const version of VERSIONS) {
  describe(`a decision of the official SDK ${version}, recorded as it is`, () => {
    for (const [name, makeDatafile] of Object.entries(DATAFILES)) {
      for (const [how, forced] of Object.entries(FORCED)) {
        it(`sends what that SDK sends: ${name}, ${how}`, async () => {
          const datafile = makeDatafile();
          const decisions = await decideAll(version, datafile, { forced });
          const { visitors } = await recordAll(
            datafile,
            decisions.map(({ decision }) => decision),
          );
          const theirs = decisions.flatMap(({ sent }) => sent);
          expect(visitors.map(withoutStamps)).to.deep.equal(theirs.map(withoutStamps));
        });
      }
    }

    it('sends nothing for an unknown flag, counts it and says that the decision failed', async () => {
      const [first] = await decideAll(version, readDatafile({ sendFlagDecisions: true }));
      // The processor knows the flag: its datafile may be newer than that of the SDK.
      const decision = { ...first?.decision, flagKey: 'search' };
      const { uuids, ledger, logger } = await recordAll(readDatafile({ sendFlagDecisions: true }), [
        decision,
      ]);
      expect(first?.sent).to.deep.equal([]);
      expect(uuids).to.deep.equal([undefined]);
      expect(ledger).to.deep.include({ recorded: 1, dropped: { invalid: 1 } });
      expect(logger.at('warn').join()).to.include("Optimizely's SDK could not make the decision");
    });

    it('sends nothing for a decision of a client that is not ready', async () => {
      const datafile = readDatafile({ sendFlagDecisions: true });
      const decision = decideUnready(version);
      expect(decision).to.deep.include({ flagKey: 'search', variationKey: null, ruleKey: null });
      const { ledger } = await recordAll(datafile, [decision]);
      expect(ledger).to.deep.include({ recorded: 1, dropped: { invalid: 1 } });
    });

    it('takes members that are given beside it, and its plain copy', async () => {
      const datafile = readDatafile();
      const decided = await decideAll(version, datafile);
      const decision = decided.find(({ decision: { ruleKey } }) => ruleKey !== null)?.decision;
      if (decision === undefined) throw new Error('nothing was decided');
      const { uuids, visitors } = await recordAll(datafile, [
        { ...decision, uuid: 'given', timestamp: 1_700_000_000_000, cmabUuid: 'of a bandit' },
        { ...decision, userId: 'bob' },
        { ...decision, attributes: { plan: 'free' } },
        { ...decision, userContext: { userId: 'cid', attributes: { plan: 'silver' } } },
        { ...decision, userContext: { id: 'dee' } },
      ]);
      expect(uuids[0]).to.equal('given');
      expect(visitors[0]?.snapshots[0]?.events[0]?.timestamp).to.equal(1_700_000_000_000);
      expect(visitors[0]?.snapshots[0]?.decisions?.[0]?.metadata.cmab_uuid).to.equal('of a bandit');
      const plans = visitors.map(({ attributes }) => attributes.find(({ key }) => key === 'plan')?.value);
      expect(visitors.map(({ visitor_id }) => visitor_id)).to.deep.equal(['ann', 'bob', 'ann', 'cid', 'dee']);
      expect(plans).to.deep.equal(['gold', 'gold', 'free', 'silver', undefined]);
    });
  });
}

function decideUnready(version: Version): unknown {
  const quiet = { log() {}, handleError() {} };
  if (version === 5) {
    const client = five.createInstance({
      datafile: '{}',
      logger: quiet,
      errorHandler: quiet,
      odpOptions: { disabled: true },
    });
    return client?.createUserContext('ann')?.decide('search');
  }
  const client = six.createInstance({
    projectConfigManager: six.createPollingProjectConfigManager({
      sdkKey: 'none',
      autoUpdate: false,
      urlTemplate: 'http://127.0.0.1:9/%s',
    }),
  });
  const decision = client.createUserContext('ann').decide('search');
  void client.close();
  return decision;
}

describe('decisions of any project', () => {
  it('send what the official SDK sends', async () => {
    let met = 0;
    const property = fc.asyncProperty(
      arbitraryDatafile(),
      fc.record({ userId: arbitraryUserId(), attributes: arbitraryAttributes() }),
      async (datafile, user) => {
        const decisions = (await decideAll(6, datafile, user)).filter(
          ({ decision, sent }) => sent.length <= 1 && !isAmbiguous(datafile, decision),
        );
        const { visitors } = await recordAll(
          datafile,
          decisions.map(({ decision }) => decision),
        );
        met += decisions.length;
        expect(visitors.map(withoutStamps)).to.deep.equal(
          decisions.flatMap(({ sent }) => sent).map(withoutStamps),
        );
      },
    );
    await fc.assert(property, { numRuns: 200 });
    expect(met).to.be.above(50);
  });
});

/** The rule key of a decision does not say whether it is an experiment, a delivery rule or a holdout. */
function isAmbiguous(datafile: TestDatafile, { flagKey, ruleKey }: OptimizelyDecision): boolean {
  const flag = datafile.featureFlags?.findLast(({ key }) => key === flagKey);
  const experiments = [
    ...datafile.experiments,
    ...(datafile.groups ?? []).flatMap(group => group.experiments),
  ];
  const kinds = [
    experiments.filter(({ id }) => flag?.experimentIds.includes(id)),
    datafile.rollouts?.find(({ id }) => id === flag?.rolloutId)?.experiments ?? [],
    [...(datafile.holdouts ?? []), ...(datafile.localHoldouts ?? [])],
  ];
  return kinds.filter(rules => rules.some(({ key }) => key === ruleKey)).length > 1;
}

describe('a hostile user context', () => {
  const thrower = () => {
    throw new Error('ada@example.org');
  };
  const all = new Proxy({}, { get: thrower, has: thrower, ownKeys: thrower, getPrototypeOf: thrower });
  const { proxy: revoked, revoke } = Proxy.revocable({}, {});
  revoke();
  const contexts: [string, unknown, sent: boolean][] = [
    ['whose getUserId throws', { getUserId: thrower, getAttributes: () => ({}) }, false],
    [
      'whose getUserId is a getter that throws',
      Object.defineProperty({}, 'getUserId', { get: thrower }),
      false,
    ],
    ['whose getUserId rejects', { getUserId: async () => thrower(), getAttributes: () => ({}) }, false],
    ['whose user id is a number', { getUserId: () => 7, getAttributes: () => ({}) }, false],
    ['that throws at every turn', all, false],
    ['that is revoked', revoked, false],
    ['that is text', 'ada@example.org', false],
    ['that is a function', () => 'ada@example.org', false],
    ['whose getAttributes throws', { getUserId: () => 'ann', getAttributes: thrower }, true],
    ['whose getAttributes rejects', { getUserId: () => 'ann', getAttributes: async () => thrower() }, true],
    ['without getAttributes', { getUserId: () => 'ann' }, true],
    ['whose attributes are a list', { getUserId: () => 'ann', getAttributes: () => ['gold'] }, false],
  ];
  for (const [name, userContext, sent] of contexts) {
    it(`${sent ? 'is recorded without attributes' : 'is refused and counted'}, never thrown at: ${name}`, async () => {
      const decision = {
        flagKey: 'search',
        ruleKey: 'search_test',
        variationKey: 'fast',
        enabled: true,
        userContext,
      };
      const { ledger, visitors, logger } = await recordAll(readDatafile(), [decision]);
      expect(ledger.dropped).to.deep.equal(sent ? {} : { invalid: 1 });
      expect(visitors.map(({ visitor_id }) => visitor_id)).to.deep.equal(sent ? ['ann'] : []);
      expect(JSON.stringify(logger.lines)).not.to.include('ada@');
    });
  }
});

describe('the types of decisions', () => {
  it('take those of both SDKs, with members beside them, and nothing that lacks a user', () => {
    const compiled = (ofSix: six.OptimizelyDecision, ofFive: five.OptimizelyDecision): void => {
      recordImpression(ofSix);
      recordImpression(ofFive);
      recordImpression({ ...ofSix, timestamp: new Date(), userId: 'ann' });
      // @ts-expect-error a user context is not a decision
      recordImpression(ofSix.userContext);
      // @ts-expect-error neither a user id nor a user context
      recordImpression({ flagKey: 'search', ruleKey: null, variationKey: null, enabled: true });
    };
    expect(compiled).to.be.a('function');
  });
});
