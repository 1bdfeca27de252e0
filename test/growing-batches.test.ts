// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import fc from 'fast-check';
import {
  BatchEventProcessor,
  type BatchEventProcessorOptions,
  OptimizelyEventExporter,
  OptimizelySpanProcessor,
} from 'opentelemetry-exporter-optimizely';
import { makeDatafile } from './support/datafile.js';
import {
  makeContext,
  makeUserEvent,
  RecordingDispatcher,
  RecordingLogger,
  uuidsIn,
} from './support/fakes.js';
import { ManualRuntime, settle } from './support/manual-runtime.js';

/** A server that takes `latencyMillis` for each answer, on the manual clock. */
function makeSlowServer(latencyMillis: number, options: Partial<BatchEventProcessorOptions> = {}) {
  const runtime = new ManualRuntime();
  const dispatcher = new RecordingDispatcher();
  dispatcher.answer = () =>
    new Promise(resolve => runtime.setTimer(() => resolve({ statusCode: 204 }), latencyMillis));
  const logger = new RecordingLogger();
  const processor = new BatchEventProcessor({
    eventDispatcher: dispatcher,
    logger,
    runtime,
    startOnInit: true,
    ...options,
  });
  const record = (count = 1, overrides = {}) => {
    for (let n = 0; n < count; n++)
      processor.process(makeUserEvent({ acceptedAt: runtime.monotonic(), ...overrides }));
  };
  const sizes = () => dispatcher.sent.map(({ visitors }) => visitors.length);
  return { processor, dispatcher, runtime, logger, record, sizes };
}

describe('batches that grow while requests are out', () => {
  for (const [perSecond, latencyMillis] of [
    [2_000, 50],
    [2_000, 100],
    [10_000, 100],
  ] as const) {
    it(`lose nothing at ${perSecond} events a second and ${latencyMillis} ms an answer, by default settings`, async () => {
      const { processor, runtime, record, sizes } = makeSlowServer(latencyMillis);
      for (let elapsed = 0; elapsed < 3_000; elapsed += 5) {
        record(perSecond / 200);
        await runtime.advance(5);
        expect(processor.ledger().dropped).to.deep.equal({});
      }
      await runtime.advance(31_000);
      expect(processor.ledger()).to.deep.include({ delivered: perSecond * 3, pending: 0, dropped: {} });
      expect(Math.max(...sizes())).to.be.at.most(1_000);
    });
  }

  it('go out at batchSize while one request is out: what is flushed then is what a reader of the rules expects', async () => {
    const { record, sizes, runtime, processor } = makeSlowServer(100);
    record(25);
    const flushed = processor.flush();
    await runtime.advance(100);
    await flushed;
    expect(sizes()).to.deep.equal([10, 10, 5]);
  });

  it('go out at batchSize while no request is out', async () => {
    const { record, sizes, runtime } = makeSlowServer(100, { maxConcurrentRequests: 3 });
    for (let n = 0; n < 3; n++) {
      record(10);
      await runtime.advance(100);
    }
    expect(sizes()).to.deep.equal([10, 10, 10]);
  });

  it('grow to the share of maxBatchSize that the requests which are out, but one, are of all others', async () => {
    const { record, sizes, runtime } = makeSlowServer(100, { maxConcurrentRequests: 5, maxBatchSize: 200 });
    record(20);
    await settle();
    for (const size of [50, 100, 150]) {
      record(size - 1);
      await settle();
      expect(sizes().at(-1), 'one event is missing').to.be.below(size);
      record(1);
      await settle();
      expect(sizes().at(-1)).to.equal(size);
    }
    record(190);
    await settle();
    expect(sizes(), 'all requests are out').to.deep.equal([10, 10, 50, 100, 150]);
    record(10);
    await runtime.advance(100);
    expect(sizes()).to.deep.equal([10, 10, 50, 100, 150, 200]);
  });

  it('do not grow behind one request that hangs', async () => {
    const { record, sizes, runtime, dispatcher, processor } = makeSlowServer(100, {
      requestTimeoutMillis: 5_000,
    });
    const answer = dispatcher.answer;
    dispatcher.answer = () => new Promise(() => {});
    record(10);
    await settle();
    dispatcher.answer = answer;
    for (let n = 0; n < 3; n++) {
      record(10);
      await runtime.advance(100);
    }
    expect(sizes()).to.deep.equal([10, 10, 10, 10]);
    expect(processor.ledger()).to.deep.include({ delivered: 30, pending: 10 });
  });

  it('do not grow behind one that alone fails again and again, which the others show by getting through', async () => {
    const { processor, record, runtime, dispatcher } = makeSlowServer(1, {
      retry: { initialDelayMillis: 100, maxDelayMillis: 100 },
    });
    let poison: string | undefined;
    const answer = dispatcher.answer;
    dispatcher.answer = (attempt, logEvent) => {
      poison ??= logEvent.body;
      if (logEvent.body === poison) throw Object.assign(new Error('reset'), { code: 'ECONNRESET' });
      return answer(attempt, logEvent);
    };
    for (let n = 0; n < 4; n++) {
      record(10);
      await runtime.advance(1_000);
    }
    expect(processor.ledger().delivered).to.be.at.least(30);
  });

  it('do not grow behind what waits to be tried again: it is no load of the exporter', async () => {
    const runtime = new ManualRuntime();
    const dispatcher = new RecordingDispatcher();
    dispatcher.answer = () => ({ statusCode: 503 });
    const exporter = new OptimizelyEventExporter({
      eventDispatcher: dispatcher,
      maxConcurrentRequests: 4,
      runtime,
    });
    const processor = new BatchEventProcessor({ exporter, batchSize: 2, startOnInit: true, runtime });
    for (let n = 0; n < 6; n++) processor.process(makeUserEvent({ acceptedAt: runtime.monotonic() }));
    await settle();
    expect(processor.ledger()).to.include({ pending: 6 });
    expect(exporter.load()).to.equal(0);
    dispatcher.answer = () => ({ statusCode: 204 });
    await processor.stop();
  });

  it('hold single events while a request is free, where batchSize is 1', async () => {
    const { record, sizes, runtime } = makeSlowServer(100, { batchSize: 1, maxConcurrentRequests: 3 });
    record(8);
    await settle();
    expect(sizes()).to.deep.equal([1, 1, 1]);
    await runtime.advance(100);
    expect(sizes()).to.deep.equal([1, 1, 1, 5]);
  });

  it('have one size while maxBatchSize is batchSize', async () => {
    const { record, sizes } = makeSlowServer(100, { maxConcurrentRequests: 3, maxBatchSize: 10 });
    record(35);
    await settle();
    expect(sizes()).to.deep.equal([10, 10, 10]);
  });

  it('go out as soon as a request is free, in whole multiples of batchSize', async () => {
    const { record, sizes, runtime } = makeSlowServer(100, { maxConcurrentRequests: 1 });
    record(47);
    await settle();
    expect(sizes()).to.deep.equal([10]);
    await runtime.advance(100);
    expect(sizes()).to.deep.equal([10, 30]);
    record(2);
    await runtime.advance(100);
    expect(sizes(), 'the open batch holds 9').to.deep.equal([10, 30]);
    record(1);
    await settle();
    expect(sizes()).to.deep.equal([10, 30, 10]);
  });

  it('keep the age of the events that stay behind', async () => {
    const { record, sizes, runtime } = makeSlowServer(100, {
      maxConcurrentRequests: 1,
      flushIntervalMillis: 1_000,
    });
    record(10);
    await runtime.advance(50);
    record(15);
    await runtime.advance(50);
    expect(sizes()).to.deep.equal([10, 10]);
    await runtime.advance(948);
    expect(sizes()).to.deep.equal([10, 10]);
    await runtime.advance(5);
    expect(sizes()).to.deep.equal([10, 10, 5]);
  });

  it('stop growing at maxBatchSize, at the payload limit, at another context, at their age and at a flush', async () => {
    const { record, sizes, runtime, processor } = makeSlowServer(1_000, {
      maxConcurrentRequests: 1,
      maxBatchSize: 25,
      flushIntervalMillis: 500,
      maxPayloadBytes: 9_000,
    });
    record(10);
    record(25);
    record(12, { context: makeContext({ revision: '2' }) });
    await runtime.advance(1);
    record(3, {
      json: `{"visitor_id":"${'x'.repeat(4_000)}","attributes":[],"snapshots":[]}`,
      byteLength: 4_046,
    });
    await runtime.advance(600);
    record(7);
    void processor.flush();
    await runtime.advance(10_000);
    expect(sizes()).to.deep.equal([10, 25, 12, 2, 1, 7]);
  });

  it('count a maxBatchSize below batchSize as batchSize', async () => {
    const { record, sizes, runtime } = makeSlowServer(100, {
      maxConcurrentRequests: 1,
      batchSize: 20,
      maxBatchSize: 5,
    });
    record(60);
    await runtime.advance(1_000);
    expect(sizes()).to.deep.equal([20, 20, 20]);
  });

  it('grow while the destination fails, and arrive once it works', async () => {
    const { record, sizes, runtime, dispatcher, processor } = makeSlowServer(1);
    let isDown = true;
    dispatcher.answer = () => ({ statusCode: isDown ? 503 : 204 });
    for (let n = 0; n < 300; n++) {
      record(10);
      await runtime.advance(10);
    }
    isDown = false;
    const before = dispatcher.attempts;
    await runtime.advance(31_000);
    expect(processor.ledger()).to.deep.include({ delivered: 3_000, pending: 0 });
    expect(dispatcher.attempts - before, sizes().join()).to.be.below(15);
  });

  it('keep order, contexts, limits and every event, over random rates and answers', async () => {
    const step = fc.record({
      count: fc.nat(40),
      revision: fc.constantFrom('1', '2'),
      advance: fc.nat(80),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 25 }),
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 1, max: 3 }),
        async (steps, batchSize, maxBatchSize, maxConcurrentRequests) => {
          const { record, runtime, dispatcher, processor } = makeSlowServer(30, {
            batchSize,
            maxBatchSize,
            maxConcurrentRequests,
          });
          for (const { count, revision, advance } of steps) {
            record(count, { context: makeContext({ revision }) });
            await runtime.advance(advance);
          }
          const stopping = processor.stop();
          await runtime.advance(10_000);
          await stopping;
          const total = steps.reduce((sum, { count }) => sum + count, 0);
          expect(processor.ledger()).to.deep.include({ delivered: total, pending: 0, dropped: {} });
          const uuids = uuidsIn(dispatcher.sent);
          expect(new Set(uuids).size).to.equal(total);
          const numbers = uuids.map(uuid => Number(uuid.replace('event-', '')));
          expect(numbers, 'sent in the order of recording').to.deep.equal([...numbers].sort((a, b) => a - b));
          for (const { visitors } of dispatcher.sent)
            expect(visitors.length).to.be.within(1, Math.max(batchSize, maxBatchSize));
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('memory that is full of one open batch', () => {
  for (const type of ['impression', 'conversion'] as const) {
    it(`goes out where batchSize exceeds it: ${type}s lose nothing while the endpoint answers`, async () => {
      const runtime = new ManualRuntime();
      const dispatcher = new RecordingDispatcher();
      const logger = new RecordingLogger();
      const processor = new OptimizelySpanProcessor({
        datafile: makeDatafile(),
        eventDispatcher: dispatcher,
        runtime,
        logger,
        batchSize: 100,
        maxQueueSize: 50,
      });
      for (let n = 0; n < 200; n++) {
        if (type === 'impression')
          processor.recordImpression({ userId: 'u', ruleKey: 'banner', variationKey: 'control' });
        else processor.recordConversion({ userId: 'u', eventKey: 'purchase' });
        await runtime.advance(20);
      }
      expect(processor.ledger().dropped).to.deep.equal({});
      expect(processor.ledger().delivered).to.be.at.least(150);
      expect(logger.at('warn').filter(line => line.startsWith('batchSize 100'))).to.have.length(1);
      await processor.shutdown();
      expect(processor.ledger().delivered).to.equal(200);
    });
  }

  it('goes out where the bytes are what fills it', async () => {
    const { processor, record, runtime } = makeSlowServer(1, { batchSize: 100, maxQueueBytes: 2_000 });
    for (let n = 0; n < 200; n++) {
      record(1, { type: 'impression' });
      await runtime.advance(20);
    }
    expect(processor.ledger().dropped).to.deep.equal({});
    const stopping = processor.stop();
    await runtime.advance(100);
    await stopping;
    expect(processor.ledger().delivered).to.equal(200);
  });

  for (const status of [500, 503, 401]) {
    it(`goes out although a batch that is answered ${status} holds the rest of it, and is the next probe`, async () => {
      const { processor, dispatcher, record, runtime } = makeSlowServer(1, {
        batchSize: 40,
        maxQueueSize: 50,
        maxBatchSize: 40,
        flushIntervalMillis: 3_600_000,
      });
      const sizes: number[] = [];
      dispatcher.answer = async (_attempt, { params }) => {
        sizes.push(params.visitors.length);
        return { statusCode: JSON.stringify(params).includes('poison') ? status : 204 };
      };
      record(1, { uuid: 'poison', json: '{"visitor_id":"poison"}' });
      record(39);
      await runtime.advance(20_000);
      record(4);
      await runtime.advance(20_000);
      expect(processor.ledger().delivered, 'memory has room for more').to.equal(0);
      record(1);
      await runtime.advance(60_000);
      expect(sizes).to.include(5);
      expect(processor.ledger().delivered).to.be.at.least(5);
      expect(processor.ledger().dropped).to.deep.equal({});
    });
  }
});
