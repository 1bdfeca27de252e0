// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import { expect } from 'chai';
import fc from 'fast-check';
import {
  type Conversion,
  type DropReason,
  type EventBatchParams,
  type Impression,
  type LogEvent,
  OptimizelySpanProcessor,
} from 'opentelemetry-exporter-optimizely';
import {
  arbitraryAttributes,
  arbitraryDatafile,
  arbitraryTags,
  arbitraryUserId,
  type DatafileFlag,
  type DatafileRule,
  EVENT_KEYS,
  type TestDatafile,
} from './support/arbitrary-datafile.js';
import { type ForcedDecision, type OfficialLogEvent, OfficialSdk } from './support/official-sdk.js';
import { patience } from './support/slowness.cjs';

type RuleType = NonNullable<Impression['ruleType']>;

/** `REFEREE_RUNS=25000` looks longer, as the nightly tests do; `REFEREE_COVERAGE=1` prints how often each kind was met. */
const RUNS = Number(process.env.REFEREE_RUNS ?? (process.env.NIGHTLY ? 25_000 : 1_500));
const US_URL = 'https://logx.optimizely.com/v1/events';
const EU_URL = 'https://eu.logx.optimizely.com/v1/events';
const UNKNOWN = 'no such key';
/** The pick that takes what the datafile does not have. */
const MISS = 30;

/** One event for our processor, and what became of it at the official SDK. */
type Step = { outcome: OfficialLogEvent | DropReason } & (
  | { type: 'impression'; input: Impression }
  | { type: 'conversion'; input: Conversion }
);

/** As generated: any string, and attributes that TypeScript would not let pass. */
interface User {
  id: string;
  attributes: Record<string, unknown> | null | undefined;
}

/** What an application does. Numbers pick from what the datafile has. */
type Call = { user: User } & (
  | {
      api: 'decide' | 'isFeatureEnabled';
      flag: number;
      forced: ForcedPick[];
      profile: ProfilePick | undefined;
    }
  | { api: 'decideAll'; forced: ForcedPick[]; profile: ProfilePick | undefined }
  | { api: 'activate'; experiment: number; variation: number | undefined }
  | { api: 'track'; eventKey: string; tags: Record<string, unknown> | null | undefined }
);

interface ForcedPick {
  flag: number;
  /** undefined: whatever rule decides. */
  rule: number | undefined;
  variation: number;
}

/** The variation of an earlier decision, as a user profile keeps it. */
interface ProfilePick {
  experiment: number;
  variation: number;
}

/** So that the property can't pass by not meeting something: about a third of what is usual. */
const LEAST_PER_100_RUNS: Record<string, number> = {
  experiment: 4,
  'feature-test': 35,
  rollout: 20,
  holdout: 20,
  'global holdout': 12,
  'local holdout': 7,
  'everyone else': 6,
  'targeted delivery': 6,
  'nothing decided': 12,
  'in a group': 18,
  'forced for the flag': 6,
  'forced for an experiment': 7,
  'forced for a delivery rule': 1.5,
  'rule key of several flags': 13,
  'feature rollout': 13,
  "feature rollout, everyone else's variation": 4,
  'variation id that is no number': 14,
  'no layer': 18,
  'experiment listed twice': 8,
  'experiment key listed twice': 2,
  EU: 25,
  'anonymised IP': 25,
  'bot filtering true': 25,
  'bot filtering false': 25,
  'empty user id': 8,
  attribute: 25,
  'attribute left out': 80,
  'reserved attribute': 30,
  'reserved attribute with an id': 9,
  conversion: 10,
  'event key listed twice': 4,
  revenue: 5,
  'revenue that is no number': 0.7,
  value: 5,
  tags: 9,
  'no tags': 1,
  'flag decision held back': 20,
  'unknown flag': 2,
  'unknown experiment': 1.3,
  'unknown event': 16,
};

describe('what is sent, judged by the official SDK', () => {
  it('is the same for every decision, activation and conversion', async () => {
    const coverage = new Coverage();
    const property = fc.asyncProperty(
      arbitraryDatafile(),
      fc.array(arbitraryCall(), { minLength: 1, maxLength: 8 }),
      fc.boolean(),
      async (datafile, calls, asText) => {
        const official = new OfficialSdk(datafile);
        const steps = calls.flatMap(call => judge(official, new DatafileView(datafile), call, coverage));
        await official.close();
        await expectSame(asText ? JSON.stringify(datafile) : datafile, steps);
      },
    );
    await fc.assert(property, { numRuns: RUNS });
    coverage.require(LEAST_PER_100_RUNS);
  }).timeout(patience(process.env.NIGHTLY ? 120_000 : 12_000));

  it('is one batch, in order, where the official batch processor sends one', async () => {
    const conversions = fc.array(fc.tuple(arbitraryUser(), fc.constantFrom(...EVENT_KEYS), arbitraryTags()), {
      minLength: 1,
      maxLength: 12,
    });
    const property = fc.asyncProperty(arbitraryDatafile(), conversions, async (generated, calls) => {
      const events = EVENT_KEYS.map((key, i) => ({ id: `${i + 1}`, key, experimentIds: [] }));
      const datafile = { ...generated, events };
      const official = new OfficialSdk(datafile, { batch: true });
      for (const [user, eventKey, tags] of calls) official.track(user, eventKey, { ...tags });
      const [batch, ...more] = await official.close();
      if (batch === undefined || more.length > 0)
        throw new Error('the official SDK sent no batch, or several');

      const steps = calls.map(([user, eventKey, tags], i): Step => {
        const params = { ...batch.params, visitors: batch.params.visitors.slice(i, i + 1) };
        const outcome = { ...batch, params };
        return { type: 'conversion', input: inputOf(user, { eventKey, tags, ...stampOf(outcome) }), outcome };
      });
      await expectSame(datafile, steps);
    });
    await fc.assert(property, { numRuns: Math.ceil(RUNS / 5) });
  }).timeout(patience(process.env.NIGHTLY ? 120_000 : 12_000));

  it('names the decision of a contextual bandit', async () => {
    const bandits = createServer((_request, response) => {
      response.end(JSON.stringify({ predictions: [{ variation_id: '20812' }] }));
    });
    await new Promise<void>(resolve => bandits.listen(0, '127.0.0.1', resolve));
    try {
      const datafile = readDatafile();
      const rule = datafile.experiments.find(({ key }) => key === 'search_test');
      Object.assign(rule ?? {}, { cmab: { trafficAllocation: 10_000, attributeIds: [] } });
      const { port } = bandits.address() as AddressInfo;
      const official = new OfficialSdk(datafile, { cmabEndpoint: `http://127.0.0.1:${port}/%s` });
      const user = { id: 'user', attributes: { plan: 'gold' } };
      const { result, sent } = await official.decideAsync(user, 'search');
      await official.close();

      expect(result).to.deep.include({ ruleKey: 'search_test', variationKey: 'off' });
      const steps = sent.map(logEvent => impressionStep(user, logEvent));
      expect(steps[0]?.input.cmabUuid).to.be.a('string');
      await expectSame(datafile, steps);
    } finally {
      bandits.closeAllConnections();
      bandits.close();
    }
  });

  it('needs the variation id of a delivery rule that was forced onto a key which the flag has twice', async () => {
    const datafile = readDatafile();
    const [rule] = datafile.rollouts?.[0]?.experiments ?? [];
    if (rule === undefined) throw new Error('the datafile has no delivery rule');
    rule.variations = [{ id: '99999', key: 'ranked', featureEnabled: true }];
    datafile.sendFlagDecisions = true;
    datafile.experiments = datafile.experiments.map(experiment => ({ ...experiment, status: 'Paused' }));
    const official = new OfficialSdk(datafile);
    const variationIds: (string | null | undefined)[] = [];
    official.client.notificationCenter.addNotificationListener('DECISION', ({ decisionInfo }) => {
      variationIds.push('variationId' in decisionInfo ? decisionInfo.variationId : undefined);
    });
    const user = { id: 'user', attributes: {} };
    const forced = { flagKey: 'search', ruleKey: rule.key, variationKey: 'ranked' };
    const { sent } = official.decideForKeys(user, ['search'], [forced]);
    await official.close();

    expect(variationIds).to.deep.equal(['20811']);
    const steps = sent.map((logEvent): Step => {
      const step = impressionStep(user, logEvent);
      return { ...step, input: { ...step.input, variationId: variationIds[0] } };
    });
    await expectSame(datafile, steps);
  });

  it("knows that a feature rollout has the flag's everyone-else variation among its own", async () => {
    const datafile = readDatafile();
    const [rollout, second] = datafile.experiments;
    const [everyoneElse] = datafile.rollouts?.[0]?.experiments.slice(-1) ?? [];
    if (!rollout || !second || !everyoneElse)
      throw new Error('the datafile has not the rules that this is about');
    Object.assign(rollout, {
      type: 'fr',
      variations: [{ id: '30000000001', key: 'on', featureEnabled: true }],
    });
    second.variations = [{ id: '30000000002', key: 'off', featureEnabled: true }];
    everyoneElse.variations = [{ id: '30000000003', key: 'off', featureEnabled: false }];
    for (const flag of datafile.featureFlags ?? []) flag.experimentIds = [rollout.id, second.id];
    const user = { id: 'user', attributes: {} };
    const judged = async (about: string, decide: (official: OfficialSdk) => { sent: OfficialLogEvent[] }) => {
      const official = new OfficialSdk(datafile);
      const steps = decide(official).sent.map(logEvent => impressionStep(user, logEvent));
      await official.close();
      expect(steps, about).to.have.lengthOf(1);
      await expectSame(datafile, steps);
      const [step] = steps;
      return step && typeof step.outcome !== 'string' ? decisionOf(step.outcome).variation_id : undefined;
    };

    rollout.trafficAllocation = [];
    const rest = await judged('decided, the rest of the traffic', sdk => sdk.decideForKeys(user, ['search']));
    expect(rest).to.equal('30000000003');
    const activated = await judged('activated', sdk => sdk.activate(user, rollout.key));
    expect(activated).to.equal('30000000003');
    // Its place among the flag's variations is the rollout's, before the rules that follow.
    const forced = [{ flagKey: 'search', variationKey: 'off' }];
    const first = await judged('forced', sdk => sdk.decideForKeys(user, ['search'], forced));
    expect(first).to.equal('30000000003');
    // Of the same key, it takes the place of the rollout's own.
    everyoneElse.variations = [{ id: '30000000003', key: 'on', featureEnabled: false }];
    rollout.trafficAllocation = [{ entityId: '30000000001', endOfRange: 10_000 }];
    const own = await judged('decided, its own variation', sdk => sdk.decideForKeys(user, ['search']));
    expect(own).to.equal('30000000003');
  });

  it('is nothing for arguments that the official SDK refuses', async () => {
    const datafile = readDatafile();
    const notObjects: unknown[] = [[], ['gold'], 'gold', 5, true, () => ({}), Symbol('s'), 1n];
    const notStrings: unknown[] = [undefined, null, 5, {}, [], true];
    const refused: { userId?: unknown; attributes?: unknown; tags?: unknown }[] = [
      ...notObjects.flatMap(value => [{ attributes: value }, { tags: value }]),
      ...notStrings.map(userId => ({ userId })),
    ];
    for (const fault of refused) {
      const { userId, attributes, tags } = {
        userId: 'user',
        attributes: undefined,
        tags: undefined,
        ...fault,
      };
      const official = new OfficialSdk(datafile);
      const { sent } = official.track({ id: userId as string, attributes }, 'purchase', tags);
      await official.close();
      expect(sent).to.deep.equal([]);
      const input = { userId, attributes, tags, eventKey: 'purchase' } as unknown as Conversion;
      await expectSame(datafile, [{ type: 'conversion', input, outcome: 'invalid' }]);
    }
  });

  it('treats what is false as absent, as the official SDK does', async () => {
    const datafile = readDatafile();
    for (const value of [undefined, null, 0, '', false, Number.NaN] as unknown[]) {
      const official = new OfficialSdk(datafile);
      const user = { id: 'user', attributes: value as null };
      const { sent } = official.track(user, 'purchase', value);
      await official.close();
      const steps = sent.map((outcome): Step => {
        const input = inputOf(user, { eventKey: 'purchase', tags: value as null, ...stampOf(outcome) });
        return { type: 'conversion', input, outcome };
      });
      expect(steps).to.have.lengthOf(1);
      await expectSame(datafile, steps);
    }
  });
});

describe('what is sent, where it differs from the official SDK on purpose', () => {
  const UUID = 'b1a3a2c6-6f0e-4d3c-8d1e-0f6f1d0c7a11';
  const stamp = { uuid: UUID, timestamp: 1_700_000_000_000 };

  it('keeps the event and leaves out the attribute that is undefined', async () => {
    const datafile = readDatafile();
    const user = { id: 'user', attributes: { plan: undefined, age: 41 } };
    const official = new OfficialSdk(datafile);
    expect(official.track(user, 'purchase').sent, 'the official SDK').to.deep.equal([]);
    expect(official.activate(user, 'checkout_button').sent, 'the official SDK').to.deep.equal([]);
    await official.close();

    const { bodies } = await run(datafile, processor => {
      processor.recordConversion(inputOf(user, { eventKey: 'purchase', ...stamp }));
      processor.recordImpression(
        inputOf(user, { ruleKey: 'checkout_button', variationKey: 'blue', ...stamp }),
      );
    });
    const attributes = [{ entity_id: '20402', key: 'age', type: 'custom', value: 41 }];
    expect(bodies[0]?.params.visitors.map(visitor => visitor.attributes)).to.deep.equal([
      attributes,
      attributes,
    ]);
  });

  it('sends neither revenue nor value for a boolean, an array or an object', async () => {
    const datafile = readDatafile();
    for (const amount of [true, false, [5], ['5'], {}, new Date(5), Object(5), { valueOf: () => 5 }]) {
      const tags = { revenue: amount, value: amount, sku: 'a' };
      const user = { id: 'user', attributes: {} };
      const official = new OfficialSdk(datafile);
      const [theirs] = official.track(user, 'purchase', { ...tags }).sent;
      await official.close();
      const { bodies } = await run(datafile, processor => {
        processor.recordConversion(inputOf(user, { eventKey: 'purchase', tags, ...stamp }));
      });
      const event = bodies[0]?.params.visitors[0]?.snapshots[0]?.events[0];
      expect(event).to.not.have.any.keys('revenue', 'value');
      expect(event?.tags).to.deep.equal(theirs?.params.visitors[0]?.snapshots[0]?.events[0]?.tags);
      if (amount === true) {
        expect(theirs?.params.visitors[0]?.snapshots[0]?.events[0]).to.deep.include({
          revenue: 1,
          value: true,
        });
      }
    }
  });

  it('takes the region in any case', async () => {
    for (const [region, ours, theirs] of [
      ['eu', EU_URL, US_URL],
      ['Eu', EU_URL, US_URL],
      ['EU', EU_URL, EU_URL],
      ['us', US_URL, US_URL],
    ] as const) {
      const datafile = { ...readDatafile(), region };
      const official = new OfficialSdk(datafile);
      expect(official.track({ id: 'user' }, 'purchase').sent[0]?.url, 'the official SDK').to.equal(theirs);
      await official.close();
      const { bodies } = await run(datafile, processor => {
        processor.recordConversion({ userId: 'user', eventKey: 'purchase' });
      });
      expect(bodies.map(({ url }) => url)).to.deep.equal([ours]);
    }
  });

  it("leaves the caller's objects alone, and what the caller does to them later has no effect", async () => {
    const datafile = readDatafile();
    const parts = [{ name: 'lid' }];
    const tags: Record<string, unknown> = {
      sku: 'a',
      gone: null,
      $opt_event_properties: { size: 'XL', parts },
    };
    const attributes: Record<string, string | number> = { plan: 'gold' };
    const { bodies } = await run(datafile, processor => {
      processor.recordConversion({ userId: 'user', eventKey: 'purchase', attributes, tags });
      expect(tags).to.deep.equal({ sku: 'a', gone: null, $opt_event_properties: { size: 'XL', parts } });
      parts[0] = { name: 'changed' };
      parts.push({ name: 'added' });
      tags.sku = 'changed';
      attributes.plan = 'changed';
      attributes.age = 41;
    });
    const [visitor] = bodies[0]?.params.visitors ?? [];
    expect(visitor?.attributes).to.deep.equal([
      { entity_id: '20401', key: 'plan', type: 'custom', value: 'gold' },
    ]);
    expect(visitor?.snapshots[0]?.events[0]?.tags).to.deep.equal({
      sku: 'a',
      $opt_event_properties: { size: 'XL', parts: [{ name: 'lid' }] },
    });
  });
});

/** The project that the golden payloads are of. */
function readDatafile(): TestDatafile {
  return JSON.parse(readFileSync(new URL('golden/datafile.json', import.meta.url), 'utf8')) as TestDatafile;
}

// --- what is generated

function arbitraryUser(): fc.Arbitrary<User> {
  return fc.record({
    id: arbitraryUserId(),
    attributes: fc.oneof(
      { weight: 9, arbitrary: arbitraryAttributes() },
      { weight: 1, arbitrary: fc.constantFrom(undefined, null) },
    ),
  });
}

function arbitraryCall(): fc.Arbitrary<Call> {
  const user = arbitraryUser();
  const pick = fc.nat(MISS);
  const forcedPick = fc.record({ flag: pick, rule: fc.option(pick, { nil: undefined }), variation: pick });
  const decision = {
    user,
    forced: fc.oneof(fc.constant<ForcedPick[]>([]), fc.array(forcedPick, { maxLength: 3 })),
    profile: fc.option(fc.record({ experiment: pick, variation: pick }), { nil: undefined, freq: 1 }),
  };
  return fc.oneof(
    { weight: 4, arbitrary: fc.record({ ...decision, api: fc.constant('decide' as const), flag: pick }) },
    {
      weight: 1,
      arbitrary: fc.record({ ...decision, api: fc.constant('isFeatureEnabled' as const), flag: pick }),
    },
    { weight: 2, arbitrary: fc.record({ ...decision, api: fc.constant('decideAll' as const) }) },
    {
      weight: 2,
      arbitrary: fc.record({
        api: fc.constant('activate' as const),
        user,
        experiment: pick,
        variation: fc.option(pick, { nil: undefined, freq: 1 }),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        api: fc.constant('track' as const),
        user,
        eventKey: fc.constantFrom(...EVENT_KEYS, ...EVENT_KEYS, UNKNOWN, '__proto__', 'valueOf'),
        tags: fc.oneof(
          { weight: 7, arbitrary: arbitraryTags() },
          { weight: 1, arbitrary: fc.constantFrom(undefined, null) },
        ),
      }),
    },
  );
}

/** A datafile as the picks see it: of what is listed twice the last one, as in the official SDK. */
class DatafileView {
  readonly datafile: TestDatafile;
  readonly grouped: DatafileRule[];
  readonly experiments: DatafileRule[];
  readonly deliveryRules: DatafileRule[];
  readonly flags: DatafileFlag[];

  constructor(datafile: TestDatafile) {
    this.datafile = datafile;
    this.grouped = (datafile.groups ?? []).flatMap(group => group.experiments);
    this.experiments = [...datafile.experiments, ...this.grouped];
    this.deliveryRules = (datafile.rollouts ?? []).flatMap(rollout => rollout.experiments);
    this.flags = [...new Map(datafile.featureFlags?.map(flag => [flag.key, flag])).values()];
  }

  flagKey(pick: number): string {
    return pickFrom(this.flags, pick)?.key ?? UNKNOWN;
  }

  experiment(id: string): DatafileRule | undefined {
    return this.experiments.findLast(experiment => experiment.id === id);
  }

  rollout(flag: DatafileFlag): DatafileRule[] {
    return this.datafile.rollouts?.find(({ id }) => id === flag.rolloutId)?.experiments ?? [];
  }

  rules(flag: DatafileFlag): DatafileRule[] {
    const experiments = flag.experimentIds.map(id => this.experiment(id)).filter(rule => rule !== undefined);
    return [...experiments, ...this.rollout(flag)];
  }

  forced(picks: readonly ForcedPick[]): ForcedDecision[] {
    return picks.map(pick => this.#forced(pick)).filter(forced => forced !== undefined);
  }

  #forced(pick: ForcedPick): ForcedDecision | undefined {
    const flag = pickFrom(this.flags, pick.flag);
    if (flag === undefined) return undefined;
    const rules = this.rules(flag);
    const variations = rules.flatMap(rule => rule.variations);
    const variationKey = pickFrom(variations, pick.variation)?.key ?? UNKNOWN;
    if (pick.rule === undefined) return { flagKey: flag.key, variationKey };
    const ruleKey = pickFrom(rules, pick.rule)?.key ?? UNKNOWN;
    // Keys alone don't tell a delivery rule that decided from one that was forced onto another variation of that key.
    const has = (rule: DatafileRule) => rule.variations.some(({ key }) => key === variationKey);
    const decides = this.rollout(flag).some(rule => rule.key === ruleKey && has(rule));
    const ids = new Set(variations.filter(({ key }) => key === variationKey).map(({ id }) => id));
    return decides && ids.size > 1 ? undefined : { flagKey: flag.key, ruleKey, variationKey };
  }

  withProfile({ id, attributes }: User, pick: ProfilePick | undefined): User {
    const experiment = pick && pickFrom(this.experiments, pick.experiment);
    if (pick === undefined || experiment === undefined) return { id, attributes };
    const flag = this.flags.find(({ experimentIds }) => experimentIds.includes(experiment.id));
    const variations = flag ? this.rules(flag).flatMap(rule => rule.variations) : experiment.variations;
    const variation_id = pickFrom(variations, pick.variation)?.id ?? UNKNOWN;
    return {
      id,
      attributes: { ...attributes, $opt_experiment_bucket_map: { [experiment.id]: { variation_id } } },
    };
  }
}

function pickFrom<T>(list: readonly T[], pick: number): T | undefined {
  return pick === MISS ? undefined : list[pick % Math.max(1, list.length)];
}

// --- what the official SDK does, and what an application with our processor would record

function judge(official: OfficialSdk, view: DatafileView, call: Call, coverage: Coverage): Step[] {
  switch (call.api) {
    case 'decide':
    case 'decideAll': {
      const user = view.withProfile(call.user, call.profile);
      const forced = view.forced(call.forced);
      const { result, sent } =
        call.api === 'decideAll'
          ? official.decideAll(user, forced)
          : official.decideForKeys(user, [view.flagKey(call.flag)], forced);
      const steps = sent.map(logEvent => impressionStep(user, logEvent));
      for (const step of steps) coverage.countImpression(view, step, forced);
      const unsent = Object.values(result).filter(
        ({ flagKey }) => !steps.some(({ input }) => input.flagKey === flagKey),
      );
      return [...steps, ...unsent.map(decision => unsentStep(user, view, decision, coverage))];
    }
    case 'isFeatureEnabled': {
      const user = view.withProfile(call.user, call.profile);
      const flagKey = view.flagKey(call.flag);
      const { result, sent } = official.isFeatureEnabled(user, flagKey);
      const steps = sent.map(logEvent => impressionStep(user, logEvent));
      for (const step of steps) coverage.countImpression(view, step, []);
      return steps.length > 0 ? steps : [unsentStep(user, view, { flagKey, enabled: result }, coverage)];
    }
    case 'activate': {
      const rule = pickFrom(
        [...view.experiments, ...view.experiments, ...view.deliveryRules],
        call.experiment,
      );
      const forced =
        call.variation === undefined || !rule ? undefined : pickFrom(rule.variations, call.variation)?.key;
      const { sent } = official.activate(call.user, rule?.key ?? UNKNOWN, forced);
      const steps = sent.map(logEvent => impressionStep(call.user, logEvent));
      for (const step of steps) coverage.countImpression(view, step, []);
      if (rule !== undefined) return steps;
      coverage.count('unknown experiment');
      const input = inputOf(call.user, { ruleKey: UNKNOWN, variationKey: 'on' });
      return [...steps, { type: 'impression', input, outcome: 'unknown_key' }];
    }
    case 'track': {
      const { user, eventKey, tags } = call;
      // A copy: the official SDK deletes what is null in what it is given.
      const { sent } = official.track(user, eventKey, tags && { ...tags });
      const [logEvent] = sent;
      const step: Step = {
        type: 'conversion',
        input: inputOf(user, { eventKey, tags, ...(logEvent && stampOf(logEvent)) }),
        outcome: logEvent ?? 'unknown_key',
      };
      coverage.countConversion(view, step);
      return [step];
    }
  }
}

type ImpressionStep = Extract<Step, { type: 'impression' }>;

function inputOf<T extends object>({ id, attributes }: User, members: T) {
  return { userId: id, attributes: attributes as Impression['attributes'], ...members };
}

function stampOf({ params }: OfficialLogEvent): { uuid: string; timestamp: number } {
  const event = params.visitors[0]?.snapshots[0]?.events[0];
  if (event === undefined) throw new Error('the official SDK sent a request without an event');
  return { uuid: event.uuid, timestamp: event.timestamp };
}

function decisionOf({ params }: OfficialLogEvent) {
  const decision = params.visitors[0]?.snapshots[0]?.decisions?.[0];
  if (decision === undefined) throw new Error('the official SDK sent an impression without a decision');
  return decision;
}

/** The keys of a decision are public in both SDKs; its ids are what we have to find ourselves. */
function impressionStep(user: User, logEvent: OfficialLogEvent): ImpressionStep {
  const { metadata } = decisionOf(logEvent);
  const input = inputOf(user, {
    flagKey: metadata.flag_key,
    ruleKey: metadata.rule_key,
    ruleType: metadata.rule_type as RuleType,
    variationKey: metadata.variation_key,
    enabled: metadata.enabled,
    cmabUuid: metadata.cmab_uuid,
    ...stampOf(logEvent),
  });
  return { type: 'impression', input, outcome: logEvent };
}

interface UnsentDecision {
  flagKey: string;
  ruleKey?: string | null;
  variationKey?: string | null;
  enabled: boolean;
}

/** The official SDK keeps silent on unknown flags, and on delivery rules where the project wants no flag decisions. */
function unsentStep(user: User, view: DatafileView, decision: UnsentDecision, coverage: Coverage): Step {
  const { flagKey, ruleKey, variationKey, enabled } = decision;
  if (!view.flags.some(({ key }) => key === flagKey)) {
    coverage.count('unknown flag');
    const input = inputOf(user, { flagKey, ruleKey, variationKey, enabled });
    return { type: 'impression', input, outcome: 'unknown_key' };
  }
  coverage.count('flag decision held back');
  const input = inputOf(user, { flagKey, ruleKey, ruleType: 'rollout' as const, variationKey, enabled });
  return { type: 'impression', input, outcome: 'flag_decisions_off' };
}

// --- the comparison

/** What our processor sends for what is recorded meanwhile. */
async function run(datafile: string | object, record: (processor: OptimizelySpanProcessor) => void) {
  const bodies: { url: string; params: EventBatchParams }[] = [];
  const processor = new OptimizelySpanProcessor({
    datafile,
    batchSize: 1_000,
    eventDispatcher: {
      dispatchEvent: async ({ url, body }: LogEvent) => {
        bodies.push({ url, params: JSON.parse(body) as EventBatchParams });
        return { statusCode: 204 };
      },
    },
  });
  record(processor);
  await processor.forceFlush();
  const ledger = processor.ledger();
  await processor.shutdown();
  return { bodies, ledger };
}

async function expectSame(datafile: string | object, steps: readonly Step[]): Promise<void> {
  const official = steps.map(({ outcome }) => outcome).filter(outcome => typeof outcome !== 'string');
  const dropped: Partial<Record<DropReason, number>> = {};
  const { bodies, ledger } = await run(datafile, processor => {
    for (const step of steps) {
      const { outcome } = step;
      if (typeof outcome === 'string') dropped[outcome] = (dropped[outcome] ?? 0) + 1;
      const uuid = recordWithCopy(processor, step);
      expect(uuid, "the answer: the event's uuid, or nothing where nothing is sent").to.equal(
        typeof outcome === 'string' ? undefined : stampOf(outcome).uuid,
      );
    }
  });

  expect(ledger).to.deep.include({ recorded: steps.length, delivered: official.length, pending: 0, dropped });
  expect(ledger.warnings, 'variation keys come from the datafile').to.deep.equal({});
  expect(bodies).to.have.lengthOf(official.length === 0 ? 0 : 1);
  const [ours] = bodies;
  for (const [i, { url, params }] of official.entries()) {
    const visitor = ours?.params.visitors[i];
    expect(
      visitor,
      `${JSON.stringify(visitor)} in place of ${JSON.stringify(params.visitors[0])}`,
    ).to.deep.equal(params.visitors[0]);
    expect({ url: ours?.url, ...envelopeOf(ours?.params) }).to.deep.equal({ url, ...envelopeOf(params) });
  }
  expect(ours?.params.visitors ?? []).to.have.lengthOf(official.length);
}

/** All but the visitors, and the client's name and version, which are each SDK's own. */
function envelopeOf(params: EventBatchParams | undefined) {
  const { visitors: _, client_name: _name, client_version: _version, ...envelope } = params ?? {};
  return envelope;
}

/** Records what the step says, makes sure that nothing was changed, and then changes everything. */
function recordWithCopy(processor: OptimizelySpanProcessor, { type, input }: Step): string | undefined {
  const given = copyOf(input);
  const untouched = copyOf(input);
  const uuid =
    type === 'impression'
      ? processor.recordImpression(given as Impression)
      : processor.recordConversion(given as Conversion);
  expect(isDeepStrictEqual(given, untouched), "the caller's objects are left alone").to.equal(true);
  for (const container of [given.attributes, 'tags' in given ? given.tags : undefined, given]) {
    if (!isPlainObject(container)) continue;
    for (const key of Object.keys(container)) Object.assign(container, { [key]: 'changed afterwards' });
  }
  return uuid;
}

function copyOf(input: Impression | Conversion): Impression | Conversion {
  return Object.fromEntries(
    Object.entries(input).map(([key, value]) => [key, isPlainObject(value) ? { ...value } : value]),
  ) as unknown as Impression | Conversion;
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/** How often each kind of event was compared: a property that never meets a holdout says nothing about holdouts. */
class Coverage {
  readonly #counts = new Map<string, number>();

  count(...kinds: (string | false | undefined)[]): void {
    for (const kind of kinds) if (kind) this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1);
  }

  countImpression(
    view: DatafileView,
    { input, outcome }: ImpressionStep,
    forced: readonly ForcedDecision[],
  ): void {
    if (typeof outcome === 'string') return;
    const { datafile } = view;
    const { metadata, experiment_id: id, campaign_id, variation_id } = decisionOf(outcome);
    const { rule_type, rule_key, variation_key } = metadata;
    const hasId = (rule: DatafileRule) => rule.id === id;
    const experiment = view.experiment(id);
    const wasForced = forced.some(
      where =>
        where.flagKey === metadata.flag_key &&
        (where.ruleKey ?? '') === rule_key &&
        where.variationKey === variation_key,
    );
    this.count(
      rule_type,
      rule_type === 'holdout' && (datafile.holdouts?.some(hasId) ? 'global holdout' : 'local holdout'),
      rule_type === 'rollout' &&
        rule_key !== '' &&
        (isLast(datafile, id) ? 'everyone else' : 'targeted delivery'),
      rule_type === 'rollout' && rule_key === '' && 'nothing decided',
      view.grouped.some(hasId) && 'in a group',
      wasForced &&
        rule_type === 'feature-test' &&
        (rule_key === '' ? 'forced for the flag' : 'forced for an experiment'),
      wasForced && rule_type === 'rollout' && 'forced for a delivery rule',
      rule_key !== '' &&
        view.flags.filter(flag => view.rules(flag).some(rule => rule.key === rule_key)).length > 1 &&
        'rule key of several flags',
      experiment?.type === 'fr' && 'feature rollout',
      experiment?.type === 'fr' &&
        !experiment.variations.some(variation => variation.id === variation_id) &&
        "feature rollout, everyone else's variation",
      variation_key !== '' && variation_id === null && 'variation id that is no number',
      rule_type !== 'holdout' && id !== '' && campaign_id === id && 'no layer',
      rule_type !== 'holdout' && view.experiments.filter(hasId).length > 1 && 'experiment listed twice',
      rule_type === 'experiment' &&
        view.experiments.filter(({ key }) => key === rule_key).length > 1 &&
        'experiment key listed twice',
    );
    this.#countCommon(view, input, outcome);
  }

  countConversion(view: DatafileView, { input, outcome }: Step): void {
    if (typeof outcome === 'string') {
      this.count('unknown event');
      return;
    }
    const event = outcome.params.visitors[0]?.snapshots[0]?.events[0];
    this.count(
      'conversion',
      (view.datafile.events?.filter(({ key }) => key === event?.key).length ?? 0) > 1 &&
        'event key listed twice',
      event?.revenue !== undefined && 'revenue',
      event?.value !== undefined && 'value',
      event?.tags === undefined ? 'no tags' : 'tags',
      event?.revenue === undefined && event?.tags?.revenue !== undefined && 'revenue that is no number',
    );
    this.#countCommon(view, input, outcome);
  }

  /** @param least how many of each kind there must be in 100 runs */
  require(least: Record<string, number>): void {
    if (process.env.REFEREE_COVERAGE) {
      process.stderr.write(`${JSON.stringify(Object.fromEntries([...this.#counts].sort()), null, 1)}\n`);
    }
    const missed = Object.entries(least)
      .map(([kind, count]) => ({ kind, least: (count * RUNS) / 100, met: this.#counts.get(kind) ?? 0 }))
      .filter(({ least, met }) => met < least)
      .map(({ kind, least, met }) => `${kind}: ${met}, not ${least}`);
    expect(missed, 'kinds met too seldom to prove anything').to.deep.equal([]);
  }

  #countCommon({ datafile }: DatafileView, input: Step['input'], { url, params }: OfficialLogEvent): void {
    const attributes = params.visitors[0]?.attributes ?? [];
    const given = Object.keys(input.attributes ?? {});
    this.count(
      url.includes('//eu.') && 'EU',
      params.anonymize_ip && 'anonymised IP',
      typeof datafile.botFiltering === 'boolean' && `bot filtering ${datafile.botFiltering}`,
      input.userId === '' && 'empty user id',
      attributes.some(
        ({ key, entity_id }) => key.startsWith('$opt_') && key === entity_id && given.includes(key),
      ) && 'reserved attribute',
      attributes.some(({ key, entity_id }) => key.startsWith('$opt_') && key !== entity_id) &&
        'reserved attribute with an id',
      attributes.some(({ key }) => !key.startsWith('$opt_')) && 'attribute',
      given.some(key => !attributes.some(attribute => attribute.key === key)) && 'attribute left out',
    );
  }
}

function isLast(datafile: TestDatafile, ruleId: string): boolean {
  return datafile.rollouts?.some(({ experiments }) => experiments.at(-1)?.id === ruleId) ?? false;
}
