// SPDX-License-Identifier: Apache-2.0
import type { EvaluationDetails, FlagValue, Hook, HookContext } from '@openfeature/server-sdk';
import { expect } from 'chai';
import fc from 'fast-check';
import type { Impression } from 'opentelemetry-exporter-optimizely';
import {
  type EvaluationDetailsLike,
  impressionFromEvaluation,
  OptimizelyHook,
  type OptimizelyHookOptions,
} from 'opentelemetry-exporter-optimizely/openfeature';
import { RecordingLogger } from '../support/fakes.js';
import { ManualRuntime } from '../support/manual-runtime.js';
import {
  DECISION,
  makeClient,
  type Resolution,
  ScriptedProvider,
  unhandledDuring,
  useOptimizely,
} from './harness.js';

const SECRET = 'visitor-secret';
const VISITOR = { targetingKey: 'visitor-1', plan: 'gold', country: 'DE', age: 41, trial: false };

describe('OptimizelyHook', () => {
  const makeOptimizely = useOptimizely();

  async function makeHarness(resolution: Resolution = DECISION, options: OptimizelyHookOptions = {}) {
    const optimizely = await makeOptimizely();
    const hookLogger = new RecordingLogger();
    const hook = new OptimizelyHook({ runtime: optimizely.runtime, logger: hookLogger, ...options });
    const provider = new ScriptedProvider(resolution);
    const client = await makeClient(provider);
    client.addHooks(hook);
    return { ...optimizely, hook, hookLogger, provider, client };
  }

  it('is a Hook of the server SDK, by structure, and takes a mapping written with its types', () => {
    const hook: Hook = new OptimizelyHook({
      mapEvaluation: (details: EvaluationDetails<FlagValue>, hookContext: HookContext) => ({
        userId: hookContext.context.targetingKey ?? '',
        ruleKey: String(details.flagMetadata.rule),
      }),
    });
    expect(hook).to.respondTo('finally');
  });

  it('records an experiment decision as an impression that counts, on the active span', async () => {
    const { client, inSpan, received, visitors, spans } = await makeHarness();
    expect(await inSpan(() => client.getBooleanValue('checkout', false, VISITOR))).to.equal(true);

    const [impression, ...others] = await received();
    expect(others).to.be.empty;
    expect(impression).to.deep.include({
      type: 'impression',
      visitorId: 'visitor-1',
      flagKey: 'checkout',
      ruleKey: 'checkout_test',
      ruleType: 'feature-test',
      variationKey: 'treatment',
      experimentId: '200',
      variationId: '2002',
      problems: [],
    });
    const attributes = (await visitors())[0]?.attributes.map(({ key, value }) => [key, value]);
    expect(attributes, 'those that the datafile knows').to.deep.equal([
      ['plan', 'gold'],
      ['country', 'DE'],
    ]);
    const [span] = spans();
    expect(
      span?.events.map(event => [event.name, event.attributes?.['optimizely.event.uuid']]),
    ).to.deep.equal([['optimizely.impression', impression?.uuid]]);
  });

  const recorded: Record<string, [Resolution, Partial<Impression>]> = {
    'keys in snake case': [
      {
        variant: 'x',
        flagMetadata: { rule_key: 'r', variation_key: 'v', rule_type: 'holdout', enabled: false },
      },
      { ruleKey: 'r', variationKey: 'v', ruleType: 'holdout', enabled: false },
    ],
    'keys behind optimizely.': [
      { variant: 'v', flagMetadata: { 'optimizely.ruleKey': 'r', 'optimizely.flagKey': 'other' } },
      { ruleKey: 'r', flagKey: 'other' },
    ],
    'keys of span events': [
      { variant: 'v', flagMetadata: { 'optimizely.rule.key': 'r', 'optimizely.decision.enabled': false } },
      { ruleKey: 'r', enabled: false },
    ],
    'an experiment key': [{ variant: 'v', flagMetadata: { experimentKey: 'e' } }, { ruleKey: 'e' }],
    'ids as numbers, and no keys': [
      { flagMetadata: { experimentId: 200, campaignId: '20', variationId: 2002 } },
      { experimentId: '200', campaignId: '20', variationId: '2002' },
    ],
    'a plain experiment, without the key that was evaluated': [
      { variant: 'v', flagMetadata: { experimentKey: 'banner', ruleType: 'experiment' } },
      { flagKey: '', ruleKey: 'banner', ruleType: 'experiment' },
    ],
    'a contextual bandit': [
      { variant: 'v', flagMetadata: { ruleKey: 'r', cmabUuid: 'c' } },
      { cmabUuid: 'c' },
    ],
    'a rule type that is none, to be looked up': [
      { variant: 'v', flagMetadata: { ruleKey: 'r', ruleType: 'a/b' } },
      { ruleKey: 'r', ruleType: undefined },
    ],
    'the arm with the flag off, by its reason': [
      { variant: 'v', reason: 'DISABLED', value: 'default', flagMetadata: { ruleKey: 'r' } },
      { enabled: false },
    ],
    'the arm with the flag off, by its value': [
      { variant: 'v', reason: 'SPLIT', value: false, flagMetadata: { ruleKey: 'r' } },
      { enabled: false },
    ],
    'a value that was the default': [
      { variant: 'v', reason: 'DEFAULT', value: 'default', flagMetadata: { ruleKey: 'r' } },
      { enabled: true },
    ],
  };
  for (const [name, [resolution, expected]] of Object.entries(recorded)) {
    it(`maps ${name}`, () => {
      const impression = impressionFromEvaluation({ flagKey: 'f', ...resolution }, contextOf('f'));
      expect(impression).to.deep.include(expected);
    });
  }

  const ignored: Record<string, Resolution> = {
    'no metadata': { value: true, variant: 'on', reason: 'SPLIT' },
    'metadata without a rule or an experiment': {
      ...DECISION,
      flagMetadata: { version: '3', enabled: true },
    },
    'no variation': { value: true, flagMetadata: { ruleKey: 'checkout_test' } },
    'a delivery rule': { ...DECISION, flagMetadata: { ruleKey: 'everyone', ruleType: 'rollout' } },
    'an error': { ...DECISION, reason: 'ERROR' },
    'an empty rule key': { ...DECISION, flagMetadata: { ruleKey: '' } },
  };
  for (const [name, resolution] of Object.entries(ignored)) {
    it(`records nothing for ${name}`, async () => {
      const { client, inSpan, processor, spans, hook } = await makeHarness(resolution);
      await inSpan(() => client.getBooleanValue('checkout', false, VISITOR));
      expect(processor.ledger().recorded).to.equal(0);
      expect(spans()[0]?.events).to.be.empty;
      expect(hook.suppressed).to.equal(0);
    });
  }

  it('the reason, an error apart, decides nothing: no arm of an experiment is left out', () => {
    const metadata = fc.dictionary(
      fc.constantFrom(
        'ruleKey',
        'experiment_id',
        'variationKey',
        'ruleType',
        'enabled',
        'optimizely.flagKey',
        'x',
      ),
      fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constantFrom('rollout', 'holdout')),
    );
    const reason = fc.constantFrom(
      'STATIC',
      'DEFAULT',
      'TARGETING_MATCH',
      'SPLIT',
      'CACHED',
      'DISABLED',
      'STALE',
      'x',
    );
    const variant = fc.option(fc.string(), { nil: undefined });
    fc.assert(
      fc.property(metadata, variant, reason, reason, (flagMetadata, variant, one, other) => {
        const map = (reason: string) => {
          const details = { flagKey: 'f', value: 'v', variant, reason, flagMetadata };
          const impression = impressionFromEvaluation(details, contextOf('f'));
          return impression && { ...impression, enabled: undefined };
        };
        expect(map(one)).to.deep.equal(map(other));
        expect(map('ERROR')).to.equal(undefined);
        const impression = map(one);
        if (impression === undefined) return;
        expect(Boolean(impression.ruleKey || impression.experimentId)).to.equal(true);
        expect(Boolean(impression.variationKey || impression.variationId)).to.equal(true);
        expect(impression.ruleType).not.to.equal('rollout');
      }),
    );
  });

  it('takes only primitives of the context, and not the targeting key, as attributes', () => {
    const context = { ...VISITOR, when: new Date(0), roles: ['a'], nested: { a: 1 }, nothing: null };
    const impression = impressionFromEvaluation({ flagKey: 'f', ...DECISION }, { flagKey: 'f', context });
    expect(impression?.userId).to.equal('visitor-1');
    expect(impression?.attributes).to.deep.equal({ plan: 'gold', country: 'DE', age: 41, trial: false });
  });

  it('records nothing where another hook makes the application get its default value', async () => {
    for (const order of ['before', 'behind'] as const) {
      const { client, hook, processor } = await makeHarness();
      const failing: Hook = {
        after: () => {
          throw new Error('no');
        },
      };
      client.clearHooks();
      client.addHooks(...(order === 'before' ? [hook, failing] : [failing, hook]));
      expect(await client.getBooleanValue('checkout', false, VISITOR)).to.equal(false);
      expect(processor.ledger().recorded, order).to.equal(0);
    }
  });

  it('records one impression per visitor, rule and variation a window, and counts the rest', async () => {
    const { client, provider, runtime, received, hook } = await makeHarness(DECISION, {
      dedupe: { windowMillis: 60_000 },
    });
    const evaluate = (targetingKey: string) => client.getBooleanValue('checkout', false, { targetingKey });
    await evaluate('a');
    await received();
    await runtime.advance(59_999);
    await evaluate('a');
    expect([(await received()).length, hook.suppressed], 'within the window').to.deep.equal([1, 1]);

    await evaluate('b');
    provider.answer = () => ({ ...DECISION, variant: 'control' });
    await evaluate('b');
    provider.answer = () => ({ ...DECISION, flagMetadata: { ruleKey: 'everyone' } });
    await evaluate('b');
    expect(hook.suppressed, 'another visitor, variation, rule').to.equal(1);

    provider.answer = () => DECISION;
    await received();
    await runtime.advance(1);
    await evaluate('a');
    expect(hook.suppressed, 'after the window').to.equal(1);
    expect((await received()).map(event => event.visitorId)).to.deep.equal(['a', 'b', 'b', 'a']);
  });

  it('deduplicates by default, for half an hour', async () => {
    const { client, runtime, received, hook } = await makeHarness();
    await client.getBooleanValue('checkout', false, VISITOR);
    await received();
    await runtime.advance(1_799_999);
    await client.getBooleanValue('checkout', false, VISITOR);
    expect(hook.suppressed).to.equal(1);
    await runtime.advance(1);
    await client.getBooleanValue('checkout', false, VISITOR);
    expect(await received()).to.have.length(2);
  });

  it('remembers an impression that it records once more, since the stack had ended', async () => {
    let calls = 0;
    const recordImpression = () => {
      if (++calls === 1) throw new RangeError('Maximum call stack size exceeded');
      return 'uuid';
    };
    const { client, hook } = await makeHarness(DECISION, { processor: { recordImpression } as never });
    for (let n = 0; n < 3; n++) await client.getBooleanValue('checkout', false, VISITOR);
    expect(calls).to.equal(2);
    expect(hook.suppressed).to.equal(2);
  });

  it('records each evaluation with dedupe: false', async () => {
    const { client, received, hook } = await makeHarness(DECISION, { dedupe: false });
    for (let time = 0; time < 3; time++) await client.getBooleanValue('checkout', false, VISITOR);
    expect(await received()).to.have.length(3);
    expect(hook.suppressed).to.equal(0);
  });

  it('forgets the least recently seen past maxEntries', async () => {
    const { client, received } = await makeHarness(DECISION, { dedupe: { maxEntries: 2 } });
    for (const targetingKey of ['a', 'b', 'c', 'a', 'c']) {
      await client.getBooleanValue('checkout', false, { targetingKey });
    }
    expect((await received()).map(event => event.visitorId)).to.deep.equal(['a', 'b', 'c', 'a']);
  });

  it('an impression that nobody took stands for no other', async () => {
    const calls: Impression[] = [];
    const processor = {
      recordImpression: (impression: Impression) => (calls.push(impression) > 1 ? 'uuid' : undefined),
    };
    const { client, hook } = await makeHarness(DECISION, { processor });
    for (let time = 0; time < 3; time++) await client.getBooleanValue('checkout', false, VISITOR);
    expect([calls.length, hook.suppressed]).to.deep.equal([2, 1]);
  });

  it('nor does one whose recording threw', async () => {
    const calls: Impression[] = [];
    const processor = {
      recordImpression: (impression: Impression) => {
        if (calls.push(impression) === 1) throw new Error('no');
        return 'uuid';
      },
    };
    const { client, hook } = await makeHarness(DECISION, { processor });
    for (let time = 0; time < 3; time++) await client.getBooleanValue('checkout', false, VISITOR);
    expect([calls.length, hook.suppressed]).to.deep.equal([2, 1]);
  });

  it('a decision without a targeting key is refused and counted', async () => {
    const { client, processor, logger } = await makeHarness();
    await client.getBooleanValue('checkout', false, { plan: 'gold' });
    expect(processor.ledger().dropped).to.deep.equal({ invalid: 1 });
    expect(logger.at('warn').join()).to.include('impression refused: userId must be a string');
  });

  it('records with the given processor alone', async () => {
    const other = await makeOptimizely();
    const { client, processor } = await makeHarness(DECISION, { processor: other.processor });
    await client.getBooleanValue('checkout', false, VISITOR);
    expect(await other.received()).to.have.length(1);
    expect(processor.ledger().recorded).to.equal(0);
  });

  it('takes a mapping of the application, which may say that it is no decision', async () => {
    const { client, received } = await makeHarness(
      { value: true, variant: 'treatment' },
      {
        mapEvaluation: (details, { context }) =>
          details.flagKey === 'mine'
            ? { userId: String(context.targetingKey), ruleKey: 'banner', variationKey: details.variant }
            : undefined,
      },
    );
    await client.getBooleanValue('mine', false, VISITOR);
    await client.getBooleanValue('other', false, VISITOR);
    expect((await received()).map(event => event.ruleKey)).to.deep.equal(['banner']);
  });

  it('an evaluation never fails by it, and no log line has user data', async () => {
    const broken: Partial<OptimizelyHookOptions>[] = [
      {
        mapEvaluation: () => {
          throw new Error(SECRET);
        },
      },
      { mapEvaluation: () => SECRET as unknown as Impression },
      { mapEvaluation: () => ({ userId: 1n, ruleKey: SECRET }) as unknown as Impression },
      {
        processor: {
          recordImpression: () => {
            throw new Error(SECRET);
          },
        },
      },
      {
        runtime: {
          monotonic: () => {
            throw new Error(SECRET);
          },
        },
      },
    ];
    for (const options of broken) {
      const { client, hookLogger, logger } = await makeHarness(DECISION, options);
      const details = await client.getBooleanDetails('checkout', false, { targetingKey: SECRET });
      expect(details.value).to.equal(true);
      expect(details.errorCode).to.equal(undefined);
      expect(JSON.stringify([hookLogger.lines, logger.lines])).not.to.include(SECRET);
    }
  });

  it('a mapping that returns a promise is refused and counted, and its rejection ends nothing', async () => {
    const { client, processor } = await makeHarness(DECISION, {
      mapEvaluation: () => Promise.reject(new Error('no')) as unknown as Impression,
    });
    const unhandled = await unhandledDuring(() => client.getBooleanValue('checkout', false, VISITOR));
    expect(unhandled).to.deep.equal([]);
    expect(processor.ledger().dropped).to.deep.equal({ invalid: 1 });
  });

  it('says once that an evaluation was not recorded', async () => {
    const { client, hookLogger } = await makeHarness(DECISION, {
      mapEvaluation: () => {
        throw new RangeError('no');
      },
    });
    for (let time = 0; time < 3; time++) await client.getBooleanValue('checkout', false, VISITOR);
    expect(hookLogger.at('error')).to.deep.equal(['an evaluation was not recorded: RangeError']);
  });

  it('no stage throws, whatever it is called with', () => {
    const hook = new OptimizelyHook({ logger: new RecordingLogger(), runtime: new ManualRuntime() });
    const hostile = new Proxy({}, { get: () => SECRET, has: () => true });
    for (const first of [undefined, null, 1, {}, hostile] as never[]) {
      for (const second of [undefined, null, SECRET, {}, hostile] as never[]) {
        hook.after(first, second);
        hook.finally(first);
        hook.after(first, second);
        hook.error(first);
        hook.finally(first);
      }
    }
    expect(hook.suppressed).to.equal(0);
  });

  it('fits SDKs whose finally stage gets no details, and whose hooks share one context', () => {
    const calls: Impression[] = [];
    const processor = { recordImpression: (impression: Impression) => String(calls.push(impression)) };
    const hook = new OptimizelyHook({ processor, dedupe: false });
    const shared = contextOf('checkout');
    const details: EvaluationDetailsLike = { flagKey: 'checkout', ...DECISION };
    for (let registered = 0; registered < 2; registered++) hook.after(shared, details);
    for (let registered = 0; registered < 2; registered++) hook.finally(shared);
    expect(calls).to.have.length(1);
  });

  it('refuses options that no default can mend, and falls back from the others', () => {
    const logger = new RecordingLogger();
    expect(() => new OptimizelyHook({ processor: {} as never })).to.throw(TypeError, 'recordImpression');
    expect(() => new OptimizelyHook({ mapEvaluation: 'x' as never })).to.throw(TypeError, 'mapEvaluation');
    new OptimizelyHook({ logger, dedupe: { windowMillis: -1, maxEntries: 1.5 } });
    new OptimizelyHook({ logger, dedupe: 7 as never });
    expect(logger.at('info')).to.have.length(3);
  });
});

function contextOf(flagKey: string) {
  return { flagKey, context: VISITOR };
}
