// SPDX-License-Identifier: Apache-2.0
import { metrics as sdk } from '@opentelemetry/sdk-node';
import { expect } from 'chai';
import fc from 'fast-check';
import {
  type EventDispatcherResponse,
  type EventExporter,
  NotificationCenter,
  NotificationType,
  OptimizelySpanProcessor,
  type OptimizelySpanProcessorOptions,
} from 'opentelemetry-exporter-optimizely';
import { makeDatafile } from '../support/datafile.js';
import { ManualExporter, makeUserEvent, RecordingDispatcher, RecordingLogger } from '../support/fakes.js';
import { ManualRuntime } from '../support/manual-runtime.js';
import { Disk, MemoryStore } from '../support/memory-store.js';
import { SEED } from '../support/seed.js';
import { RecordingSettlement, tallyOf } from '../support/settlements.js';

const STREAMED: EventDispatcherResponse = { statusCode: 204, streamed: true };

describe('events that a stream has', () => {
  const processors: OptimizelySpanProcessor[] = [];

  afterEach(async () => {
    await Promise.all(processors.splice(0).map(processor => processor.shutdown()));
  });

  function makeHarness(options: Partial<OptimizelySpanProcessorOptions> = {}) {
    const [dispatcher, logger, runtime] = [
      new RecordingDispatcher(),
      new RecordingLogger(),
      new ManualRuntime(),
    ];
    dispatcher.answer = () => STREAMED;
    const notificationCenter = new NotificationCenter({ logger });
    const told = { delivered: 0, streamed: 0, dropped: 0 };
    const { EVENTS_DELIVERED, EVENTS_STREAMED, EVENTS_DROPPED } = NotificationType;
    notificationCenter.addNotificationListener(EVENTS_DELIVERED, ({ count }) => {
      told.delivered += count;
    });
    notificationCenter.addNotificationListener(EVENTS_STREAMED, ({ count, uuids }) => {
      expect(uuids).to.have.length(count);
      told.streamed += count;
    });
    notificationCenter.addNotificationListener(EVENTS_DROPPED, ({ count }) => {
      told.dropped += count;
    });
    const processor = new OptimizelySpanProcessor({
      datafile: makeDatafile(),
      ...(options.exporter ? {} : { eventDispatcher: dispatcher }),
      batchSize: 1_000,
      notificationCenter,
      logger,
      runtime,
      ...options,
    });
    processors.push(processor);
    const settlements: RecordingSettlement[] = [];
    const take = (count = 1) => {
      for (let n = 0; n < count; n++) {
        const settlement = new RecordingSettlement();
        settlements.push(settlement);
        processor.process({ ...makeUserEvent(), settlement }, undefined, null);
      }
    };
    return { processor, dispatcher, runtime, settlements, take, told };
  }

  it('are counted, told and settled as streamed, and not as delivered', async () => {
    const { processor, take, settlements, told } = makeHarness();
    take(3);
    await processor.forceFlush();
    expect(processor.ledger()).to.include({ recorded: 3, delivered: 0, streamed: 3, pending: 0 });
    expect(told).to.deep.equal({ delivered: 0, streamed: 3, dropped: 0 });
    expect(tallyOf(settlements)).to.deep.equal({ streamed: 3 });
  });

  it('are told apart from those that another answer to the same dispatcher has delivered', async () => {
    const { processor, dispatcher, take, told } = makeHarness();
    take(2);
    await processor.forceFlush();
    dispatcher.answer = () => ({ statusCode: 204 });
    take(1);
    await processor.forceFlush();
    expect(processor.ledger()).to.include({ delivered: 1, streamed: 2, pending: 0 });
    expect(told).to.include({ delivered: 1, streamed: 2 });
  });

  it('count as such without a status, and in pieces of a batch that was too large', async () => {
    const { processor, dispatcher, take } = makeHarness();
    dispatcher.answer = () => ({ streamed: true });
    take(1);
    await processor.forceFlush();
    dispatcher.answer = (_, { params }) => (params.visitors.length > 2 ? { statusCode: 413 } : STREAMED);
    take(7);
    await processor.forceFlush();
    expect(processor.ledger()).to.include({ delivered: 0, streamed: 8, pending: 0 });
  });

  for (const answer of [
    { statusCode: 503, streamed: true },
    { statusCode: 204, streamed: 'yes' as never },
    { statusCode: 204, streamed: false },
  ]) {
    it(`are not those of the answer ${JSON.stringify(answer)}`, async () => {
      const { processor, dispatcher, take } = makeHarness({ timeoutIntervalMillis: 1 });
      dispatcher.answer = () => answer;
      take(1);
      const flushed = processor.forceFlush();
      await makeTurn();
      expect(processor.ledger().streamed).to.equal(0);
      dispatcher.answer = () => STREAMED;
      await processors.at(-1)?.shutdown();
      await flushed;
    });
  }

  it('leave the event store', async () => {
    const disk = new Disk();
    const { processor, take } = makeHarness({ eventStore: new MemoryStore(disk) });
    take(4);
    expect(disk.records.size).to.equal(4);
    await processor.forceFlush();
    expect(processor.ledger()).to.include({ streamed: 4, stored: 0, pending: 0 });
    expect(disk.records.size).to.equal(0);
  });

  it('are what an exporter of the application says of them, each event once', () => {
    const exporter = new ManualExporter();
    const { processor, take } = makeHarness({ exporter: exporter as EventExporter, batchSize: 4 });
    take(4);
    const [batch, answer] = [exporter.batches[0], exporter.callbacks[0]];
    const [first, second, third] = batch?.events ?? [];
    if (first === undefined || second === undefined || third === undefined) throw new Error('no batch');
    batch?.settle([first], 'streamed');
    expect(processor.ledger()).to.include({ streamed: 1, pending: 3 });
    answer?.({ code: 0, streamed: [first, second], dropped: [{ reason: 'rejected', events: [third] }] });
    expect(processor.ledger()).to.include({ delivered: 1, streamed: 2, pending: 0 });
    expect(processor.ledger().dropped).to.deep.equal({ rejected: 1 });
  });

  it('have a metric of their own', async () => {
    class Reader extends sdk.MetricReader {
      protected override async onForceFlush(): Promise<void> {}
      protected override async onShutdown(): Promise<void> {}
    }
    const reader = new Reader();
    const selfObsMeterProvider = new sdk.MeterProvider({ readers: [reader] });
    const { processor, take } = makeHarness({ selfObsMeterProvider });
    take(5);
    await processor.forceFlush();
    const { resourceMetrics } = await reader.collect();
    const values = Object.fromEntries(
      (resourceMetrics.scopeMetrics[0]?.metrics ?? []).map(({ descriptor, dataPoints }) => [
        descriptor.name,
        dataPoints.map(({ value }) => value),
      ]),
    );
    expect(values['optimizely.processor.event.streamed']).to.deep.equal([5]);
    expect(values).to.not.have.property('optimizely.processor.event.processed');
    expect(values['optimizely.exporter.event.exported']).to.deep.equal([5]);
  });

  it('add up with all others, whatever is answered', async () => {
    const answers = [STREAMED, { statusCode: 204 }, { statusCode: 400 }, { statusCode: 413 }];
    const steps = fc.array(fc.record({ count: fc.nat(5), answer: fc.constantFrom(...answers) }), {
      maxLength: 12,
    });
    await fc.assert(
      fc.asyncProperty(steps, fc.boolean(), async (given, hasStore) => {
        const harness = makeHarness(hasStore ? { eventStore: new MemoryStore() } : {});
        const { processor, dispatcher, take, settlements, told } = harness;
        for (const { count, answer } of given) {
          dispatcher.answer = () => answer;
          take(count);
          await processor.forceFlush();
          const { recorded, delivered, streamed, stored, pending, dropped } = processor.ledger();
          const lost = Object.values(dropped).reduce((sum, n) => sum + n, 0);
          expect(delivered + streamed + stored + pending + lost).to.equal(recorded);
          expect(told).to.deep.equal({ delivered, streamed, dropped: lost });
          expect(tallyOf(settlements).streamed ?? 0).to.equal(streamed);
        }
      }),
      { seed: SEED, numRuns: 60 },
    );
  });
});

async function makeTurn(): Promise<void> {
  await new Promise(setImmediate);
}
