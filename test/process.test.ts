// SPDX-License-Identifier: Apache-2.0
import { context } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { expect } from 'chai';
import {
  type ExperimentConversion,
  type ExperimentEvent,
  type ExperimentImpression,
  OptimizelySpanProcessor,
  type OptimizelySpanProcessorOptions,
  type SerializedEvent,
} from 'opentelemetry-exporter-optimizely';
import { readEventBatch } from 'opentelemetry-exporter-optimizely/optimizely-sdk';
import { makeDatafile } from './support/datafile.js';
import { makeContext, makeUserEvent, RecordingDispatcher, RecordingLogger } from './support/fakes.js';

const TIMESTAMP = 1_700_000_000_000;
const UUID = '4f0f3c1e-9d7b-4a63-9a52-6f0f1d0c7a11';

const CONVERSION: ExperimentConversion = {
  type: 'conversion',
  userId: 'v',
  uuid: UUID,
  timestamp: TIMESTAMP,
  attributes: { plan: 'gold' },
  eventKey: 'purchase',
  eventId: '300',
  tags: { revenue: 5, sku: 'a' },
  revenue: 5,
};
const IMPRESSION: ExperimentImpression = {
  type: 'impression',
  userId: 'v',
  uuid: UUID,
  timestamp: TIMESTAMP,
  attributes: { plan: 'gold' },
  flagKey: 'checkout',
  ruleKey: 'checkout_test',
  ruleType: 'feature-test',
  variationKey: 'control',
  enabled: true,
  experimentId: '200',
  campaignId: '20',
  variationId: '2001',
};
const BOT_FILTERING = {
  entity_id: '$opt_bot_filtering',
  key: '$opt_bot_filtering',
  type: 'custom',
  value: true,
};
const PLAN = { entity_id: '400', key: 'plan', type: 'custom', value: 'gold' };

/** The event as somebody else wrote it, with a member that we would not write. */
function makeResolved(
  type: SerializedEvent['type'],
  overrides: Partial<SerializedEvent> = {},
): SerializedEvent {
  const wire = { uuid: UUID, timestamp: TIMESTAMP };
  const snapshot =
    type === 'impression'
      ? {
          decisions: [
            {
              campaign_id: '20',
              experiment_id: '200',
              variation_id: '2001',
              metadata: {
                flag_key: 'checkout',
                rule_key: 'checkout_test',
                rule_type: 'feature-test',
                variation_key: 'control',
                enabled: true,
              },
            },
          ],
          events: [{ ...wire, entity_id: '20', key: 'campaign_activated' }],
        }
      : {
          events: [
            { ...wire, entity_id: '300', key: 'purchase', revenue: 5, value: true, tags: CONVERSION.tags },
          ],
        };
  const visitor = { visitor_id: 'v', session: 's', attributes: [PLAN, BOT_FILTERING], snapshots: [snapshot] };
  return makeUserEvent({ type, uuid: UUID, json: JSON.stringify(visitor), ...overrides });
}

describe('OptimizelySpanProcessor.process', () => {
  const opened: { shutdown(): Promise<unknown> }[] = [];

  function makeHarness(options: Partial<OptimizelySpanProcessorOptions> = {}) {
    const dispatcher = new RecordingDispatcher();
    const logger = new RecordingLogger();
    const processor = new OptimizelySpanProcessor({
      datafile: makeDatafile(),
      eventDispatcher: dispatcher,
      logger,
      ...options,
    });
    const exporter = new InMemorySpanExporter();
    const provider = new BasicTracerProvider({
      spanProcessors: [processor, new SimpleSpanProcessor(exporter)],
    });
    opened.push(provider);
    const shown = () => exporter.getFinishedSpans().flatMap(span => span.events);
    return { processor, dispatcher, logger, shown, tracer: provider.getTracer('test') };
  }

  /** What becomes of an event of which `beforeSend` makes another. */
  async function amended<E extends ExperimentEvent>(event: E, change: (event: E) => unknown) {
    const { processor, dispatcher } = makeHarness({
      beforeSend: seen => change(seen as E) as ExperimentEvent,
    });
    processor.process(makeResolved(event.type), event);
    await processor.forceFlush();
    expect(processor.ledger()).to.deep.include({ delivered: 1, dropped: {} });
    return dispatcher.visitors[0];
  }

  before(() => {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  });

  after(() => {
    context.disable();
  });

  afterEach(() => Promise.all(opened.splice(0).map(each => each.shutdown())));

  it('sends the text as it is, in its own context', async () => {
    const { processor, dispatcher } = makeHarness();
    const event = makeResolved('conversion', { context: makeContext({ clientName: 'other-sdk' }) });
    expect(processor.process(event)).to.equal(true);
    await processor.forceFlush();
    expect(dispatcher.sent[0]).to.deep.include({ client_name: 'other-sdk', account_id: 'account' });
    expect(dispatcher.visitors.map(visitor => JSON.stringify(visitor))).to.deep.equal([event.json]);
    expect(processor.ledger()).to.deep.include({ recorded: 1, delivered: 1, dropped: {} });
  });

  it('shows on the active span, on the one that is given, or on none', () => {
    const { processor, shown, tracer } = makeHarness();
    const take = (span?: Parameters<typeof processor.process>[2]) =>
      processor.process(makeResolved('conversion'), CONVERSION, span);
    tracer.startActiveSpan('active', active => {
      take();
      active.end();
      expect(shown()).to.have.length(1);
    });
    const given = tracer.startSpan('given');
    tracer.startActiveSpan('active', active => {
      take(given);
      take(null);
      processor.process(makeResolved('conversion'));
      active.end();
      expect(shown(), 'none on the active one').to.have.length(1);
    });
    given.end();
    expect(shown()).to.have.length(2);
    expect(processor.ledger().recorded, 'nothing is harvested again').to.equal(4);
  });

  it('refuses and counts what can join no batch, and what comes after shutdown', async () => {
    const { processor } = makeHarness();
    for (const event of [undefined, { ...makeResolved('conversion'), json: '[]' }]) {
      expect(processor.process(event as SerializedEvent)).to.equal(false);
    }
    await processor.shutdown();
    expect(processor.process(makeResolved('conversion'), CONVERSION)).to.equal(false);
    expect(processor.ledger()).to.deep.include({
      recorded: 3,
      dropped: { invalid: 2, already_shutdown: 1 },
    });
  });

  it('refuses what comes while a shutdown waits for the datafile', async () => {
    let arrive = () => {};
    const arrived = new Promise<void>(resolve => {
      arrive = resolve;
    });
    const { processor } = makeHarness({
      datafile: undefined,
      projectConfigManager: { getConfig: () => null, onReady: () => arrived },
    });
    processor.recordConversion({ userId: 'v', eventKey: 'purchase' });
    const stopped = processor.shutdown();
    expect(processor.process(makeResolved('conversion'))).to.equal(false);
    expect(processor.ledger()).to.deep.include({ pending: 1, dropped: { already_shutdown: 1 } });
    arrive();
    await stopped;
  });

  it('never throws, and says whether the event was taken, whatever is given to be shown', () => {
    const trap = new Proxy(
      {},
      {
        get: () => {
          throw new Error('trap');
        },
      },
    );
    const { processor, tracer } = makeHarness();
    tracer.startActiveSpan('active', span => {
      for (const shown of [null, 7, {}, trap]) {
        expect(processor.process(makeResolved('conversion'), shown as ExperimentEvent)).to.equal(true);
      }
      span.end();
    });
    expect(processor.ledger()).to.deep.include({ recorded: 4, pending: 4 });
    for (const options of [{ dedupe: true }, { allowedAttributes: [] }]) {
      const screening = makeHarness(options).processor;
      for (const shown of [null, trap]) {
        expect(screening.process(makeResolved('conversion'), shown as ExperimentEvent)).to.equal(false);
      }
      expect(screening.ledger()).to.deep.include({ recorded: 2, pending: 0, dropped: { invalid: 2 } });
    }
  });

  it('counts what cannot be read, and tells its settlement', async () => {
    const told: string[] = [];
    const settlement = { settled: (outcome: string) => void told.push(outcome) };
    const trap = (name: string) =>
      Object.defineProperty(makeResolved('conversion'), name, {
        get() {
          throw new Error('trap');
        },
      });
    const { processor } = makeHarness();
    expect(processor.process(trap('settlement'))).to.equal(false);
    expect(processor.process(trap('json'), undefined, null, settlement)).to.equal(false);
    const nothing = new Proxy(
      {},
      {
        has() {
          throw new Error('trap');
        },
      },
    );
    for (const event of [null, 7, nothing])
      expect(processor.receive(event as ExperimentEvent, settlement)).to.equal(false);
    await Promise.resolve();
    expect(processor.ledger()).to.deep.include({ recorded: 5, pending: 0 });
    const { interrupted = 0, invalid = 0 } = processor.ledger().dropped;
    expect(interrupted + invalid).to.equal(5);
    expect(told).to.have.length(4);
  });

  it('refuses what it cannot show to beforeSend', () => {
    const { processor } = makeHarness({ beforeSend: event => event });
    expect(processor.process(makeResolved('conversion'))).to.equal(false);
    expect(processor.ledger()).to.deep.include({ pending: 0, dropped: { before_send: 1 } });
  });

  it('shows in the trace no more than may leave', () => {
    const { processor, shown, tracer } = makeHarness({ traceDetail: 'full', allowedAttributes: ['sku'] });
    tracer.startActiveSpan('active', span => {
      processor.process(makeResolved('conversion'), CONVERSION);
      span.end();
    });
    expect(shown()[0]?.attributes).to.deep.include({
      'optimizely.user.attributes': '{}',
      'optimizely.event.tags': '{"sku":"a"}',
    });
  });

  it('tells waitUntil of it', () => {
    const promises: unknown[] = [];
    const { processor } = makeHarness({ waitUntil: promise => promises.push(promise) });
    processor.process(makeResolved('conversion'));
    expect(promises).to.have.length(1);
  });

  it('counts the first impression after a refused one', async () => {
    const { processor } = makeHarness({
      dedupe: true,
      maxPayloadBytes: 200,
      userIdHashKey: 'a key of sixteen',
    });
    for (let n = 0; n < 2; n++) processor.process(makeResolved('impression'), IMPRESSION);
    expect(processor.ledger().dropped).to.deep.equal({ too_large: 2 });
  });

  describe('with what beforeSend changed', () => {
    it('nothing: the text as it was', async () => {
      for (const event of [CONVERSION, IMPRESSION]) {
        const visitor = await amended(event, each => ({ ...each }));
        expect(JSON.stringify(visitor)).to.equal(makeResolved(event.type).json);
      }
    });

    it('all members of an impression', async () => {
      const changes = {
        userId: 'w',
        uuid: 'b1a3a2c6-6f0e-4d3c-8d1e-0f6f1d0c7a11',
        timestamp: TIMESTAMP + 1,
        flagKey: 'f',
        ruleKey: 'r',
        ruleType: 'rollout',
        variationKey: 'treatment',
        enabled: false,
        experimentId: '7',
        campaignId: '8',
        variationId: '9',
        cmabUuid: 'c',
      };
      const visitor = await amended(IMPRESSION, event => ({ ...event, ...changes }));
      expect(visitor).to.deep.equal({
        visitor_id: 'w',
        session: 's',
        attributes: [PLAN, BOT_FILTERING],
        snapshots: [
          {
            decisions: [
              {
                campaign_id: '8',
                experiment_id: '7',
                variation_id: '9',
                metadata: {
                  flag_key: 'f',
                  rule_key: 'r',
                  rule_type: 'rollout',
                  variation_key: 'treatment',
                  enabled: false,
                  cmab_uuid: 'c',
                },
              },
            ],
            events: [
              { entity_id: '8', key: 'campaign_activated', uuid: changes.uuid, timestamp: changes.timestamp },
            ],
          },
        ],
      });
    });

    it('ids and other members that were taken out', async () => {
      const shown = { ...IMPRESSION, cmabUuid: 'c' };
      const visitor = await amended(shown, ({ type, userId, uuid, timestamp, flagKey, enabled }) => ({
        ...{ type, userId, uuid, timestamp, flagKey, enabled },
      }));
      const [snapshot] = visitor?.snapshots ?? [];
      expect(snapshot?.decisions?.[0]).to.deep.equal({
        campaign_id: null,
        experiment_id: '',
        variation_id: null,
        metadata: {
          ...{ flag_key: 'checkout', rule_key: '', rule_type: '', variation_key: '' },
          ...{ enabled: true, cmab_uuid: '' },
        },
      });
      expect(snapshot?.events[0]?.entity_id).to.equal(null);
    });

    describe('in a text of an older SDK, without attributes and what is said of a decision', () => {
      const wire = { entity_id: '20', key: 'campaign_activated', uuid: UUID, timestamp: TIMESTAMP };
      const ids = { campaign_id: '20', experiment_id: '200', variation_id: '2001' };
      const bare = { visitor_id: 'v', snapshots: [{ decisions: [ids], events: [wire] }] };

      async function sentAs(decision: object, change: (event: ExperimentEvent) => ExperimentEvent) {
        const { processor, dispatcher } = makeHarness({ beforeSend: change });
        const visitor = { ...bare, snapshots: [{ decisions: [decision], events: [wire] }] };
        const options = { region: 'US', acceptedAt: 0 } as const;
        const [read] = readEventBatch({ project_id: 'project-1', visitors: [visitor] }, options);
        if (read === undefined) throw new Error('no visitor');
        processor.process(read.event, read.shown);
        await processor.forceFlush();
        return dispatcher.visitors[0];
      }

      it('nothing: the text as it was', async () => {
        expect(await sentAs(ids, event => ({ ...event }))).to.deep.equal(bare);
        for (const metadata of [null, {}, { rule_type: 'targeted' }]) {
          const visitor = await sentAs({ ...ids, metadata }, event => ({ ...event }));
          expect(visitor?.snapshots[0]?.decisions).to.deep.equal([{ ...ids, metadata }]);
        }
      });

      it('the rule, and attributes', async () => {
        const visitor = await sentAs(ids, event => ({
          ...event,
          ruleKey: 'r',
          attributes: { plan: 'gold' },
        }));
        expect(visitor?.attributes).to.deep.equal([PLAN]);
        expect(visitor?.snapshots[0]?.decisions).to.deep.equal([{ ...ids, metadata: { rule_key: 'r' } }]);
      });
    });

    it('another member: what the text has otherwise than it was shown stays as it is there', async () => {
      const shown: ExperimentImpression = {
        ...IMPRESSION,
        attributes: { plan: 'silver', country: 'NO' },
        ...{ flagKey: 'f', ruleKey: 'r', ruleType: 'rollout', variationKey: 'treatment', enabled: false },
        ...{ experimentId: '7', campaignId: '8', variationId: '9', cmabUuid: 'c' },
      };
      const texts = { impression: makeResolved('impression'), conversion: makeResolved('conversion') };
      for (const event of [
        shown,
        { ...CONVERSION, attributes: shown.attributes, eventKey: 'k', eventId: '1', tags: { sku: 'b' } },
      ]) {
        const visitor = await amended<ExperimentEvent>(event, each => ({ ...each, userId: 'w' }));
        expect(visitor).to.deep.equal({ ...JSON.parse(texts[event.type].json), visitor_id: 'w' });
      }
    });

    it('members that the text has no place for: the rest is sent', async () => {
      const { processor, dispatcher } = makeHarness({
        beforeSend: event => ({ ...event, userId: 'w', ruleKey: 'r' }),
      });
      // Shown as an impression, but without a decision.
      processor.process(makeResolved('conversion'), IMPRESSION);
      await processor.forceFlush();
      const expected = { ...JSON.parse(makeResolved('conversion').json), visitor_id: 'w' };
      expect(dispatcher.visitors).to.deep.equal([expected]);
    });

    it('tags, and the amounts with them', async () => {
      const eventOf = async (tags: unknown) => {
        const visitor = await amended(CONVERSION, event => ({ ...event, tags }));
        return visitor?.snapshots[0]?.events[0];
      };
      const wire = { entity_id: '300', key: 'purchase', uuid: UUID, timestamp: TIMESTAMP };
      expect(await eventOf({ revenue: '7', value: '1.5', gone: null })).to.deep.equal({
        ...wire,
        tags: { revenue: '7', value: '1.5' },
        revenue: 7,
        value: 1.5,
      });
      expect(await eventOf(undefined)).to.deep.equal(wire);
    });

    it('the key of a conversion', async () => {
      const visitor = await amended(CONVERSION, event => ({ ...event, eventKey: 'k', eventId: '1' }));
      expect(visitor?.snapshots[0]?.events[0]).to.deep.include({ key: 'k', entity_id: '1' });
    });

    it('attributes: changed, added by the datafile, taken out; the mark of bot filtering stays', async () => {
      const attributesOf = async (attributes: unknown) =>
        (await amended(CONVERSION, event => ({ ...event, attributes })))?.attributes;
      const country = { entity_id: '401', key: 'country', type: 'custom', value: 'NO' };
      expect(await attributesOf({ country: 'NO', plan: 'none', unknown: 'x' })).to.deep.equal([
        { ...PLAN, value: 'none' },
        BOT_FILTERING,
        country,
      ]);
      expect(await attributesOf({ plan: { no: 'value' } })).to.deep.equal([BOT_FILTERING]);
      expect(await attributesOf(undefined)).to.deep.equal([BOT_FILTERING]);
    });

    it("attributes of Optimizely's own, which need no datafile, before there is one", async () => {
      const { processor, dispatcher } = makeHarness({
        datafile: undefined,
        projectConfigManager: { getConfig: () => null },
        beforeSend: event => ({ ...event, attributes: { ...event.attributes, $opt_user_agent: 'bot' } }),
      });
      processor.process(makeResolved('conversion'), CONVERSION);
      await processor.forceFlush();
      const agent = { entity_id: '$opt_user_agent', key: '$opt_user_agent', type: 'custom', value: 'bot' };
      expect(dispatcher.visitors[0]?.attributes).to.deep.equal([PLAN, BOT_FILTERING, agent]);
    });

    it('of a text that has no event: counted as invalid', async () => {
      const { processor } = makeHarness({ beforeSend: event => ({ ...event, userId: 'w' }) });
      const visitor = { visitor_id: 'v', attributes: [], snapshots: [] };
      for (const snapshots of [[], [{}], [{ events: [] }], undefined]) {
        const event = makeResolved('conversion', { json: JSON.stringify({ ...visitor, snapshots }) });
        expect(processor.process(event, CONVERSION)).to.equal(false);
      }
      expect(processor.process(makeResolved('conversion', { json: '{}}' }), CONVERSION)).to.equal(false);
      expect(processor.ledger()).to.deep.include({ pending: 0, dropped: { invalid: 5 } });
    });

    it('into what cannot be serialized: counted as invalid', async () => {
      const { processor } = makeHarness({
        beforeSend: event => ({ ...event, tags: { big: 1n } }) as ExperimentEvent,
      });
      expect(processor.process(makeResolved('conversion'), CONVERSION)).to.equal(false);
      expect(processor.ledger()).to.deep.include({ pending: 0, dropped: { invalid: 1 } });
    });
  });
});
