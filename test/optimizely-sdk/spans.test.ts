// SPDX-License-Identifier: Apache-2.0
import { context, diag, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  AlwaysOffSampler,
  BasicTracerProvider,
  InMemorySpanExporter,
  type Sampler,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import {
  createForwardingEventProcessor,
  createInstance,
  createStaticProjectConfigManager,
} from '@optimizely/optimizely-sdk';
import { expect } from 'chai';
import {
  BatchEventProcessor,
  OptimizelySpanProcessor,
  type OptimizelySpanProcessorOptions,
} from 'opentelemetry-exporter-optimizely';
import { createSpanEventDispatcher } from 'opentelemetry-exporter-optimizely/optimizely-sdk';
import { InMemoryEventDispatcher } from 'opentelemetry-exporter-optimizely/testing';
import { makeClient, VERSIONS } from './clients.js';
import { readDatafile } from './datafiles.js';

const ATTRIBUTES = { plan: 'gold', age: 41 };
const TAGS = { revenue: 4200, sku: 'a' };
const opened: { shutdown(): Promise<unknown> }[] = [];

function makeHarness({
  sampler,
  ...options
}: Partial<OptimizelySpanProcessorOptions> & { sampler?: Sampler } = {}) {
  const datafile = readDatafile({ botFiltering: true });
  const dispatcher = new InMemoryEventDispatcher();
  const processor = new OptimizelySpanProcessor({ datafile, eventDispatcher: dispatcher, ...options });
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({
    spanProcessors: [processor, new SimpleSpanProcessor(exporter)],
    ...(sampler && { sampler }),
  });
  opened.push(provider);
  const eventsOf = (name: string) =>
    exporter
      .getFinishedSpans()
      .filter(span => span.name === name)
      .flatMap(span => span.events);
  return {
    datafile,
    dispatcher,
    processor,
    eventsOf,
    tracer: provider.getTracer('test'),
    eventDispatcher: createSpanEventDispatcher(processor),
  };
}

describe('span events of the official SDK', () => {
  before(() => {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  });

  after(() => {
    context.disable();
  });

  afterEach(async () => {
    diag.disable();
    await Promise.all(opened.splice(0).map(each => each.shutdown()));
  });

  for (const version of VERSIONS) {
    describe(`version ${version}`, () => {
      it('are on the span that was active, and on no other', async () => {
        const { processor, dispatcher, datafile, tracer, eventDispatcher, eventsOf } = makeHarness();
        const client = makeClient(version, { datafile, eventDispatcher });
        tracer.startActiveSpan('outer', outer => {
          tracer.startActiveSpan('inner', inner => {
            client.createUserContext('ann', ATTRIBUTES)?.decide('search');
            inner.end();
          });
          tracer.startActiveSpan('sibling', sibling => sibling.end());
          client.track('purchase', 'ann', ATTRIBUTES, TAGS);
          outer.end();
        });
        await processor.forceFlush();
        expect(eventsOf('inner').map(event => event.name)).to.deep.equal(['optimizely.impression']);
        expect(eventsOf('outer').map(event => event.name)).to.deep.equal(['optimizely.conversion']);
        expect(eventsOf('sibling')).to.deep.equal([]);
        expect(dispatcher.events, 'once: not harvested again when the spans ended').to.have.length(2);
        expect(processor.ledger()).to.deep.include({ recorded: 2, delivered: 2 });
      });

      it('have keys, ids, uuid and time, and by default nothing of the user', async () => {
        const { dispatcher, processor, datafile, tracer, eventDispatcher, eventsOf } = makeHarness();
        const client = makeClient(version, { datafile, eventDispatcher });
        tracer.startActiveSpan('request', span => {
          client.createUserContext('ann', ATTRIBUTES)?.decide('search');
          client.activate('checkout_button', 'ann', ATTRIBUTES);
          client.track('purchase', 'ann', ATTRIBUTES, TAGS);
          span.end();
        });
        await processor.forceFlush();
        const [decided, activated, tracked] = eventsOf('request');
        const uuids = dispatcher.events.map(event => event.uuid);
        expect(decided?.attributes).to.deep.equal({
          'feature_flag.key': 'search',
          'feature_flag.provider.name': 'optimizely',
          'feature_flag.result.variant': 'ranked',
          'optimizely.rule.key': 'search_test',
          'optimizely.rule.type': 'feature-test',
          'optimizely.decision.enabled': true,
          'optimizely.campaign.id': '20702',
          'optimizely.experiment.id': '20602',
          'optimizely.variation.id': '20811',
          'optimizely.event.uuid': uuids[0],
        });
        expect(activated?.attributes).to.deep.equal({
          'feature_flag.provider.name': 'optimizely',
          'feature_flag.result.variant': 'green',
          'optimizely.rule.key': 'checkout_button',
          'optimizely.rule.type': 'experiment',
          'optimizely.decision.enabled': true,
          'optimizely.campaign.id': '20701',
          'optimizely.experiment.id': '20601',
          'optimizely.variation.id': '20802',
          'optimizely.event.uuid': uuids[1],
        });
        expect(tracked?.attributes).to.deep.equal({
          'feature_flag.provider.name': 'optimizely',
          'optimizely.event.key': 'purchase',
          'optimizely.event.id': '20501',
          'optimizely.event.uuid': uuids[2],
        });
        const times = dispatcher.events.map(event => event.timestamp);
        const shown = [decided, activated, tracked].map(event => {
          const [seconds = 0, nanos = 0] = event?.time ?? [];
          return seconds * 1_000 + nanos / 1_000_000;
        });
        expect(shown).to.deep.equal(times);
      });

      it("have the user where traceDetail is 'full', and are not there where it is 'none'", async () => {
        const full = makeHarness({ traceDetail: 'full' });
        const none = makeHarness({ traceDetail: 'none' });
        for (const { datafile, tracer, eventDispatcher } of [full, none]) {
          const client = makeClient(version, { datafile, eventDispatcher });
          tracer.startActiveSpan('request', span => {
            client.createUserContext('ann', ATTRIBUTES)?.decide('search');
            client.track('purchase', 'ann', ATTRIBUTES, TAGS);
            span.end();
          });
        }
        const user = {
          'feature_flag.context.id': 'ann',
          // The datafile's mark of bot filtering is not the user's.
          'optimizely.user.attributes': JSON.stringify(ATTRIBUTES),
        };
        const [decided, tracked] = full.eventsOf('request');
        expect(decided?.attributes).to.deep.include(user);
        expect(tracked?.attributes).to.deep.include({
          ...user,
          'optimizely.event.tags': JSON.stringify(TAGS),
        });
        expect(none.eventsOf('request')).to.deep.equal([]);
        await none.processor.forceFlush();
        expect(none.dispatcher.events).to.have.length(2);
      });

      it('are not needed: no span, an unsampled one and an ended one deliver too', async () => {
        const { processor, dispatcher, datafile, tracer, eventDispatcher } = makeHarness({
          sampler: new AlwaysOffSampler(),
        });
        const client = makeClient(version, { datafile, eventDispatcher });
        client.track('purchase', 'nobody');
        tracer.startActiveSpan('request', span => {
          client.track('purchase', 'unsampled');
          span.end();
          client.track('purchase', 'ended');
        });
        await processor.forceFlush();
        expect(dispatcher.events.map(event => event.visitorId)).to.deep.equal([
          'nobody',
          'unsampled',
          'ended',
        ]);
        expect(processor.ledger()).to.deep.include({ recorded: 3, delivered: 3, pending: 0 });
      });

      it("are left out of the SDK's own batches of several events, which are delivered", async () => {
        const { processor, dispatcher, datafile, tracer, eventDispatcher, eventsOf } = makeHarness();
        const client = makeClient(version, { datafile, eventDispatcher, batchSize: 2 });
        await tracer.startActiveSpan('first', async span => {
          client.track('purchase', 'ann');
          await new Promise(resolve => setImmediate(resolve));
          span.end();
        });
        await tracer.startActiveSpan('second', async span => {
          client.track('purchase', 'bob');
          await new Promise(resolve => setImmediate(resolve));
          span.end();
        });
        await client.close();
        await processor.forceFlush();
        expect(eventsOf('first')).to.deep.equal([]);
        expect(eventsOf('second')).to.deep.equal([]);
        expect(dispatcher.events.map(event => event.visitorId)).to.deep.equal(['ann', 'bob']);
      });

      it('come from one processor: others of the same span neither show nor send them again', async () => {
        const datafile = readDatafile();
        const dispatchers = [new InMemoryEventDispatcher(), new InMemoryEventDispatcher()];
        const [mine, other] = dispatchers.map(
          eventDispatcher => new OptimizelySpanProcessor({ datafile, eventDispatcher, traceDetail: 'full' }),
        );
        if (mine === undefined || other === undefined) throw new Error('two processors');
        const provider = new BasicTracerProvider({ spanProcessors: [mine, other] });
        opened.push(provider);
        const client = makeClient(version, { datafile, eventDispatcher: createSpanEventDispatcher(mine) });
        provider.getTracer('test').startActiveSpan('request', span => {
          client.track('purchase', 'ann');
          span.end();
        });
        await provider.forceFlush();
        expect(dispatchers.map(({ events }) => events.length)).to.deep.equal([1, 0]);
      });

      it('are not made by a BatchEventProcessor, which delivers', async () => {
        const { datafile, tracer, eventsOf } = makeHarness();
        const dispatcher = new InMemoryEventDispatcher();
        const processor = new BatchEventProcessor({ eventDispatcher: dispatcher, startOnInit: true });
        const client = makeClient(version, {
          datafile,
          eventDispatcher: createSpanEventDispatcher(processor),
        });
        tracer.startActiveSpan('request', span => {
          client.track('purchase', 'ann');
          span.end();
        });
        await processor.stop();
        expect(eventsOf('request')).to.deep.equal([]);
        expect(dispatcher.events).to.have.length(1);
      });
    });
  }

  describe('version 6', () => {
    it('are on the right span across an await', async () => {
      const { datafile, tracer, eventDispatcher, eventsOf } = makeHarness();
      const client = createInstance({
        projectConfigManager: createStaticProjectConfigManager({ datafile: JSON.stringify(datafile) }),
        eventProcessor: createForwardingEventProcessor(eventDispatcher),
      });
      const request = (name: string) =>
        tracer.startActiveSpan(name, async span => {
          await client.createUserContext(name).decideAsync('search');
          expect(trace.getActiveSpan()).to.equal(span);
          span.end();
        });
      await Promise.all(['one', 'two', 'three'].map(request));
      await client.close();
      for (const name of ['one', 'two', 'three']) expect(eventsOf(name), name).to.have.length(1);
    });
  });
});
