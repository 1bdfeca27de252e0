// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import {
  type ExperimentEvent,
  FileEventStore,
  type LedgerSnapshot,
  NotificationCenter,
  NotificationType,
  OptimizelySpanProcessor,
  type OptimizelySpanProcessorOptions,
} from 'opentelemetry-exporter-optimizely';
import { createSpanEventDispatcher } from 'opentelemetry-exporter-optimizely/optimizely-sdk';
import { InMemoryEventDispatcher, startLocalEventsEndpoint } from 'opentelemetry-exporter-optimizely/testing';
import { RecordingLogger } from '../support/fakes.js';
import { ManualRuntime } from '../support/manual-runtime.js';
import { callAll } from './calls.js';
import { CapturingDispatcher, makeClient, VERSIONS } from './clients.js';
import { readDatafile } from './datafiles.js';

const opened: OptimizelySpanProcessor[] = [];

function makeHarness(options: Partial<OptimizelySpanProcessorOptions> = {}) {
  const dispatcher = new InMemoryEventDispatcher();
  const logger = new RecordingLogger();
  const datafile = readDatafile();
  const processor = new OptimizelySpanProcessor({
    datafile,
    eventDispatcher: dispatcher,
    logger,
    ...options,
  });
  opened.push(processor);
  const { runtime } = options;
  const eventDispatcher = createSpanEventDispatcher(processor, { logger, runtime });
  return { processor, dispatcher, logger, datafile, eventDispatcher };
}

function makeLogEvent(params: Record<string, unknown> = {}, url = 'https://logx.optimizely.com/v1/events') {
  const usual = {
    account_id: '1',
    project_id: '2',
    revision: '3',
    client_name: 'node-sdk',
    client_version: '9.9.9',
    anonymize_ip: false,
    enrich_decisions: true,
    visitors: [makeVisitor('a')],
  };
  return { url, httpVerb: 'POST', params: { ...usual, ...params } };
}

function makeVisitor(uuid: string, more: Record<string, unknown> = {}) {
  const event = { entity_id: '5', key: 'purchase', timestamp: 1_700_000_000_000, uuid };
  return { visitor_id: 'ann', attributes: [], snapshots: [{ events: [event] }], ...more };
}

/** Waits until the processor has found what an earlier one left. */
async function adopted(processor: OptimizelySpanProcessor): Promise<void> {
  while (processor.ledger().recovered === 0) await new Promise(resolve => setImmediate(resolve));
}

function expectBalance({ recorded, recovered, delivered, stored, pending, dropped }: LedgerSnapshot): void {
  const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0);
  expect(delivered + stored + pending + lost).to.equal(recorded + recovered);
}

/** Within a describe: a hook of the file's own would run after every other test too. */
function shutDownAfterEach(): void {
  afterEach(() => Promise.all(opened.splice(0).map(processor => processor.shutdown())));
}

for (const version of VERSIONS) {
  describe(`createSpanEventDispatcher in the official SDK ${version}`, () => {
    shutDownAfterEach();

    it("leaves the SDK's LOG_EVENT listeners what they had", async () => {
      const { datafile, eventDispatcher, dispatcher, processor } = makeHarness();
      const client = makeClient(version, { datafile, eventDispatcher });
      const heard: unknown[] = [];
      client.listen('LOG_EVENT', logEvent => heard.push(JSON.parse(JSON.stringify(logEvent))));
      callAll(client);
      await processor.forceFlush();
      expect(heard).to.have.length(dispatcher.events.length);
      expect(heard[0]).to.have.keys('url', 'httpVerb', 'params');
    });

    it('counts what is refused, and the application notices nothing', async () => {
      const dropped: string[][] = [];
      const notificationCenter = new NotificationCenter();
      notificationCenter.addNotificationListener(NotificationType.EVENTS_DROPPED, ({ reason, uuids }) => {
        dropped.push(...uuids.map(uuid => [reason, uuid]));
      });
      const { datafile, processor, eventDispatcher } = makeHarness({
        notificationCenter,
        maxQueueSize: 3,
        startOnInit: false,
      });
      const capture = new CapturingDispatcher(eventDispatcher);
      const client = makeClient(version, { datafile, eventDispatcher: capture });
      for (let n = 0; n < 5; n++) client.track('purchase', 'ann');
      expect(processor.ledger()).to.deep.include({ recorded: 5, pending: 3, dropped: { queue_full: 2 } });
      await processor.shutdown();
      client.track('purchase', 'ann');
      expect(client.createUserContext('ann')?.decide('search').variationKey).to.equal('ranked');
      expect(processor.ledger()).to.deep.include({
        recorded: 7,
        delivered: 3,
        dropped: { queue_full: 2, already_shutdown: 2 },
      });
      const uuids = capture.sent.map(({ params }) => params.visitors[0]?.snapshots[0]?.events[0]?.uuid);
      expect(dropped).to.deep.equal([
        ['queue_full', uuids[3]],
        ['queue_full', uuids[4]],
        ['already_shutdown', uuids[5]],
        ['already_shutdown', uuids[6]],
      ]);
      await client.close();
    });

    it('leaves the last tenth of the queue to conversions', async () => {
      const { datafile, processor, eventDispatcher } = makeHarness({ maxQueueSize: 10, startOnInit: false });
      const client = makeClient(version, { datafile, eventDispatcher });
      for (let n = 0; n < 12; n++) client.createUserContext(`user ${n}`)?.decide('search');
      expect(processor.ledger()).to.deep.include({ pending: 9, dropped: { queue_full: 3 } });
      for (let n = 0; n < 2; n++) client.track('purchase', 'ann');
      expect(processor.ledger()).to.deep.include({ pending: 10, dropped: { queue_full: 4 } });
    });

    it('keeps in the store what is not delivered; the next life sends it in the name of the SDK', async () => {
      const directory = await mkdtemp(join(tmpdir(), 'official-sdk-'));
      try {
        const first = makeHarness({
          eventDispatcher: new InMemoryEventDispatcher({ statusCode: 503 }),
          eventStore: new FileEventStore({ directory }),
          timeoutIntervalMillis: 50,
        });
        const capture = new CapturingDispatcher(first.eventDispatcher);
        const client = makeClient(version, { datafile: first.datafile, eventDispatcher: capture });
        callAll(client);
        await client.close();
        await first.processor.shutdown();
        const count = capture.sent.length;
        expect(first.processor.ledger()).to.deep.include({ recorded: count, stored: count, dropped: {} });

        await using endpoint = await startLocalEventsEndpoint();
        const second = new OptimizelySpanProcessor({
          datafile: readDatafile({ revision: '99' }),
          endpoint: endpoint.url,
          eventStore: new FileEventStore({ directory }),
          maxConcurrentRequests: 1,
        });
        opened.push(second);
        await adopted(second);
        await second.forceFlush();
        expect(second.ledger()).to.deep.include({ recovered: count, delivered: count, stored: 0 });
        const { visitors: _, ...envelope } = capture.sent[0]?.params ?? { visitors: [] };
        for (const { params } of endpoint.batches) expect(params).to.deep.include(envelope);
        const received = endpoint.batches.flatMap(({ params }) => params.visitors);
        expect(received).to.have.deep.members(capture.sent.flatMap(({ params }) => params.visitors));
        expect(received).to.have.length(count);
      } finally {
        await rm(directory, { recursive: true });
      }
    });

    it('beforeSend, allowedAttributes and userIdHashKey hold for it', async () => {
      const seen: ExperimentEvent[] = [];
      const { datafile, processor, dispatcher, eventDispatcher } = makeHarness({
        beforeSend: event => {
          seen.push(event);
          if (event.userId === 'nobody') return null;
          return { ...event, attributes: { ...event.attributes, age: 42, unknown: 'x' } };
        },
        allowedAttributes: ['age', 'sku', 'unknown'],
        userIdHashKey: 'a key of sixteen',
      });
      const capture = new CapturingDispatcher(eventDispatcher);
      const client = makeClient(version, { datafile, eventDispatcher: capture });
      client.track('purchase', 'ann', { plan: 'gold', age: 41 }, { revenue: 4200, sku: 'a', coupon: 'b' });
      client.createUserContext('ann', { plan: 'gold', beta: true })?.decide('search');
      client.track('purchase', 'nobody');
      await processor.forceFlush();

      expect(seen[0]).to.deep.include({
        type: 'conversion',
        userId: 'ann',
        eventKey: 'purchase',
        eventId: '20501',
        revenue: 4200,
      });
      expect(seen[1]).to.deep.include({ type: 'impression', flagKey: 'search', ruleKey: 'search_test' });
      const [tracked, decided] = dispatcher.logEvents.flatMap(({ params }) => params.visitors);
      const [handedOver, decision] = capture.sent.map(({ params }) => params.visitors[0]);
      expect(tracked?.visitor_id)
        .to.match(/^[0-9a-f]{64}$/)
        .and.equal(decided?.visitor_id);
      const age = { entity_id: '20402', key: 'age', type: 'custom', value: 42 };
      expect(tracked?.attributes).to.deep.equal([age]);
      expect(decided?.attributes).to.deep.equal([age]);
      expect(tracked?.snapshots).to.deep.equal([
        { events: [{ ...handedOver?.snapshots[0]?.events[0], tags: { sku: 'a' } }] },
      ]);
      expect(decided?.snapshots).to.deep.equal(decision?.snapshots);
      expect(processor.ledger()).to.deep.include({ recorded: 3, delivered: 2, dropped: { before_send: 1 } });
    });

    it('obeys a beforeSend that changes nested tags in place', async () => {
      const { datafile, processor, dispatcher, eventDispatcher } = makeHarness({
        beforeSend: event => {
          if (event.type === 'conversion') delete (event.tags as { order: { mail?: string } }).order.mail;
          return event;
        },
      });
      const client = makeClient(version, { datafile, eventDispatcher });
      client.track('purchase', 'ann', {}, { revenue: 4200, order: { mail: 'ann@example.org', items: 2 } });
      await processor.forceFlush();
      const [event] = dispatcher.logEvents[0]?.params.visitors[0]?.snapshots[0]?.events ?? [];
      expect(event).to.deep.include({ revenue: 4200, tags: { revenue: 4200, order: { items: 2 } } });
    });

    it('a beforeSend that changes nothing leaves the text alone', async () => {
      const { datafile, processor, dispatcher, eventDispatcher } = makeHarness({
        beforeSend: event => event,
      });
      const capture = new CapturingDispatcher(eventDispatcher);
      const client = makeClient(version, { datafile, eventDispatcher: capture });
      callAll(client);
      await processor.forceFlush();
      expect(dispatcher.logEvents.flatMap(({ params }) => params.visitors)).to.deep.equal(
        capture.sent.flatMap(({ params }) => params.visitors),
      );
    });

    it('dedupe holds for it', async () => {
      const { datafile, processor, dispatcher, eventDispatcher } = makeHarness({ dedupe: true });
      const client = makeClient(version, { datafile, eventDispatcher });
      for (const userId of ['ann', 'ann', 'bob', 'ann']) client.createUserContext(userId)?.decide('search');
      await processor.forceFlush();
      expect(dispatcher.events.map(event => event.visitorId)).to.deep.equal(['ann', 'bob']);
      expect(processor.ledger().dropped).to.deep.equal({ deduplicated: 2 });
    });
  });
}

describe('createSpanEventDispatcher', () => {
  shutDownAfterEach();

  it('refuses what is no processor', () => {
    for (const value of [undefined, null, {}, 'processor']) {
      expect(() => createSpanEventDispatcher(value as unknown as OptimizelySpanProcessor)).to.throw(
        TypeError,
        /process/,
      );
    }
  });

  it('answers 204 to the promise and to the callback, at once, whatever the callback does', async () => {
    const { eventDispatcher, processor } = makeHarness();
    const { dispatchEvent } = eventDispatcher;
    const answers: unknown[] = [];
    const answered = dispatchEvent(makeLogEvent(), response => answers.push(response));
    expect(answers).to.deep.equal([{ statusCode: 204 }]);
    expect(processor.ledger().recorded, 'taken within the call').to.equal(1);
    expect(await answered).to.deep.equal({ statusCode: 204 });
    const thrown = dispatchEvent(makeLogEvent(), () => {
      throw new Error('of the callback');
    });
    expect(await thrown).to.deep.equal({ statusCode: 204 });
  });

  it('takes the age of an event from the clock of the runtime', async () => {
    const runtime = new ManualRuntime();
    const { eventDispatcher, dispatcher } = makeHarness({ runtime, flushIntervalMillis: 1_000 });
    await runtime.advance(10_000);
    await eventDispatcher.dispatchEvent(makeLogEvent());
    await runtime.advance(999);
    expect(dispatcher.logEvents).to.have.length(0);
    await runtime.advance(1);
    expect(dispatcher.logEvents).to.have.length(1);
  });

  const envelopes: Record<string, Record<string, unknown>> = {
    'enrich_decisions false': { enrich_decisions: false },
    'no enrich_decisions': { enrich_decisions: undefined },
    'no anonymize_ip': { anonymize_ip: undefined },
    'no revision': { revision: undefined },
    'a project id that is a number': { project_id: 2 },
    'a member that nobody knows': { client_id: { a: ['ü'] } },
  };
  for (const [name, members] of Object.entries(envelopes)) {
    it(`sends an envelope as it is: ${name}`, async () => {
      const { eventDispatcher, dispatcher, processor } = makeHarness();
      const own = makeLogEvent(members);
      const usual = makeLogEvent({ visitors: [makeVisitor('b')] });
      await eventDispatcher.dispatchEvent(own);
      await eventDispatcher.dispatchEvent(own);
      await eventDispatcher.dispatchEvent(usual);
      await processor.forceFlush();
      const [first, second, ...more] = dispatcher.logEvents.map(({ params }) => params);
      const [visitor] = own.params.visitors;
      const expected = { ...own.params, visitors: [visitor, visitor] };
      expect(first).to.deep.equal(JSON.parse(JSON.stringify(expected)));
      expect(second).to.deep.equal(usual.params);
      expect(more).to.deep.equal([]);
    });
  }

  it('keeps such an envelope in the store', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'official-sdk-'));
    try {
      const first = makeHarness({
        eventDispatcher: new InMemoryEventDispatcher({ statusCode: 503 }),
        eventStore: new FileEventStore({ directory }),
        timeoutIntervalMillis: 50,
      });
      const logEvent = makeLogEvent({ enrich_decisions: false, client_id: 7 });
      await first.eventDispatcher.dispatchEvent(logEvent);
      await first.processor.shutdown();
      const second = makeHarness({ eventStore: new FileEventStore({ directory }) });
      await adopted(second.processor);
      await second.processor.forceFlush();
      expect(second.dispatcher.logEvents.map(({ params }) => params)).to.deep.equal([logEvent.params]);
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  it('sends members of a visitor that nobody knows', async () => {
    const { eventDispatcher, dispatcher, processor } = makeHarness();
    const snapshots = [
      { events: [{ key: 'a', uuid: 'one' }] },
      { events: [{ key: 'b', uuid: 'two' }], more: 1 },
    ];
    const visitors = [
      makeVisitor('a', { session_id: 's', snapshots }),
      makeVisitor('b', { attributes: 'none' }),
    ];
    await eventDispatcher.dispatchEvent(makeLogEvent({ visitors }));
    await processor.forceFlush();
    expect(dispatcher.logEvents.map(({ params }) => params.visitors)).to.deep.equal([visitors]);
    expectBalance(processor.ledger());
  });

  it('counts as invalid what can be no visitor, and sends the others', async () => {
    const circular: Record<string, unknown> = {};
    circular.self = circular;
    const bad = [null, 'visitor', [], { toJSON: () => undefined }, makeVisitor('c', { circular, big: 1n })];
    const { eventDispatcher, dispatcher, processor } = makeHarness();
    await eventDispatcher.dispatchEvent(
      makeLogEvent({ visitors: [makeVisitor('a'), ...bad, makeVisitor('b')] }),
    );
    await eventDispatcher.dispatchEvent(makeLogEvent({ big: 1n }));
    await processor.forceFlush();
    expect(dispatcher.events.map(event => event.uuid)).to.deep.equal(['a', 'b']);
    expect(processor.ledger()).to.deep.include({ delivered: 2, dropped: { invalid: bad.length + 1 } });
    expectBalance(processor.ledger());
  });

  it('says once, and without anything of it, that it was given what is no LogEvent', async () => {
    const { eventDispatcher, processor, logger } = makeHarness();
    const hostile = new Proxy({}, { get: () => raise() });
    const raise = () => {
      throw new TypeError('secret');
    };
    for (const value of [
      {},
      { params: { visitors: 'secret' } },
      { params: ['secret'] },
      null,
      hostile,
      hostile,
    ]) {
      const answer = await eventDispatcher.dispatchEvent(value as ReturnType<typeof makeLogEvent>);
      expect(answer).to.deep.equal({ statusCode: 204 });
    }
    expect(processor.ledger().recorded).to.equal(0);
    expect(logger.at('warn')).to.have.length(1);
    expect(logger.at('error')).to.have.length(1);
    expect(logger.lines.map(line => line.message).join()).not.to.include('secret');
  });

  it("follows no address but Optimizely's two, and says so once", async () => {
    const { eventDispatcher, dispatcher, processor, logger } = makeHarness();
    const urls = [
      'https://logx.optimizely.com/v1/events',
      'https://eu.logx.optimizely.com/v1/events',
      'https://EU.logx.optimizely.com:443/v1/events?x',
    ];
    for (const url of urls) await eventDispatcher.dispatchEvent(makeLogEvent({}, url));
    expect(logger.at('warn')).to.deep.equal([]);
    const others = ['https://eu.logx.optimizely.com.proxy.example/secret', 'http://127.0.0.1/secret', ''];
    for (const url of others) await eventDispatcher.dispatchEvent(makeLogEvent({}, url));
    await processor.forceFlush();
    const sent = dispatcher.logEvents.map(({ url, params }) => [url, params.visitors.length]);
    expect(sent).to.deep.equal([
      ['https://logx.optimizely.com/v1/events', 1],
      ['https://eu.logx.optimizely.com/v1/events', 2],
      ['https://logx.optimizely.com/v1/events', 3],
    ]);
    expect(logger.at('warn')).to.have.length(1);
    expect(logger.at('warn').join()).not.to.include('secret');
  });
});
