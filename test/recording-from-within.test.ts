// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import {
  BatchEventProcessor,
  type EventExporter,
  NotificationCenter,
  NotificationType,
  OptimizelySpanProcessor,
  type OptimizelySpanProcessorOptions,
  recordConversion,
  StaticProjectConfigManager,
} from 'opentelemetry-exporter-optimizely';
import { makeDatafile } from './support/datafile.js';
import { atTheEndOfTheStack } from './support/end-of-the-stack.js';
import { makeUserEvent, RecordingDispatcher, RecordingLogger } from './support/fakes.js';
import { ManualRuntime, settle } from './support/manual-runtime.js';
import { skip } from './support/skip.js';

const CONVERSION = { userId: 'visitor', eventKey: 'purchase' };

const opened: OptimizelySpanProcessor[] = [];

// They would stay installed, and later tests' record helpers would hand events to them as well. Under a clock that stands
// still some never end, but they are uninstalled at once.
function uninstallAll(): void {
  for (const processor of opened.splice(0)) void processor.shutdown();
}

function makeProcessor(options: Partial<OptimizelySpanProcessorOptions> = {}) {
  const runtime = new ManualRuntime();
  const dispatcher = new RecordingDispatcher();
  const logger = new RecordingLogger();
  const processor: OptimizelySpanProcessor = new OptimizelySpanProcessor({
    datafile: makeDatafile(),
    runtime,
    logger,
    ...(options.exporter === undefined && { eventDispatcher: dispatcher }),
    ...options,
  });
  opened.push(processor);
  return { processor, dispatcher, runtime, logger };
}

function expectBalance(processor: OptimizelySpanProcessor): void {
  const { recorded, recovered, delivered, stored, pending, dropped } = processor.ledger();
  const right = delivered + stored + pending + Object.values(dropped).reduce((sum, count) => sum + count, 0);
  expect(right, JSON.stringify(processor.ledger())).to.equal(recorded + recovered);
}

describe('an event that is recorded while a batch is handed over', () => {
  afterEach(uninstallAll);

  for (const where of ['listener', 'dispatcher', 'exporter'] as const) {
    for (const how of ['age', 'flush', 'size'] as const) {
      it(`by the ${where}, closed by ${how}: waits for its own age and no longer`, async () => {
        const sent: string[][] = [];
        const notificationCenter = new NotificationCenter();
        let again = () => {
          again = () => {};
          processor.recordConversion({ ...CONVERSION, userId: 'second' });
        };
        if (where === 'listener')
          notificationCenter.addNotificationListener(NotificationType.LOG_EVENT, () => again());
        const take = (userIds: string[]) => {
          if (where !== 'listener') again();
          sent.push(userIds);
        };
        const exporter: EventExporter = {
          export(batch, resultCallback) {
            take(batch.events.map(({ json }) => (JSON.parse(json) as { visitor_id: string }).visitor_id));
            resultCallback({ code: 0 });
          },
        };
        const dispatchEvent = async (logEvent: { body: string }) => {
          const { visitors } = JSON.parse(logEvent.body) as { visitors: { visitor_id: string }[] };
          take(visitors.map(visitor => visitor.visitor_id));
          return { statusCode: 204 };
        };
        const { processor, runtime } = makeProcessor({
          notificationCenter,
          flushIntervalMillis: 1_000,
          batchSize: how === 'size' ? 1 : 10,
          ...(where === 'exporter' ? { exporter } : { eventDispatcher: { dispatchEvent } }),
        });
        processor.recordConversion({ ...CONVERSION, userId: 'first' });
        if (how === 'flush') await processor.forceFlush();
        await runtime.advance(2_010);
        expect(sent).to.deep.equal([['first'], ['second']]);
        expect(processor.ledger()).to.deep.include({ delivered: 2, pending: 0 });
        expect(runtime.armed, 'no timer is left').to.equal(0);
      });
    }
  }

  it('is bounded where an exporter records one for each batch', async () => {
    let exported = 0;
    const exporter: EventExporter = {
      export(_batch, resultCallback) {
        exported++;
        processor.recordConversion(CONVERSION);
        resultCallback({ code: 0 });
      },
    };
    const { processor, runtime } = makeProcessor({ exporter, batchSize: 1 });
    processor.recordConversion(CONVERSION);
    expect(exported, 'the call returns').to.be.below(1_000);
    expectBalance(processor);
    await runtime.advance(1);
    expectBalance(processor);
    await processor.shutdown();
    expectBalance(processor);
    expect(processor.ledger().pending).to.equal(0);
  });
});

describe('events that an exporter records while it takes a batch', () => {
  afterEach(uninstallAll);

  /** Records with each batch, as long as `wants` says so, and tells the users of all batches in their order. */
  function makeRecordingExporter(wants: (exported: number) => boolean, load = 0) {
    const users: string[] = [];
    let exported = 0;
    let recorded = 0;
    const record = () => recordConversion({ ...CONVERSION, userId: String(recorded++) });
    const exporter: EventExporter = {
      load: () => load,
      export(batch, resultCallback) {
        for (const { json } of batch.events)
          users.push((JSON.parse(json) as { visitor_id: string }).visitor_id);
        if (wants(exported++)) for (const _ of batch.events) record();
        resultCallback({ code: 0 });
      },
    };
    return { exporter, record, users };
  }

  it('come behind the event that found no room in that batch', async () => {
    const { exporter, record, users } = makeRecordingExporter(exported => exported === 0);
    const { processor } = makeProcessor({ exporter, maxPayloadBytes: 500 });
    record();
    record();
    await processor.forceFlush();
    expect(users).to.deep.equal(['0', '1', '2']);
    expectBalance(processor);
  });

  for (const { batchSize, maxBatchSize, load, what } of [
    { batchSize: 1, maxBatchSize: 1, load: 0, what: 'in a batch each' },
    { batchSize: 4, maxBatchSize: 12, load: 0.5, what: 'in batches that leave a part behind' },
  ]) {
    it(`come before all that is recorded later, however many they are, ${what}`, async () => {
      const { exporter, record, users } = makeRecordingExporter(() => users.length < 150, load);
      const { processor, runtime } = makeProcessor({ exporter, batchSize, maxBatchSize });
      while (users.length === 0) record();
      expect(users, 'the call returns before all are taken').to.have.length.below(150);
      for (let n = 0; n < 3; n++) record();
      await runtime.advance(1);
      await processor.forceFlush();
      expect(users).to.deep.equal(users.map((_, n) => String(n)));
      expect(users).to.have.length.above(150);
      expectBalance(processor);
    });
  }
});

describe('an event that is recorded from within the recording of another', () => {
  afterEach(uninstallAll);

  it('by beforeSend: is taken once, and not for its own call of beforeSend', async () => {
    const { processor, logger } = makeProcessor({
      beforeSend: event => {
        processor.recordConversion({ ...CONVERSION, userId: 'from within' });
        return event;
      },
    });
    for (let n = 0; n < 3; n++) processor.recordConversion(CONVERSION);
    await processor.shutdown();
    expect(processor.ledger()).to.deep.include({
      recorded: 9,
      delivered: 6,
      pending: 0,
      dropped: { interrupted: 3 },
    });
    expect(logger.at('warn').filter(line => line.includes('beforeSend'))).to.have.length(1);
  });

  it('by a listener of EVENTS_DROPPED: is counted, and not told of in turn', async () => {
    const notificationCenter = new NotificationCenter();
    let heard = 0;
    notificationCenter.addNotificationListener(NotificationType.EVENTS_DROPPED, () => {
      heard++;
      processor.recordConversion({ ...CONVERSION, eventKey: 'unknown' });
    });
    const { processor } = makeProcessor({ notificationCenter });
    for (let n = 0; n < 5; n++) processor.recordConversion({ ...CONVERSION, eventKey: 'unknown' });
    await processor.shutdown();
    expect(heard).to.equal(5);
    expect(processor.ledger()).to.deep.include({ recorded: 10, dropped: { unknown_key: 10 } });
  });

  it('by the logger, by getters, by toJSON: leaves the ledger balanced', async () => {
    const record = () => processor.recordConversion({ ...CONVERSION, eventKey: 'unknown' });
    const { processor } = makeProcessor({
      logger: { error: record, warn: record, info: record, debug: record } as never,
    });
    processor.recordConversion({ ...CONVERSION, tags: { nested: { toJSON: () => record() ?? 1 } } });
    processor.recordConversion({
      eventKey: 'purchase',
      get userId() {
        record();
        return 'visitor';
      },
    });
    await processor.shutdown();
    expectBalance(processor);
    expect(processor.ledger()).to.deep.include({ delivered: 2, pending: 0 });
  });
});

describe('a stack that ends', () => {
  afterEach(uninstallAll);

  for (const [name, options] of [
    ['by default', {}],
    ['with a batch an event', { batchSize: 1 }],
    ['with beforeSend', { batchSize: 3, beforeSend: (event: unknown) => event }],
    ['with an event store that is memory', { batchSize: 2 }],
    [
      'with an exporter of the application',
      {
        batchSize: 2,
        exporter: { export: (_: unknown, done: (result: object) => void) => done({ code: 0 }) },
      },
    ],
  ] as const) {
    it(`leaves the ledger balanced, nothing stuck, and delivery going, ${name}`, async () => {
      for (let offset = 0; offset < 30; offset++) {
        const { processor, runtime } = makeProcessor(options as Partial<OptimizelySpanProcessorOptions>);
        processor.recordConversion(CONVERSION);
        await settle();
        atTheEndOfTheStack(60, offset, () => {
          processor.recordConversion({ ...CONVERSION, tags: { a: { b: 1 } } });
          processor.recordImpression({ userId: 'visitor', ruleKey: 'banner', variationKey: 'control' });
          recordConversion(CONVERSION);
        });
        await settle();
        // Where the stack had no room left to ask for the repair, looking does.
        processor.ledger();
        await settle();
        expectBalance(processor);
        for (let n = 0; n < 20; n++) expect(processor.recordConversion(CONVERSION)).to.be.a('string');
        await runtime.advance(31_000);
        expectBalance(processor);
        const { recorded, delivered, pending, dropped } = processor.ledger();
        expect(pending, `stuck at offset ${offset}`).to.equal(0);
        // A stack that ends within JSON.stringify is not told from tags that nest too deep, nor one that ends within
        // beforeSend from what that throws.
        const { interrupted = 0, invalid = 0, before_send = 0, ...others } = dropped;
        expect(others).to.deep.equal({});
        if (!('beforeSend' in options)) expect(before_send).to.equal(0);
        expect(delivered).to.equal(recorded - interrupted - invalid - before_send);
        await processor.shutdown();
      }
    });
  }

  it('costs one event at most of those that waited for the datafile, where that is set', async function () {
    const cases = Array.from({ length: 205 }, () => {
      const projectConfigManager = new StaticProjectConfigManager();
      const made = makeProcessor({ datafile: undefined, projectConfigManager, batchSize: 2 });
      for (let n = 0; n < 5; n++) made.processor.recordConversion(CONVERSION);
      return { ...made, projectConfigManager };
    });
    const left = [...cases];
    for (let offset = 0; offset < 5; offset++) {
      atTheEndOfTheStack(40, offset, () => {
        left.pop()?.projectConfigManager.setDatafile(makeDatafile());
      });
    }
    await settle();
    let interruptions = 0;
    for (const { processor, projectConfigManager } of cases) {
      // Where the stack had no room left for that either, a look asks for the repair.
      processor.ledger();
      await settle();
      expectBalance(processor);
      // Where it ended before the datafile was read.
      projectConfigManager.setDatafile(makeDatafile());
      await processor.forceFlush();
      expectBalance(processor);
      const { delivered, pending, dropped } = processor.ledger();
      const { interrupted = 0, ...others } = dropped;
      interruptions += interrupted;
      expect(others).to.deep.equal({});
      expect({ pending, delivered }).to.deep.equal({ pending: 0, delivered: 5 - interrupted });
      expect(interrupted).to.be.at.most(1);
      await processor.shutdown();
    }
    if (interruptions === 0)
      skip(this, 'V8 has compiled it into one frame, in which no stack ends: run this file alone');
  });

  /** Calls from each frame while the stack unwinds. @returns what the promises reject with */
  async function rejectionsAtTheEndOfTheStack(call: () => Promise<void>): Promise<unknown[]> {
    const rejections: unknown[] = [];
    for (let offset = 0; offset < 3; offset++) {
      atTheEndOfTheStack(400, offset, () => {
        call().catch((error: unknown) => rejections.push(error));
      });
    }
    await settle();
    return rejections;
  }

  for (const how of ['forceFlush', 'shutdown'] as const) {
    it(`neither makes ${how}() reject nor leaves it half done`, async () => {
      const { processor } = makeProcessor();
      for (let n = 0; n < 7; n++) processor.recordConversion(CONVERSION);
      expect(await rejectionsAtTheEndOfTheStack(() => processor[how]())).to.deep.equal([]);
      await processor.shutdown();
      expect(processor.ledger()).to.deep.include({ delivered: 7, pending: 0, dropped: {} });
    });
  }

  for (const how of ['flush', 'stop'] as const) {
    it(`neither makes ${how}() of a BatchEventProcessor reject nor leaves it half done`, async () => {
      const eventDispatcher = new RecordingDispatcher();
      const processor = new BatchEventProcessor({
        eventDispatcher,
        runtime: new ManualRuntime(),
        startOnInit: true,
      });
      for (let n = 0; n < 7; n++) processor.process(makeUserEvent());
      expect(await rejectionsAtTheEndOfTheStack(() => processor[how]())).to.deep.equal([]);
      await processor.stop();
      expect(processor.ledger()).to.deep.include({ delivered: 7, pending: 0, dropped: {} });
    });
  }
});
