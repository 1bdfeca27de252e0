// SPDX-License-Identifier: Apache-2.0
import { OpenFeature, OpenFeatureEventEmitter, type Provider, ProviderEvents } from '@openfeature/server-sdk';
import { expect } from 'chai';
import type { Conversion } from 'opentelemetry-exporter-optimizely';
import {
  conversionFromTracking,
  OptimizelyHook,
  trackConversion,
  withConversions,
} from 'opentelemetry-exporter-optimizely/openfeature';
import { makeClient, ScriptedProvider, unhandledDuring, useOptimizely } from './harness.js';

const VISITOR = { targetingKey: 'visitor-1', plan: 'gold', roles: ['a'] };

describe('OpenFeature tracking', () => {
  const makeOptimizely = useOptimizely();

  it('client.track() becomes a conversion with value, revenue and tags, on the active span', async () => {
    const { inSpan, visitors, received, spans } = await makeOptimizely();
    const client = await makeClient(withConversions(new ScriptedProvider()));
    const items = [{ sku: 'a', count: 2 }];
    await inSpan(() =>
      client.track('purchase', VISITOR, { value: 1.5, revenue: 4200, currency: 'EUR', items }),
    );

    const [visitor, ...others] = await visitors();
    expect(others).to.be.empty;
    expect(visitor?.visitor_id).to.equal('visitor-1');
    expect(visitor?.attributes.map(({ key, value }) => [key, value])).to.deep.equal([['plan', 'gold']]);
    expect(visitor?.snapshots[0]?.events[0]).to.deep.include({
      key: 'purchase',
      entity_id: '300',
      revenue: 4200,
      value: 1.5,
      tags: { value: 1.5, revenue: 4200, currency: 'EUR', items },
    });
    expect((await received())[0]?.problems.map(problem => problem.code)).to.deep.equal([
      'no_earlier_decision',
    ]);
    expect(spans()[0]?.events.map(event => event.name)).to.deep.equal(['optimizely.conversion']);
  });

  it('counts after an evaluation of the same visitor', async () => {
    const { received, runtime, processor } = await makeOptimizely();
    const client = await makeClient(withConversions(new ScriptedProvider(), { processor }));
    client.addHooks(new OptimizelyHook({ processor }));
    await client.getBooleanValue('checkout', false, VISITOR);
    await runtime.advance(1);
    client.track('purchase', VISITOR);
    expect((await received()).map(event => [event.type, event.problems])).to.deep.equal([
      ['impression', []],
      ['conversion', []],
    ]);
  });

  it('without details there are no tags', async () => {
    const { visitors } = await makeOptimizely();
    const client = await makeClient(withConversions(new ScriptedProvider()));
    client.track('purchase', VISITOR);
    expect((await visitors())[0]?.snapshots[0]?.events[0]).not.to.have.any.keys('tags', 'value', 'revenue');
  });

  it('takes the merged context: the targeting key of the client', async () => {
    const { received } = await makeOptimizely();
    const client = await makeClient(withConversions(new ScriptedProvider()));
    client.setContext({ targetingKey: 'of-the-client' });
    client.track('purchase');
    expect((await received())[0]?.visitorId).to.equal('of-the-client');
  });

  it("calls the provider's own track with the same arguments, and returns what that returns", () => {
    const own: Provider & { seen: unknown[] } = Object.assign(new ScriptedProvider(), {
      seen: [] as unknown[],
      track(this: { seen: unknown[] }, ...args: unknown[]) {
        this.seen.push(...args);
        return 'answer' as unknown as undefined;
      },
    });
    const details = { value: 1 };
    expect(withConversions(own).track('purchase', VISITOR, details)).to.equal('answer');
    expect(own.seen[0]).to.equal('purchase');
    expect(own.seen[1]).to.equal(VISITOR);
    expect(own.seen[2]).to.equal(details);
  });

  it('an error of the own track stays one, after the conversion was recorded', async () => {
    const { received } = await makeOptimizely();
    const wrapped = withConversions({
      track() {
        throw new Error('own');
      },
    });
    expect(() => wrapped.track('purchase', VISITOR)).to.throw('own');
    expect(await received()).to.have.length(1);
  });

  it('works with a provider that has no track, and with a frozen one that has', async () => {
    const { received } = await makeOptimizely();
    const { metadata, runsOn } = new ScriptedProvider();
    const seen: unknown[] = [];
    const bare = { metadata, runsOn } as unknown as Provider;
    const frozen = Object.freeze({ ...bare, track: (name: string) => void seen.push(name) });
    for (const provider of [bare, frozen]) {
      const client = await makeClient(withConversions(provider));
      client.track('purchase', VISITOR);
    }
    expect(await received()).to.have.length(2);
    expect(seen).to.deep.equal(['purchase']);
  });

  it('is a Provider of the server SDK, with all members of the wrapped one', async () => {
    const emitter = new OpenFeatureEventEmitter();
    class Full extends ScriptedProvider {
      readonly events = emitter;
      readonly hooks = [];
      state = 'before';
      #initialized = false;
      async initialize() {
        this.#initialized = true;
        this.state = 'initialized';
      }
      get initialized() {
        return this.#initialized;
      }
      async onClose() {
        this.state = this.#initialized ? 'closed' : 'never opened';
      }
    }
    const provider = new Full();
    const wrapped: Full & Provider = withConversions(provider);
    const client = await makeClient(wrapped);
    expect(provider.state).to.equal('initialized');
    expect(wrapped.initialized, 'a getter of a private member').to.equal(true);
    expect(await client.getBooleanValue('checkout', false, VISITOR)).to.equal(true);
    expect(wrapped.events).to.equal(emitter);
    expect(wrapped).to.be.instanceOf(Full);
    expect(wrapped.constructor).to.equal(Full);
    expect('onClose' in wrapped && 'track' in wrapped).to.equal(true);
    expect(wrapped.resolveBooleanEvaluation, 'the same each time').to.equal(wrapped.resolveBooleanEvaluation);

    const heard: unknown[] = [];
    client.addHandler(ProviderEvents.ConfigurationChanged, details => void heard.push(details?.flagsChanged));
    emitter.emit(ProviderEvents.ConfigurationChanged, { flagsChanged: ['checkout'] });
    await new Promise(resolve => setImmediate(resolve));
    expect(heard).to.deep.equal([['checkout']]);

    wrapped.answer = () => ({ value: false });
    expect(provider.answer('x', {}), 'what is set is set on the provider').to.deep.equal({ value: false });
    client.track('purchase', VISITOR, { value: 2 });
    expect(provider.tracked).to.have.length(1);
    await OpenFeature.clearProviders();
    expect(provider.state).to.equal('closed');
  });

  it('takes a mapping that says what Optimizely is told', async () => {
    const { processor, received } = await makeOptimizely();
    const provider = new ScriptedProvider();
    const client = await makeClient(
      withConversions(provider, {
        mapTracking: (name, context, details) =>
          name === 'order'
            ? { ...conversionFromTracking(name, context, details), eventKey: 'purchase' }
            : undefined,
      }),
    );
    client.track('order', VISITOR);
    client.track('scrolled', VISITOR);
    expect((await received()).map(event => event.key)).to.deep.equal(['purchase']);
    expect(processor.ledger().recorded).to.equal(1);
    expect(provider.tracked.map(([name]) => name)).to.deep.equal(['order', 'scrolled']);
  });

  it('a mapping that throws keeps nothing from the provider', () => {
    const provider = new ScriptedProvider();
    const wrapped = withConversions(provider, {
      mapTracking: () => {
        throw new Error('no');
      },
    });
    wrapped.track('purchase', VISITOR);
    expect(provider.tracked).to.have.length(1);
  });

  it('a mapping that returns a promise is refused and counted, and its rejection ends nothing', async () => {
    const { processor } = await makeOptimizely();
    const wrapped = withConversions(new ScriptedProvider(), {
      mapTracking: () => Promise.reject(new Error('no')) as unknown as Conversion,
    });
    expect(await unhandledDuring(() => wrapped.track('purchase', VISITOR))).to.deep.equal([]);
    expect(processor.ledger().dropped).to.deep.equal({ invalid: 1 });
  });

  it('what cannot be a conversion is refused and counted', async () => {
    const { processor } = await makeOptimizely();
    const client = await makeClient(withConversions(new ScriptedProvider()));
    client.track('purchase', { plan: 'gold' });
    client.track('unknown', VISITOR);
    expect(processor.ledger().dropped).to.deep.equal({ invalid: 1, unknown_key: 1 });
  });

  it('trackConversion records by itself, with one processor alone where one is given', async () => {
    const one = await makeOptimizely();
    const other = await makeOptimizely();
    const uuid = trackConversion('purchase', VISITOR, { value: 3 }, { processor: one.processor });
    expect((await one.received()).map(event => event.uuid)).to.deep.equal([uuid]);
    expect(other.processor.ledger().recorded).to.equal(0);
    trackConversion('purchase', VISITOR);
    expect([one, other].map(({ processor }) => processor.ledger().recorded)).to.deep.equal([2, 1]);
  });

  it('trackConversion never throws', () => {
    const throwing = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error('no');
        },
      },
    );
    for (const hostile of [null, 1, throwing] as never[]) {
      expect(trackConversion(hostile, hostile, hostile)).to.equal(undefined);
      expect(trackConversion('purchase', VISITOR, undefined, { processor: hostile })).to.satisfy(
        (uuid: unknown) => uuid === undefined,
      );
    }
  });

  it('refuses what is no provider, and options that no default can mend', () => {
    const processor = { recordConversion: (_: Conversion) => undefined };
    expect(() => withConversions(undefined as never)).to.throw(TypeError, 'withConversions takes a provider');
    expect(() => withConversions({}, { processor: {} as never })).to.throw(TypeError, 'recordConversion');
    expect(() => withConversions({}, { mapTracking: 1 as never })).to.throw(TypeError, 'mapTracking');
    expect(withConversions({}, { processor }).track('purchase')).to.equal(undefined);
  });
});
