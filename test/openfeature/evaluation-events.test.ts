// SPDX-License-Identifier: Apache-2.0
import {
  createEvaluationEvent,
  type EvaluationDetails,
  type Hook,
  type HookContext,
} from '@openfeature/server-sdk';
import { type Attributes, trace } from '@opentelemetry/api';
import { expect } from 'chai';
import fc from 'fast-check';
import {
  type LedgerSnapshot,
  type OptimizelySpanProcessorOptions,
  StaticProjectConfigManager,
} from 'opentelemetry-exporter-optimizely';
import { makeDatafile } from '../support/datafile.js';
import { DECISION, makeClient, type Resolution, ScriptedProvider, useOptimizely } from './harness.js';

const VISITOR = { targetingKey: 'visitor-1' };

/** What OpenFeature's own OpenTelemetry hook for span events does. */
function spanEventHook(more: (details: EvaluationDetails<never>) => Attributes = () => ({})): Hook {
  return {
    finally(hookContext: HookContext, details: EvaluationDetails<never>) {
      const { name, attributes } = createEvaluationEvent(hookContext, details);
      trace.getActiveSpan()?.addEvent(name, { ...attributes, ...more(details) });
    },
  };
}

/** No rule of the flag `checkout` shares a variation with its feature test. */
const CLEAR = { rollouts: [{ id: '900', experiments: [rule('910', 'everyone', ['off'])] }] };

function rule(id: string, key: string, variations: readonly string[]) {
  return {
    id,
    key,
    layerId: `${id}0`,
    variations: variations.map((variation, index) => ({ id: `${id}${index}`, key: variation })),
  };
}

describe('feature_flag.evaluation span events', () => {
  const makeOptimizely = useOptimizely();

  async function makeHarness(
    datafile: Record<string, unknown> = CLEAR,
    options: Partial<OptimizelySpanProcessorOptions> = {},
    hook = spanEventHook(),
  ) {
    const manager = new StaticProjectConfigManager({ datafile: makeDatafile(datafile) });
    const optimizely = await makeOptimizely({
      projectConfigManager: manager,
      evaluationEvents: true,
      ...options,
    });
    const provider = new ScriptedProvider({ ...DECISION, flagMetadata: {} });
    const client = await makeClient(provider);
    client.addHooks(hook);
    const evaluate = (flagKey = 'checkout', visitor: { targetingKey?: string } = VISITOR) =>
      optimizely.inSpan(() => client.getBooleanValue(flagKey, false, visitor));
    return { ...optimizely, provider, evaluate, total: () => totalOf(optimizely.processor.ledger()) };
  }

  it('are left alone by default', async () => {
    for (const evaluationEvents of [undefined, false]) {
      const { evaluate, processor } = await makeHarness(CLEAR, { evaluationEvents });
      await evaluate();
      expect(processor.ledger().recorded).to.equal(0);
    }
  });

  it("become impressions of the flag's experiment that has the variation", async () => {
    const { evaluate, received, spans } = await makeHarness();
    await evaluate();
    const [impression, ...others] = await received();
    expect(others).to.be.empty;
    const [seconds = 0, nanos = 0] = spans()[0]?.events[0]?.time ?? [];
    expect(impression).to.deep.include({
      type: 'impression',
      visitorId: 'visitor-1',
      flagKey: 'checkout',
      ruleKey: 'checkout_test',
      ruleType: 'feature-test',
      experimentId: '200',
      variationKey: 'treatment',
      variationId: '2002',
      timestamp: seconds * 1000 + Math.trunc(nanos / 1_000_000),
      problems: [],
    });
  });

  it('are ignored, counted and explained where another rule of the flag has a variation of the experiment', async () => {
    // The delivery rule shares `control` only, but to count `treatment` alone would falsify the results.
    for (const variant of ['control', 'treatment']) {
      const { evaluate, provider, processor, logger } = await makeHarness({});
      provider.answer = () => ({ value: true, variant });
      await evaluate();
      await evaluate();
      expect(processor.ledger()).to.deep.include({ recorded: 0, warnings: { ambiguous_evaluation: 2 } });
      expect(logger.at('warn'), variant).to.have.length(1);
      expect(logger.at('warn')[0]).to.include('optimizely.rule.key');
    }
  });

  it('are ignored and counted too where a holdout has a variation of the experiment', async () => {
    const holdouts = [rule('950', 'held_out', ['control'])];
    const { evaluate, processor } = await makeHarness({ ...CLEAR, holdouts });
    await evaluate();
    expect(processor.ledger()).to.deep.include({ recorded: 0, warnings: { ambiguous_evaluation: 1 } });
  });

  it('with a rule key among their attributes need no inference', async () => {
    const hook = spanEventHook(details => ({ 'optimizely.rule.key': String(details.flagMetadata.rule) }));
    const { evaluate, provider, received } = await makeHarness({}, {}, hook);
    provider.answer = () => ({ value: false, variant: 'control', flagMetadata: { rule: 'checkout_test' } });
    await evaluate();
    provider.answer = () => ({ value: false, variant: 'control', flagMetadata: { rule: 'other' } });
    await evaluate();
    expect((await received()).map(event => [event.ruleKey, event.variationId])).to.deep.equal([
      ['checkout_test', '2001'],
    ]);
  });

  const enabled: Record<string, [Resolution, boolean]> = {
    'a boolean': [{ value: false, variant: 'control', reason: 'SPLIT' }, false],
    'a reason': [{ value: true, variant: 'control', reason: 'DISABLED' }, false],
    'nothing, as enabled': [{ value: 'x', variant: 'control', reason: 'SPLIT' }, true],
  };
  for (const [name, [resolution, expected]] of Object.entries(enabled)) {
    it(`tell whether the flag was on by ${name}`, async () => {
      const { evaluate, provider, visitors } = await makeHarness();
      provider.answer = () => resolution;
      await evaluate();
      const decision = (await visitors())[0]?.snapshots[0]?.decisions?.[0];
      expect(decision?.metadata.enabled).to.equal(expected);
    });
  }

  const ordinary: Record<string, [Resolution, string?]> = {
    'of another flag': [DECISION, 'other'],
    'of a delivery rule': [{ value: false, variant: 'off' }],
    'without a variation': [{ value: true }],
    'that failed': [{ ...DECISION, reason: 'ERROR' }],
  };
  for (const [name, [resolution, flagKey]] of Object.entries(ordinary)) {
    it(`${name} are in no count`, async () => {
      const { evaluate, provider, processor, logger } = await makeHarness();
      provider.answer = () => resolution;
      await evaluate(flagKey);
      expect(processor.ledger()).to.deep.include({ recorded: 0, warnings: {} });
      expect(logger.lines.filter(line => line.level !== 'debug')).to.be.empty;
    });
  }

  const sayingSo: Record<string, Attributes> = {
    'of a delivery rule': { 'optimizely.rule.type': 'rollout', 'optimizely.rule.key': 'everyone' },
    'that no rule decided': { 'optimizely.rule.key': '' },
    'that failed, by their reason': { 'feature_flag.result.reason': 'error' },
    'that failed, by an error type': { 'error.type': 'type_mismatch' },
  };
  for (const [name, attributes] of Object.entries(sayingSo)) {
    it(`${name} are in no count where they say so`, async () => {
      const hook = spanEventHook(() => attributes);
      const { evaluate, processor } = await makeHarness(CLEAR, {}, hook);
      await evaluate();
      expect(processor.ledger()).to.deep.include({ recorded: 0, warnings: {} });
    });
  }

  it('are deduplicated by default, and the rest is in the ledger', async () => {
    const { evaluate, provider, processor, received, runtime, total } = await makeHarness(CLEAR, {
      evaluationEvents: { dedupe: { windowMillis: 1_000 } },
    });
    await evaluate();
    await evaluate();
    await evaluate('checkout', { targetingKey: 'visitor-2' });
    provider.answer = () => ({ value: true, variant: 'control' });
    await evaluate();
    expect(processor.ledger()).to.deep.include({ recorded: 4, dropped: { deduplicated: 1 } });
    await received();
    await runtime.advance(1_000);
    await evaluate();
    expect(await received()).to.have.length(4);
    expect(total()).to.equal(processor.ledger().recorded);
  });

  it('are each recorded with dedupe: false', async () => {
    const { evaluate, received } = await makeHarness(CLEAR, { evaluationEvents: { dedupe: false } });
    await evaluate();
    await evaluate();
    expect(await received()).to.have.length(2);
  });

  it('that were refused stand for no other', async () => {
    const { evaluate, processor } = await makeHarness(
      CLEAR,
      {},
      spanEventHook(() => ({ 'optimizely.rule.key': 'unknown' })),
    );
    await evaluate();
    await evaluate();
    expect(processor.ledger().dropped).to.deep.equal({ unknown_key: 2 });
  });

  it('without a context id are refused and counted', async () => {
    const { evaluate, processor, logger } = await makeHarness();
    await evaluate('checkout', {});
    expect(processor.ledger().dropped).to.deep.equal({ invalid: 1 });
    expect(logger.at('warn').join()).to.include('feature_flag.context.id');
  });

  it('before the first datafile are held; those of no one experiment then leave with a reason', async () => {
    const manager = new StaticProjectConfigManager();
    const { evaluate, provider, processor, received, logger, total } = await makeHarness(CLEAR, {
      projectConfigManager: manager,
    });
    await evaluate();
    await evaluate('other');
    provider.answer = () => ({ value: true, variant: 'control' });
    await evaluate('shared');
    expect(processor.ledger()).to.deep.include({ recorded: 3, pending: 3 });

    manager.setDatafile(
      makeDatafile({
        ...CLEAR,
        featureFlags: [
          { id: '50', key: 'checkout', experimentIds: ['200'], rolloutId: '900' },
          { id: '51', key: 'shared', experimentIds: ['100', '200'], rolloutId: '' },
        ],
      }),
    );
    expect((await received()).map(event => [event.ruleKey, event.variationId])).to.deep.equal([
      ['checkout_test', '2002'],
    ]);
    expect(processor.ledger()).to.deep.include({
      dropped: { no_experiment: 2 },
      warnings: { ambiguous_evaluation: 1 },
    });
    expect(total()).to.equal(3);
    expect(logger.at('warn')).to.have.length(1);
  });

  it('that are held are screened like any other, and resolved all the same', async () => {
    const manager = new StaticProjectConfigManager();
    const { evaluate, processor, received, logger } = await makeHarness(CLEAR, {
      projectConfigManager: manager,
      beforeSend: event =>
        event.userId === 'visitor-2' && event.type === 'impression'
          ? { ...event, flagKey: '', ruleKey: 'banner' }
          : { ...event },
    });
    await evaluate();
    await evaluate('other');
    await evaluate('other', { targetingKey: 'visitor-2' });
    manager.setDatafile(makeDatafile(CLEAR));
    expect((await received()).map(event => event.ruleKey)).to.deep.equal(['checkout_test', 'banner']);
    expect(processor.ledger()).to.deep.include({ dropped: { no_experiment: 1 }, warnings: {} });
    expect(logger.at('info').filter(line => line.startsWith('impression dropped: '))).to.deep.equal([
      'impression dropped: it is a flag evaluation, and no single experiment of its flag has its variation',
    ]);
  });

  it('of a span that ends twice are taken once', async () => {
    const { evaluate, processor, spans } = await makeHarness(CLEAR, { evaluationEvents: { dedupe: false } });
    await evaluate();
    const [span] = spans();
    if (span === undefined) throw new Error('no span');
    processor.onEnd(span);
    expect(processor.ledger().recorded).to.equal(1);
  });

  it('an option that is none falls back to off with an info line', async () => {
    const { evaluate, processor, logger } = await makeHarness(CLEAR, { evaluationEvents: 'yes' as never });
    await evaluate();
    expect(processor.ledger().recorded).to.equal(0);
    expect(logger.at('info').join()).to.include('evaluationEvents must be');
  });

  it('an inferred rule is the only one that has its variations, and all arms are inferred or none', () => {
    const keys = fc.uniqueArray(fc.constantFrom('on', 'off', 'a', 'b', 'c'), { maxLength: 3 });
    const rules = fc.array(keys, { maxLength: 4 });
    fc.assert(
      fc.property(rules, rules, (tests, deliveries) => {
        const experiments = tests.map((keys, index) => rule(`1${index}`, `test-${index}`, keys));
        const deliveryRules = deliveries.map((keys, index) => rule(`2${index}`, `delivery-${index}`, keys));
        const datafile = makeDatafile({
          experiments,
          rollouts: [{ id: '900', experiments: deliveryRules }],
          featureFlags: [
            { id: '50', key: 'f', experimentIds: experiments.map(({ id }) => id), rolloutId: '900' },
          ],
        });
        const config = new StaticProjectConfigManager({ datafile }).getConfig();
        const infer = (key: string) => config?.inferRule('f', key);
        for (const key of ['on', 'off', 'a', 'b', 'c', 'unknown']) {
          const owners = experiments.filter(({ variations }) => variations.some(each => each.key === key));
          const inferred = infer(key);
          if (typeof inferred !== 'object') {
            expect(inferred).to.equal(owners.length === 0 ? 'none' : 'ambiguous');
            continue;
          }
          expect(owners.map(owner => owner.key)).to.deep.equal([inferred.ruleKey]);
          const own = owners[0]?.variations.map(variation => variation.key) ?? [];
          const others = [...experiments, ...deliveryRules].filter(each => each !== owners[0]);
          for (const arm of own) {
            expect(infer(arm)).to.deep.equal(inferred);
            expect(others.some(({ variations }) => variations.some(each => each.key === arm))).to.equal(
              false,
            );
          }
        }
      }),
    );
  });
});

function totalOf({ delivered, stored, pending, dropped }: LedgerSnapshot): number {
  return Object.values(dropped).reduce((sum, count) => sum + count, delivered + stored + pending);
}
