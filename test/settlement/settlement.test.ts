// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import {
  BatchEventProcessor,
  type EventQueue,
  type ExperimentEvent,
  NotificationCenter,
  NotificationType,
  OptimizelySpanProcessor,
  type OptimizelySpanProcessorOptions,
  type SerializedEvent,
  StaticProjectConfigManager,
} from 'opentelemetry-exporter-optimizely';
import type {
  DeliveredEvents,
  EventOutcome,
  EventSettlement,
} from 'opentelemetry-exporter-optimizely/capture';
import { makeDatafile } from '../support/datafile.js';
import { ManualExporter, makeUserEvent, RecordingDispatcher, RecordingLogger } from '../support/fakes.js';
import { ManualRuntime } from '../support/manual-runtime.js';
import { MemoryStore } from '../support/memory-store.js';
import { RecordingSettlement, tallyOf } from '../support/settlements.js';

type Options = Partial<OptimizelySpanProcessorOptions>;

let made = 0;
const processors: { shutdown(): Promise<void> }[] = [];

function shutDownAfterEach(): void {
  // At once no longer installed; what they do after that is of no interest.
  afterEach(() => {
    for (const processor of processors.splice(0)) void processor.shutdown();
  });
}

function makeConversion(overrides: Partial<ExperimentEvent> = {}): ExperimentEvent {
  const uuid = `event-${++made}`;
  const event = { type: 'conversion', userId: 'v', uuid, timestamp: 1_700_000_000_000, eventKey: 'purchase' };
  return { ...event, ...overrides } as ExperimentEvent;
}

function makeHarness(options: Options = {}) {
  const [dispatcher, logger, runtime] = [
    new RecordingDispatcher(),
    new RecordingLogger(),
    new ManualRuntime(),
  ];
  const processor = new OptimizelySpanProcessor({
    ...(options.projectConfigManager ? {} : { datafile: makeDatafile() }),
    ...(options.exporter ? {} : { eventDispatcher: dispatcher }),
    logger,
    runtime,
    ...options,
  } as OptimizelySpanProcessorOptions);
  processors.push(processor);
  /** Hands over a read event, and a resolved one. */
  const receive = (event: Parameters<typeof processor.receive>[0] = makeConversion()) => {
    const settlement = new RecordingSettlement();
    processor.receive(event, settlement);
    return settlement;
  };
  const process = (overrides: Partial<SerializedEvent> = {}) => {
    const settlement = new RecordingSettlement();
    const acceptedAt = runtime.monotonic();
    processor.process(makeUserEvent({ acceptedAt, ...overrides, settlement }), undefined, null);
    return settlement;
  };
  const stop = async () => {
    const stopping = processor.shutdown();
    await runtime.advance(6_000);
    await stopping;
  };
  return { processor, dispatcher, logger, runtime, receive, process, stop };
}

function expectOutcomes(settlements: readonly RecordingSettlement[], outcome: EventOutcome): void {
  for (const { outcomes } of settlements) expect(outcomes).to.deep.equal([outcome]);
}

describe('the settlement of an event', () => {
  shutDownAfterEach();

  it('is told when the event has been delivered, and not before', async () => {
    const { runtime, receive, process } = makeHarness({ batchSize: 2 });
    const settlements = [receive()];
    await runtime.advance(1);
    expect(settlements[0]?.outcomes).to.deep.equal([]);
    settlements.push(receive(), process());
    await runtime.advance(31_000);
    expectOutcomes(settlements, 'delivered');
  });

  it('is told after retries', async () => {
    const { dispatcher, runtime, receive } = makeHarness({ batchSize: 1 });
    dispatcher.answer = attempt => ({ statusCode: attempt < 5 ? 503 : 204 });
    const settlement = receive();
    await runtime.advance(400);
    expect(dispatcher.attempts).to.be.within(1, 4);
    expect(settlement.outcomes).to.deep.equal([]);
    await runtime.advance(60_000);
    expectOutcomes([settlement], 'delivered');
  });

  it('is told of each event by itself where a batch is split', async () => {
    const { dispatcher, runtime, process } = makeHarness({ batchSize: 8 });
    dispatcher.answer = (_attempt, { body }) => ({ statusCode: body.includes('poison') ? 400 : 204 });
    const settlements = Array.from({ length: 8 }, (_, n) =>
      process({ uuid: n === 3 ? 'poison' : `good-${n}` }),
    );
    await runtime.advance(1_000);
    const [poison] = settlements.splice(3, 1);
    expectOutcomes(settlements, 'delivered');
    expect(poison?.outcomes).to.deep.equal(['rejected']);
  });

  it('is told once each where two callers hand over the same event', async () => {
    const { runtime, receive } = makeHarness();
    const event = makeConversion();
    const settlements = [receive(event), receive(event)];
    await runtime.advance(31_000);
    expectOutcomes(settlements, 'delivered');
  });

  it('is told through one object for many events', async () => {
    const { processor, runtime, process } = makeHarness();
    const settlement = new RecordingSettlement(25);
    for (let n = 0; n < 25; n++) processor.receive(makeConversion(), settlement);
    const other = process();
    await runtime.advance(31_000);
    expect(tallyOf([settlement])).to.deep.equal({ delivered: 25 });
    expectOutcomes([other], 'delivered');
  });

  it('is the one that process() is given beside the event, whether it has one or not', async () => {
    const { processor, runtime } = makeHarness();
    const [given, own] = [new RecordingSettlement(2), new RecordingSettlement()];
    const acceptedAt = runtime.monotonic();
    processor.process(makeUserEvent({ acceptedAt }), undefined, null, given);
    processor.process(makeUserEvent({ acceptedAt, settlement: own }), undefined, null, given);
    await runtime.advance(31_000);
    expect(tallyOf([given])).to.deep.equal({ delivered: 2 });
    expect(tallyOf([own])).to.deep.equal({});
  });

  it('is told as soon as an event is refused', () => {
    const impression = {
      type: 'impression',
      flagKey: '',
      ruleKey: 'banner',
      variationKey: 'control',
      enabled: true,
    };
    const shown = makeConversion({ ...impression } as Partial<ExperimentEvent>);
    const rollout = {
      ...shown,
      ruleType: 'rollout',
      flagKey: 'checkout',
      ruleKey: 'everyone',
    } as ExperimentEvent;
    const cases: [EventOutcome, Options, Parameters<OptimizelySpanProcessor['receive']>[0]][] = [
      ['unknown_key', {}, makeConversion({ eventKey: 'nothing' } as Partial<ExperimentEvent>)],
      ['invalid', {}, { type: 'conversion', unusable: 'optimizely.event.key' }],
      ['invalid', {}, makeConversion({ userId: 7 } as never)],
      ['before_send', { beforeSend: () => null }, makeConversion()],
      ['flag_decisions_off', {}, rollout],
      [
        'too_large',
        { maxPayloadBytes: 2_000 },
        makeConversion({ tags: { text: 'x'.repeat(2_000) } } as never),
      ],
    ];
    for (const [outcome, options, event] of cases) {
      const { processor, receive } = makeHarness(options);
      expect(receive(event).outcomes, outcome).to.deep.equal([outcome]);
      expect(processor.ledger().dropped, outcome).to.deep.equal({ [outcome]: 1 });
      expect(processor.ledger().recorded, outcome).to.equal(1);
    }
    const full = makeHarness({ maxQueueSize: 1, startOnInit: false });
    expect([full.receive(), full.receive(), full.process()].map(({ outcomes }) => outcomes)).to.deep.equal([
      [],
      ['queue_full'],
      ['queue_full'],
    ]);
    const { receive } = makeHarness({ dedupe: true });
    expect(receive(shown).outcomes).to.deep.equal([]);
    expect(receive(shown).outcomes).to.deep.equal(['deduplicated']);
  });

  it('is told of a resolved event that is refused', () => {
    for (const [outcome, options, overrides] of [
      ['invalid', {}, { type: 'other' as never }],
      ['before_send', { beforeSend: (event: ExperimentEvent) => event }, {}],
      ['too_large', { maxPayloadBytes: 2_000 }, { json: `{"a":"${'x'.repeat(2_000)}"}` }],
    ] as [EventOutcome, Options, Partial<SerializedEvent>][]) {
      const { process } = makeHarness(options);
      expect(process(overrides).outcomes).to.deep.equal([outcome]);
    }
  });

  it('survives a beforeSend that makes another event of it', async () => {
    const { processor, dispatcher, runtime, receive } = makeHarness({
      beforeSend: event => ({ ...event, userId: 'other', uuid: 'changed' }),
    });
    const resolved = new RecordingSettlement();
    const shown = makeConversion();
    processor.process(makeUserEvent({ acceptedAt: runtime.monotonic(), settlement: resolved }), shown, null);
    const settlements = [receive(), resolved];
    await runtime.advance(31_000);
    expect(dispatcher.uuids).to.deep.equal(['changed', 'changed']);
    expectOutcomes(settlements, 'delivered');
  });

  it('waits with the event for a datafile', async () => {
    const projectConfigManager = new StaticProjectConfigManager({});
    const { runtime, receive } = makeHarness({ projectConfigManager });
    const [known, unknown] = [receive(), receive(makeConversion({ eventKey: 'nothing' } as never))];
    await runtime.advance(60_000);
    expect([...known.outcomes, ...unknown.outcomes]).to.deep.equal([]);
    projectConfigManager.setDatafile(makeDatafile());
    expect(unknown.outcomes).to.deep.equal(['unknown_key']);
    await runtime.advance(31_000);
    expectOutcomes([known], 'delivered');
  });

  it('is told at shutdown: of what is delivered, given up, or comes later', async () => {
    const first = makeHarness({ projectConfigManager: new StaticProjectConfigManager({}) });
    const waiting = first.receive();
    await first.stop();
    expectOutcomes([waiting], 'no_datafile');
    const second = makeHarness();
    second.dispatcher.answer = (_attempt, { body }) => ({ statusCode: body.includes('kept') ? 503 : 204 });
    const kept = second.process({ uuid: 'kept' });
    await second.runtime.advance(31_000);
    const delivered = second.receive();
    await second.stop();
    expectOutcomes([kept], 'shutdown_timeout');
    expectOutcomes([delivered], 'delivered');
    const late = [second.receive(), second.process(), second.receive({ type: 'conversion', unusable: 'x' })];
    expectOutcomes(late, 'already_shutdown');
  });

  it('is told of events that expire', async () => {
    const { dispatcher, runtime, receive } = makeHarness({ batchSize: 1, retry: { maxAgeMillis: 60_000 } });
    dispatcher.answer = () => ({ statusCode: 503 });
    const settlement = receive();
    await runtime.advance(200_000);
    expectOutcomes([settlement], 'expired');
  });

  it('may throw, and may be no object: that costs nothing', async () => {
    const { processor, dispatcher, logger, runtime } = makeHarness();
    const fail = () => {
      throw new Error('secret');
    };
    const settlements = [{ stored: fail, settled: fail }, { settled: async () => fail() }, {}, 7, null];
    for (const settlement of settlements) {
      processor.receive(makeConversion(), settlement as EventSettlement);
      processor.process(makeUserEvent({ settlement: settlement as EventSettlement }), undefined, null);
    }
    await runtime.advance(31_000);
    expect(dispatcher.visitors).to.have.length(10);
    expect(processor.ledger()).to.deep.include({ delivered: 10, pending: 0 });
    expect(logger.at('error')).to.deep.equal(['settlement.settled failed: Error']);
  });

  it('may hand over the next event', async () => {
    const { processor, runtime } = makeHarness({ batchSize: 1 });
    let left = 20;
    const outcomes: EventOutcome[] = [];
    const settlement = {
      settled(outcome: EventOutcome) {
        outcomes.push(outcome);
        if (left-- > 0) processor.receive(makeConversion(), settlement);
      },
    };
    processor.receive(makeConversion(), settlement);
    await runtime.advance(31_000);
    expect(outcomes).to.deep.equal(Array.from({ length: 21 }, () => 'delivered'));
  });

  it('has no receive() throw, whatever is handed over', () => {
    const { processor } = makeHarness();
    for (const event of [undefined, null, 7, 'text', {}, { type: 'conversion' }, []]) {
      const settlement = new RecordingSettlement();
      expect(processor.receive(event as never, settlement)).to.equal(false);
      expect(settlement.outcomes).to.have.length(1);
    }
  });
});

describe('the settlement of an event with an event store', () => {
  shutDownAfterEach();

  it('hears that the event is stored before the call returns', async () => {
    const { runtime, receive, process } = makeHarness({ eventStore: new MemoryStore() });
    const settlements = [receive(), process()];
    expect(settlements.map(({ storedCount }) => storedCount)).to.deep.equal([1, 1]);
    await runtime.advance(31_000);
    expectOutcomes(settlements, 'delivered');
  });

  it('hears nothing of the kind where the store is full or fails, or there is none', async () => {
    for (const refuse of ['full', 'failed', undefined] as const) {
      const store = new MemoryStore();
      store.refuse = refuse;
      const { runtime, receive, process } = makeHarness(refuse === undefined ? {} : { eventStore: store });
      const settlements = [receive(), process()];
      await runtime.advance(31_000);
      expectOutcomes(settlements, 'delivered');
      expect(settlements.map(({ storedCount }) => storedCount)).to.deep.equal([0, 0]);
    }
  });

  it('hears once that an event is stored which waits for a datafile', async () => {
    const projectConfigManager = new StaticProjectConfigManager({});
    const eventStore = new MemoryStore();
    const { runtime, receive } = makeHarness({ projectConfigManager, eventStore });
    const before = receive();
    expect(before.storedCount).to.equal(1);
    eventStore.refuse = 'failed';
    const unstored = receive();
    eventStore.refuse = undefined;
    projectConfigManager.setDatafile(makeDatafile());
    expect([before, unstored].map(({ storedCount }) => storedCount)).to.deep.equal([1, 1]);
    await runtime.advance(31_000);
    expectOutcomes([before, unstored], 'delivered');
  });

  it('is stored where memory is full, and full where the disk is too', async () => {
    const eventStore = new MemoryStore();
    const { processor, runtime, receive } = makeHarness({ eventStore, maxQueueSize: 1, startOnInit: false });
    const inMemory = receive();
    const spilled = receive();
    expect([spilled.storedCount, spilled.outcomes]).to.deep.equal([1, ['stored']]);
    eventStore.refuse = 'full';
    expect(receive().outcomes).to.deep.equal(['store_full']);
    processor.start();
    await runtime.advance(90_000);
    expectOutcomes([inMemory], 'delivered');
    // It was delivered in the end, of which the ledger alone tells.
    expect(processor.ledger()).to.deep.include({ delivered: 2, stored: 0 });
    expectOutcomes([spilled], 'stored');
  });

  it('is stored where a shutdown leaves the event', async () => {
    const first = makeHarness({ eventStore: new MemoryStore(), batchSize: 2 });
    first.dispatcher.answer = () => ({ statusCode: 503 });
    const settlements = [first.receive(), first.process(), first.receive()];
    await first.stop();
    expectOutcomes(settlements, 'stored');
    const projectConfigManager = new StaticProjectConfigManager({});
    const second = makeHarness({ eventStore: new MemoryStore(), projectConfigManager });
    const waiting = second.receive();
    await second.stop();
    expectOutcomes([waiting], 'stored');
  });
});

describe("the settlement of an event with parts of the application's own", () => {
  shutDownAfterEach();

  it('follows an exporter that settles parts, and repeats itself', () => {
    const exporter = new ManualExporter();
    const { processor, process } = makeHarness({ exporter, batchSize: 5 });
    const settlements = Array.from({ length: 5 }, () => process());
    const [batch] = exporter.batches;
    const events = batch?.events ?? [];
    batch?.settle(events.slice(0, 1));
    batch?.settle(events.slice(0, 2), 'rejected');
    expect(tallyOf(settlements)).to.deep.equal({ delivered: 1, rejected: 1 });
    const dropped = [
      { reason: 'too_large' as const, events: events.slice(0, 3) },
      { reason: 'expired' as const, events: events.slice(2, 4) },
    ];
    exporter.callbacks[0]?.({ code: 0, dropped });
    exporter.callbacks[0]?.({ code: 1 });
    expect(settlements.map(({ outcomes }) => outcomes)).to.deep.equal([
      ['delivered'],
      ['rejected'],
      ['too_large'],
      ['expired'],
      ['delivered'],
    ]);
    expect(processor.ledger()).to.deep.include({
      recorded: 5,
      delivered: 2,
      pending: 0,
      dropped: { rejected: 1, too_large: 1, expired: 1 },
    });
  });

  /** Gives back what JSON makes of its events, and some not at all. */
  function makeQueue(forget: (event: SerializedEvent) => boolean): EventQueue & { texts: string[] } {
    return {
      texts: [],
      get size() {
        return this.texts.length;
      },
      enqueue(event) {
        if (event.uuid === 'refused') return false;
        const { type, uuid, context, json, byteLength, acceptedAt, ticket } = event;
        const copy = { type, uuid, context, json, byteLength, acceptedAt, ticket };
        if (!forget(event)) this.texts.push(JSON.stringify(copy));
        return true;
      },
      dequeue() {
        const text = this.texts.shift();
        return text === undefined ? undefined : JSON.parse(text);
      },
    };
  }

  it('follows copies that a queue gives back', async () => {
    const { processor, runtime, process, stop } = makeHarness({ eventQueue: makeQueue(() => false) });
    const settlements = [process(), process({ uuid: 'twin' }), process({ uuid: 'twin' })];
    expect(process({ uuid: 'refused' }).outcomes).to.deep.equal(['queue_full']);
    await runtime.advance(31_000);
    expectOutcomes(settlements, 'delivered');
    await stop();
    expect(processor.ledger()).to.deep.include({ delivered: 3, pending: 0, dropped: { queue_full: 1 } });
  });

  it('gives up at shutdown what a queue does not give back', async () => {
    const { processor, process, stop } = makeHarness({
      eventQueue: makeQueue(({ uuid }) => uuid === 'lost'),
    });
    const [lost, delivered] = [process({ uuid: 'lost' }), process()];
    await stop();
    expectOutcomes([lost], 'shutdown_timeout');
    expectOutcomes([delivered], 'delivered');
    expect(processor.ledger()).to.deep.include({
      delivered: 1,
      pending: 0,
      dropped: { shutdown_timeout: 1 },
    });
  });

  it('is told by a BatchEventProcessor too', async () => {
    const [eventDispatcher, runtime] = [new RecordingDispatcher(), new ManualRuntime()];
    const options = { eventDispatcher, runtime, logger: new RecordingLogger(), startOnInit: true };
    const processor = new BatchEventProcessor(options);
    const process = (overrides: Partial<SerializedEvent> = {}) => {
      const settlement = new RecordingSettlement();
      processor.process(makeUserEvent({ acceptedAt: runtime.monotonic(), ...overrides, settlement }));
      return settlement;
    };
    const settlements = [process(), process()];
    expectOutcomes([process({ json: 'nothing' })], 'invalid');
    await processor.stop();
    expectOutcomes(settlements, 'delivered');
    expectOutcomes([process()], 'already_shutdown');
  });
});

describe('EVENTS_DELIVERED', () => {
  shutDownAfterEach();

  it('tells listeners how many events were delivered, and their uuids', async () => {
    const notificationCenter = new NotificationCenter({ logger: new RecordingLogger() });
    const heard: DeliveredEvents[] = [];
    const id = notificationCenter.addNotificationListener(NotificationType.EVENTS_DELIVERED, delivered => {
      heard.push(delivered);
    });
    expect(notificationCenter.hasNotificationListeners(NotificationType.EVENTS_DELIVERED)).to.equal(true);
    const { processor, dispatcher, runtime } = makeHarness({ notificationCenter, batchSize: 3 });
    dispatcher.answer = (_attempt, { body }) => ({ statusCode: body.includes('poison') ? 400 : 204 });
    const record = (uuid: string) => processor.recordConversion({ userId: 'v', eventKey: 'purchase', uuid });
    for (const uuid of ['a', 'b', 'c']) record(uuid);
    await runtime.advance(1);
    expect(heard).to.deep.equal([{ count: 3, uuids: ['a', 'b', 'c'] }]);
    for (const uuid of ['d', 'poison', 'f']) record(uuid);
    await runtime.advance(1_000);
    expect(heard.flatMap(({ uuids }) => uuids).sort()).to.deep.equal(['a', 'b', 'c', 'd', 'f']);
    expect(heard.every(({ count, uuids }) => count === uuids.length)).to.equal(true);
    notificationCenter.removeNotificationListener(id);
    expect(notificationCenter.hasNotificationListeners(NotificationType.EVENTS_DELIVERED)).to.equal(false);
    record('g');
    await processor.forceFlush();
    expect(processor.ledger().delivered).to.equal(6);
    expect(heard.flatMap(({ uuids }) => uuids)).not.to.include('g');
  });

  it('tells a notification center that does not say who listens', async () => {
    const told: unknown[] = [];
    const notificationCenter = {
      sendNotifications: (...notice: unknown[]) => void told.push(notice),
    };
    const { processor } = makeHarness({ notificationCenter });
    processor.recordConversion({ userId: 'v', eventKey: 'purchase', uuid: 'a' });
    processor.recordConversion({ userId: 'v', eventKey: 'nothing', uuid: 'b' });
    await processor.forceFlush();
    expect(told).to.deep.include.members([
      ['EVENTS_DELIVERED', { count: 1, uuids: ['a'] }],
      ['EVENTS_DROPPED', { reason: 'unknown_key', count: 1, uuids: ['b'] }],
    ]);
  });

  it('has listeners that may record events', async () => {
    const notificationCenter = new NotificationCenter({ logger: new RecordingLogger() });
    const exporter = new ManualExporter();
    exporter.immediate = true;
    const { processor, runtime } = makeHarness({ notificationCenter, exporter, batchSize: 1 });
    let heard = 0;
    notificationCenter.addNotificationListener(NotificationType.EVENTS_DELIVERED, ({ count }) => {
      heard += count;
      if (heard < 1_000) processor.recordConversion({ userId: 'v', eventKey: 'purchase' });
    });
    processor.recordConversion({ userId: 'v', eventKey: 'purchase' });
    await runtime.advance(1_000);
    expect(heard).to.equal(1_000);
    expect(processor.ledger()).to.deep.include({ recorded: 1_000, delivered: 1_000, pending: 0 });
  });
});
