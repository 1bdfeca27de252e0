// SPDX-License-Identifier: Apache-2.0
import { context } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import * as six from '@optimizely/optimizely-sdk';
import { expect } from 'chai';
import { OptimizelyInstrumentation } from 'opentelemetry-exporter-optimizely/instrumentation';
import * as five from 'optimizely-sdk-5';
import { type OfficialClient, VERSIONS } from '../optimizely-sdk/clients.js';
import { readDatafile } from '../optimizely-sdk/datafiles.js';
import { diagLogger } from '../support/diag-logger.js';
import {
  disableInstrumentations,
  InstrumentedSdk,
  makeInstrumentation,
  makeProcessor,
  VisitorsKept,
} from './harness.js';

/** Version 6 queues an event of its own batches a few microtasks late, and loses those of the tick in which it is closed. */
async function close(...clients: OfficialClient[]): Promise<void> {
  await new Promise(resolve => setImmediate(resolve));
  await Promise.all(clients.map(client => client.close()));
}

const OTHER_PROJECT = readDatafile({ projectId: '99999' });

describe('OptimizelyInstrumentation', () => {
  const diag = diagLogger();
  const opened: { shutdown(): Promise<unknown> }[] = [];

  function processorOf(...args: Parameters<typeof makeProcessor>) {
    const made = makeProcessor(...args);
    opened.push(made.provider);
    return made;
  }

  before(() => {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  });

  after(() => {
    context.disable();
  });

  afterEach(async () => {
    disableInstrumentations();
    for (const sdk of [five, six]) delete (sdk.eventDispatcher as { dispatchEvent?: unknown }).dispatchEvent;
    await Promise.all(opened.splice(0).map(each => each.shutdown()));
  });

  for (const version of VERSIONS) {
    describe(`a client of version ${version}`, () => {
      it('records on the active span and delivers through the processor, each event once', async () => {
        const sdk = new InstrumentedSdk(version);
        const { processor, tracer, shown, visitorsOf } = processorOf();
        const client = sdk.createClient();
        tracer.startActiveSpan('request', span => {
          client.createUserContext('ann')?.decide('search');
          client.track('purchase', 'ann');
          span.end();
        });
        await processor.forceFlush();
        expect(visitorsOf()).to.deep.equal(['ann', 'ann']);
        expect(shown()).to.deep.equal([['request', ['optimizely.impression', 'optimizely.conversion']]]);
        expect(processor.ledger()).to.deep.include({ recorded: 2, delivered: 2 });
        await close(client);
        expect(sdk.own.batches).to.deep.equal([]);
      });

      it('has its events delivered when it is closed', async () => {
        const sdk = new InstrumentedSdk(version);
        const { visitorsOf, batchSizes } = processorOf();
        const client = sdk.createClient();
        for (const visitor of ['ann', 'bob', 'cid']) client.track('purchase', visitor);
        expect(visitorsOf()).to.deep.equal([]);
        await close(client);
        expect(visitorsOf()).to.deep.equal(['ann', 'bob', 'cid']);
        expect(batchSizes(), 'batched by the processor').to.deep.equal([3]);
      });

      it('uses a processor that is made after it', async () => {
        const sdk = new InstrumentedSdk(version);
        const client = sdk.createClient();
        const { visitorsOf } = processorOf();
        client.track('purchase', 'ann');
        await close(client);
        expect(visitorsOf()).to.deep.equal(['ann']);
      });

      it("goes the SDK's own way, batches and all, while no processor is installed, and says so once", async () => {
        const sdk = new InstrumentedSdk(version);
        const client = sdk.createClient({ batchSize: 2 });
        for (const visitor of ['ann', 'bob', 'cid']) client.track('purchase', visitor);
        await close(client);
        expect(sdk.own.batches).to.deep.equal([['ann', 'bob'], ['cid']]);
        expect(diag.at('warn').filter(line => line.includes("the SDK's own way"))).to.have.length(1);
      });

      it("goes the SDK's own way after the processor was shut down", async () => {
        const sdk = new InstrumentedSdk(version);
        const { processor, visitorsOf } = processorOf();
        const client = sdk.createClient();
        client.track('purchase', 'ann');
        await processor.shutdown();
        client.track('purchase', 'bob');
        await close(client);
        expect(visitorsOf()).to.deep.equal(['ann']);
        expect(sdk.own.batches).to.deep.equal([['bob']]);
      });

      it('goes back to its own dispatcher with disable(), and comes again with enable()', async () => {
        const sdk = new InstrumentedSdk(version);
        const { processor, visitorsOf } = processorOf();
        const original = (version === 5 ? five : six).createInstance;
        const client = sdk.createClient({ batchSize: 1 });
        client.track('purchase', 'ann');
        sdk.instrumentation.disable();
        client.track('purchase', 'bob');
        expect(sdk.exports.createInstance, 'as the SDK exports it').to.equal(original);
        const untouched = sdk.createClient({ batchSize: 1 });
        untouched.track('purchase', 'cid');
        sdk.instrumentation.enable();
        client.track('purchase', 'dee');
        const again = sdk.createClient();
        again.track('purchase', 'eve');
        untouched.track('purchase', 'fay');
        await close(client, untouched, again);
        await processor.forceFlush();
        expect(visitorsOf()).to.deep.equal(['ann', 'dee', 'eve']);
        expect(sdk.own.batches).to.deep.equal([['bob'], ['cid'], ['fay']]);
      });

      it('is not instrumented by a createInstance that was held from before disable()', async () => {
        const sdk = new InstrumentedSdk(version);
        const { visitorsOf } = processorOf();
        const held = sdk.exports.createInstance;
        sdk.instrumentation.disable();
        sdk.exports.createInstance = held;
        const client = sdk.createClient({ batchSize: 1 });
        sdk.instrumentation.enable();
        client.track('purchase', 'ann');
        await close(client);
        expect(sdk.own.batches).to.deep.equal([['ann']]);
        expect(visitorsOf()).to.deep.equal([]);
      });

      it('keeps a dispatcher that the application gave it, and says how to change that', async () => {
        const sdk = new InstrumentedSdk(version);
        const { processor } = processorOf();
        const given = new VisitorsKept();
        for (const visitor of ['ann', 'bob']) {
          const client = sdk.createClient({ eventDispatcher: given });
          client.track('purchase', visitor);
          await close(client);
        }
        expect(given.batches).to.deep.equal([['ann'], ['bob']]);
        expect(processor.ledger().recorded).to.equal(0);
        expect(diag.at('warn').filter(line => line.includes('replaceEventDispatcher: true'))).to.have.length(
          1,
        );
      });

      it('replaces that dispatcher where replaceEventDispatcher is true, and returns to it', async () => {
        const sdk = new InstrumentedSdk(version, { replaceEventDispatcher: true });
        const { processor, visitorsOf } = processorOf();
        const given = new VisitorsKept();
        const client = sdk.createClient({ eventDispatcher: given });
        client.track('purchase', 'ann');
        await processor.shutdown();
        client.track('purchase', 'bob');
        await close(client);
        expect(visitorsOf()).to.deep.equal(['ann']);
        expect(given.batches).to.deep.equal([['bob']]);
      });

      it("is instrumented where the application gave it the SDK's own dispatcher", async () => {
        const sdk = new InstrumentedSdk(version);
        const { visitorsOf } = processorOf();
        const client = sdk.createClient({ eventDispatcher: sdk.exports.eventDispatcher as VisitorsKept });
        client.track('purchase', 'ann');
        await close(client);
        expect(visitorsOf()).to.deep.equal(['ann']);
      });

      it('reaches the processor of its project alone, whatever span is active', async () => {
        const sdk = new InstrumentedSdk(version);
        const mine = processorOf();
        const other = processorOf({ datafile: OTHER_PROJECT });
        const client = sdk.createClient();
        const otherClient = sdk.createClient({ datafile: OTHER_PROJECT });
        client.track('purchase', 'ann');
        other.tracer.startActiveSpan('request', span => {
          client.track('purchase', 'bob');
          otherClient.track('purchase', 'cid');
          span.end();
        });
        await close(client, otherClient);
        expect(mine.visitorsOf()).to.deep.equal(['ann', 'bob']);
        expect(other.visitorsOf()).to.deep.equal(['cid']);
        expect(sdk.own.batches).to.deep.equal([]);
      });

      it('prefers the processor that owns the span where several are of its project', async () => {
        const sdk = new InstrumentedSdk(version);
        const [one, two] = [processorOf(), processorOf()];
        const client = sdk.createClient();
        two.tracer.startActiveSpan('request', span => {
          client.track('purchase', 'ann');
          span.end();
        });
        client.track('purchase', 'bob');
        await close(client);
        expect(one.visitorsOf()).to.deep.equal(['bob']);
        expect(two.visitorsOf()).to.deep.equal(['ann', 'bob']);
      });

      it("goes the SDK's own way where every processor is of another project", async () => {
        const sdk = new InstrumentedSdk(version);
        const { processor } = processorOf({ datafile: OTHER_PROJECT });
        const client = sdk.createClient();
        client.track('purchase', 'ann');
        await close(client);
        expect(sdk.own.batches).to.deep.equal([['ann']]);
        expect(processor.ledger().recorded).to.equal(0);
        expect(diag.at('warn').join()).to.include(
          `no OptimizelySpanProcessor for project ${readDatafile().projectId} is installed`,
        );
      });

      it('uses a processor whose datafile has not come yet', async () => {
        const sdk = new InstrumentedSdk(version);
        const manager = { getConfig: () => null, onUpdate: () => () => {} };
        const { visitorsOf } = processorOf({ datafile: undefined, projectConfigManager: manager as never });
        const client = sdk.createClient();
        client.track('purchase', 'ann');
        await close(client);
        expect(visitorsOf()).to.deep.equal(['ann']);
      });

      it('tells its LOG_EVENT listeners of each event, once', () => {
        const sdk = new InstrumentedSdk(version);
        processorOf();
        const client = sdk.createClient();
        const heard: unknown[] = [];
        const { notificationCenter } = client as unknown as {
          notificationCenter: { addNotificationListener(type: string, listener: (e: unknown) => void): void };
        };
        const types = version === 5 ? five.enums.NOTIFICATION_TYPES : six.NOTIFICATION_TYPES;
        notificationCenter.addNotificationListener(types.LOG_EVENT, event => heard.push(event));
        client.track('purchase', 'ann');
        client.track('purchase', 'bob');
        expect(heard).to.have.length(2);
      });

      it('is as the SDK makes it where the options are unusable', () => {
        const sdk = new InstrumentedSdk(version);
        const outcomeOf = (createInstance: unknown, argument: unknown) => {
          try {
            const client: unknown = (createInstance as (argument: unknown) => unknown)(argument);
            return client === null ? 'null' : typeof client;
          } catch (error) {
            return String(error);
          }
        };
        const original = (version === 5 ? five : six).createInstance;
        const silent = Object.freeze({ logger: { log() {} } });
        // Of others version 5 complains on the console.
        const others = version === 5 ? [] : [7, 'options', {}, []];
        for (const argument of [undefined, null, silent, ...others]) {
          expect(outcomeOf(sdk.exports.createInstance, argument), String(argument)).to.equal(
            outcomeOf(original, argument),
          );
        }
      });

      it('is instrumented once by two instrumentations, and by the other while one is disabled', async () => {
        const sdk = new InstrumentedSdk(version);
        const second = makeInstrumentation();
        (second.getModuleDefinitions()[0] as { patch(exports: object): void }).patch(sdk.exports);
        const { processor, visitorsOf } = processorOf();
        const client = sdk.createClient();
        client.track('purchase', 'ann');
        second.disable();
        client.track('purchase', 'bob');
        sdk.instrumentation.disable();
        client.track('purchase', 'cid');
        await close(client);
        await processor.forceFlush();
        expect(visitorsOf()).to.deep.equal(['ann', 'bob']);
        expect(sdk.own.batches).to.deep.equal([['cid']]);
      });
    });
  }

  describe('a client of version 6 without an event processor', () => {
    it('sends its events', async () => {
      const sdk = new InstrumentedSdk(6);
      const { visitorsOf, tracer, shown } = processorOf();
      const client = sdk.createClient({ eventProcessor: undefined });
      tracer.startActiveSpan('request', span => {
        client.track('purchase', 'ann');
        span.end();
      });
      await close(client);
      expect(visitorsOf()).to.deep.equal(['ann']);
      expect(shown()).to.deep.equal([['request', ['optimizely.conversion']]]);
    });

    it('says that they are not sent while no processor is installed', async () => {
      const sdk = new InstrumentedSdk(6);
      const client = sdk.createClient({ eventProcessor: undefined });
      client.track('purchase', 'ann');
      await close(client);
      expect(diag.at('warn').join()).to.include('are not sent');
    });
  });

  describe('the exports of the SDK', () => {
    it('are patched in each place where they have createInstance, and restored', () => {
      const createInstance = () => null;
      const inner: Record<string, unknown> = { createInstance };
      inner.default = inner;
      const exports: Record<string, unknown> = { createInstance, default: inner };
      const sdk = new InstrumentedSdk(6);
      sdk.load(exports);
      const patched = [exports.createInstance, inner.createInstance];
      expect(patched).not.to.include(createInstance);
      sdk.load(exports);
      expect([exports.createInstance, inner.createInstance], 'once').to.deep.equal(patched);
      sdk.instrumentation.disable();
      expect(exports.createInstance).to.equal(createInstance);
      expect(inner.createInstance).to.equal(createInstance);
      sdk.instrumentation.enable();
      expect([exports.createInstance, inner.createInstance]).to.deep.equal(patched);
    });

    it('are left as they are where they cannot be changed, which is said', () => {
      const sdk = new InstrumentedSdk(6);
      const createInstance = () => null;
      const frozen = Object.freeze({ createInstance });
      sdk.load(frozen);
      expect(frozen.createInstance).to.equal(createInstance);
      expect(diag.at('error').join()).to.include("can't be replaced");
    });

    it('of an SDK that is not built like 5 and 6 make clients that work without us', async () => {
      const sdk = new InstrumentedSdk(6);
      processorOf();
      const tracked: string[] = [];
      const exports = { createInstance: () => ({ track: (key: string) => tracked.push(key) }) };
      sdk.load(exports);
      exports.createInstance().track('purchase');
      expect(tracked).to.deep.equal(['purchase']);
      expect(diag.at('error')).to.have.length(1);
    });
  });

  it('is a TypeError where its argument is not options', () => {
    expect(() => new OptimizelyInstrumentation('enabled' as never)).to.throw(TypeError);
  });

  it('is not enabled where the options say so', () => {
    const disabled = makeInstrumentation({ enabled: false });
    expect(disabled.isEnabled()).to.equal(false);
    expect(makeInstrumentation().isEnabled()).to.equal(true);
  });

  it('tells of an option that it does not have', () => {
    makeInstrumentation({ replaceEventDispatchers: true } as never);
    expect(diag.at('warn').join()).to.include('replaceEventDispatcher');
  });
});
