// SPDX-License-Identifier: Apache-2.0
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { mock } from 'node:test';
import { inspect } from 'node:util';
import { expect } from 'chai';
import {
  type EventExporter,
  OptimizelySpanProcessor,
  type OptimizelySpanProcessorOptions,
} from 'opentelemetry-exporter-optimizely';
import { makeDatafile } from './support/datafile.js';
import { FakeClock } from './support/fake-clock.js';
import { RecordingDispatcher, RecordingLogger } from './support/fakes.js';
import { answer, startServer } from './support/hostile-server.js';
import { settle } from './support/manual-runtime.js';

const FLUSH_INTERVAL_MILLIS = 30_000;

function makeProcessor(
  { OptimizelySpanProcessor: Processor }: { OptimizelySpanProcessor: typeof OptimizelySpanProcessor } = {
    OptimizelySpanProcessor,
  },
) {
  const eventDispatcher = new RecordingDispatcher();
  const logger = new RecordingLogger();
  const processor = new Processor({ datafile: makeDatafile(), eventDispatcher, logger });
  return {
    processor,
    eventDispatcher,
    logger,
    record: () => processor.recordConversion({ userId: 'ada', eventKey: 'purchase' }),
    batches: () => eventDispatcher.sent.map(({ visitors }) => visitors.length),
  };
}

/** As a test file that Jest isolates gets it: with modules of its own. */
function loadAnew(): { OptimizelySpanProcessor: typeof OptimizelySpanProcessor } {
  const require = createRequire(join(process.cwd(), 'test/fake-timers.test.ts'));
  const path = require.resolve('opentelemetry-exporter-optimizely');
  const loaded = { ...require.cache };
  for (const key of Object.keys(loaded)) if (key.startsWith(dirname(path))) delete require.cache[key];
  const anew = require(path);
  Object.assign(require.cache, loaded);
  return anew;
}

describe('under fake timers', () => {
  for (const time of ['first', 'second', 'third']) {
    it(`delivers by age with a processor of its own, the ${time} time`, async () => {
      using clock = new FakeClock();
      const { record, batches, logger, processor } = makeProcessor();
      record();
      await clock.advance(FLUSH_INTERVAL_MILLIS);
      expect(batches()).to.deep.equal([1]);
      await processor.shutdown();
      expect(logger.at('error')).to.deep.equal([]);
    });
  }

  it('delivers by age with one processor through many of them', async () => {
    const { record, batches, processor } = makeProcessor();
    for (let time = 1; time <= 3; time++) {
      using clock = new FakeClock();
      record();
      await clock.advance(FLUSH_INTERVAL_MILLIS);
      expect(batches()).to.have.lengthOf(time);
    }
    await processor.shutdown();
  });

  it('shuts down within one, over real connections, which end', async () => {
    const server = await startServer(() => answer(204));
    using _ = new FakeClock();
    const processor = new OptimizelySpanProcessor({
      datafile: makeDatafile(),
      endpoint: `${server.origin}/v1/events`,
      logger: new RecordingLogger(),
    });
    processor.recordConversion({ userId: 'ada', eventKey: 'purchase' });
    await processor.shutdown();
    expect(processor.ledger()).to.deep.include({ delivered: 1, pending: 0 });
    await server.close();
  });

  for (const [whose, hold] of [
    ["Node's test runner", () => mock.timers.enable({ apis: ['setImmediate'] })],
    [
      'Sinon, Jest, or Vitest',
      () => Object.assign(globalThis, { setImmediate: Object.assign(() => {}, { clock: {} }) }),
    ],
  ] as const) {
    it(`flushes and shuts down, over a connection that was used before, where ${whose} holds up setImmediate()`, async () => {
      const { setImmediate } = globalThis;
      const server = await startServer(() => answer(204));
      const processor = new OptimizelySpanProcessor({
        datafile: makeDatafile(),
        endpoint: `${server.origin}/v1/events`,
        logger: new RecordingLogger(),
        // Less than undici keeps a connection for: once that is over, it goes on.
        timeoutIntervalMillis: 2_000,
      });
      const record = () => processor.recordConversion({ userId: 'ada', eventKey: 'purchase' });
      record();
      await processor.forceFlush();
      hold();
      try {
        for (let delivered = 2; delivered <= 3; delivered++) {
          record();
          await processor.forceFlush();
          expect(processor.ledger()).to.deep.include({ delivered, pending: 0 });
        }
        record();
        await processor.shutdown();
        expect(processor.ledger()).to.deep.include({ delivered: 4, pending: 0 });
      } finally {
        mock.timers.reset();
        Object.assign(globalThis, { setImmediate });
        await processor.shutdown();
        await server.close();
      }
    });
  }

  it('stamps events with the time and the uuid that the test has put in place', async () => {
    const { record, eventDispatcher, processor } = makeProcessor();
    {
      using _ = new FakeClock();
      record();
    }
    record();
    await processor.shutdown();
    const [faked, real] = eventDispatcher.visitors.flatMap(visitor => visitor.snapshots[0]?.events ?? []);
    expect(faked?.timestamp).to.equal(1_700_000_000_000);
    expect(faked?.uuid).to.equal('00000000-0000-4000-8000-000000000001');
    expect(real?.timestamp).to.be.greaterThan(1_700_000_000_000);
    expect(real?.uuid).to.match(/^[0-9a-f]{8}-[0-9a-f]{4}-4/);
  });

  for (const nothing of [undefined, null, Number.NaN, '', {}]) {
    it(`stamps events itself where fakes answer ${inspect(nothing)}, as mocks do that were given no answer`, async () => {
      const { record, eventDispatcher, processor } = makeProcessor();
      const startedAt = Date.now();
      const now = Object.getOwnPropertyDescriptor(Date, 'now') as PropertyDescriptor;
      Object.defineProperty(Date, 'now', { ...now, value: () => nothing });
      Object.defineProperty(crypto, 'randomUUID', { configurable: true, value: () => nothing });
      try {
        expect(record()).to.match(/^[0-9a-f]{8}-[0-9a-f]{4}-4/);
        record();
      } finally {
        Object.defineProperty(Date, 'now', now);
        Reflect.deleteProperty(crypto, 'randomUUID');
      }
      await processor.shutdown();
      const sent = eventDispatcher.visitors.flatMap(visitor => visitor.snapshots[0]?.events ?? []);
      expect(new Set(sent.map(({ uuid }) => uuid))).to.have.property('size', 2);
      for (const { timestamp } of sent) expect(timestamp).to.be.within(startedAt, Date.now());
    });
  }

  it('counts the age from when the event was recorded, under a clock that says what the one before said', async () => {
    const { record, batches, processor } = makeProcessor();
    for (let time = 1; time <= 2; time++) {
      using clock = new FakeClock();
      for (let n = 0; n < 2; n++) record();
      await clock.advance(FLUSH_INTERVAL_MILLIS - 1_000);
      expect(batches()).to.have.lengthOf(time - 1);
      await clock.advance(1_000);
      expect(batches()).to.have.lengthOf(time);
    }
    await processor.shutdown();
  });

  describe('an event is as old as it is', () => {
    const USER = { userId: 'ada', eventKey: 'purchase' };

    /** Tells when events were accepted, in the order in which they were recorded. */
    function makeAccepting(beforeSend?: OptimizelySpanProcessorOptions['beforeSend']) {
      const acceptedAt: number[] = [];
      const exporter: EventExporter = {
        export({ events }, resultCallback) {
          for (const event of events) acceptedAt.push(event.acceptedAt);
          resultCallback({ code: 0 });
        },
      };
      const processor = new OptimizelySpanProcessor({
        datafile: makeDatafile(),
        exporter,
        batchSize: 1,
        beforeSend,
      });
      return { processor, acceptedAt };
    }

    it('but for the sixteen before it, where the wall clock alone was stopped', async () => {
      using clock = new FakeClock();
      Date.now = () => 1_700_000_000_000;
      const { processor, acceptedAt } = makeAccepting();
      for (let second = 0; second < 100; second++) {
        processor.recordConversion(USER);
        await clock.advance(1_000);
      }
      for (const [second, at] of acceptedAt.entries())
        expect(at - (acceptedAt[0] as number)).to.be.within((second - 16) * 1_000, second * 1_000);
      expect(acceptedAt).to.have.lengthOf(100);
      await processor.shutdown();
    });

    it('where one of the same millisecond was dropped before it', async () => {
      using clock = new FakeClock();
      const { processor, acceptedAt } = makeAccepting(event => (event.userId === 'nobody' ? null : event));
      processor.recordConversion(USER);
      await clock.advance(20_000);
      processor.recordConversion({ ...USER, userId: 'nobody' });
      processor.recordConversion(USER);
      expect((acceptedAt[1] as number) - (acceptedAt[0] as number)).to.equal(20_000);
      await processor.shutdown();
    });

    it('where it brings its timestamp along', async () => {
      using clock = new FakeClock();
      const { processor, acceptedAt } = makeAccepting();
      for (let n = 0; n < 2; n++) processor.recordConversion(USER);
      await clock.advance(20_000);
      processor.recordConversion({ ...USER, timestamp: 1_700_000_000_000 });
      expect((acceptedAt[2] as number) - (acceptedAt[0] as number)).to.equal(20_000);
      await processor.shutdown();
    });
  });

  it('delivers what a clock left behind that was taken away, under the next one', async () => {
    const { record, batches, processor } = makeProcessor();
    {
      using _ = new FakeClock();
      record();
    }
    using clock = new FakeClock();
    record();
    await clock.advance(FLUSH_INTERVAL_MILLIS);
    expect(batches()).to.deep.equal([2]);
    await processor.shutdown();
  });

  it('delivers what was recorded before them', async () => {
    const { record, batches, processor } = makeProcessor();
    record();
    using clock = new FakeClock();
    record();
    await clock.advance(FLUSH_INTERVAL_MILLIS);
    expect(batches()).to.deep.equal([2]);
    await processor.shutdown();
  });

  it('tries again what failed under a clock that was taken away', async () => {
    const { record, eventDispatcher, processor } = makeProcessor();
    eventDispatcher.answer = () => ({ statusCode: 503 });
    {
      using clock = new FakeClock();
      record();
      await clock.advance(10 * FLUSH_INTERVAL_MILLIS);
      expect(eventDispatcher.attempts).to.be.greaterThan(1);
    }
    eventDispatcher.answer = () => ({ statusCode: 204 });
    using clock = new FakeClock();
    record();
    await clock.advance(10 * FLUSH_INTERVAL_MILLIS);
    expect(processor.ledger()).to.include({ delivered: 2, pending: 0 });
    await processor.shutdown();
  });

  it('flushes and shuts down while the clock stands', async () => {
    using _ = new FakeClock();
    const { record, batches, processor } = makeProcessor();
    record();
    await processor.forceFlush();
    record();
    await processor.shutdown();
    expect(batches()).to.deep.equal([1, 1]);
  });

  it('delivers where the package is loaded under them', async () => {
    let made: ReturnType<typeof makeProcessor>;
    {
      using clock = new FakeClock();
      made = makeProcessor(loadAnew());
      made.record();
      await clock.advance(FLUSH_INTERVAL_MILLIS);
      expect(made.batches()).to.deep.equal([1]);
    }
    made.record();
    await made.processor.shutdown();
    expect(made.batches()).to.deep.equal([1, 1]);
  });

  it('works where timers are numbers and no uuid is to be had, as in a simulated browser', async () => {
    using clock = new FakeClock();
    const timers: (() => void)[] = [];
    const setTimeout = (callback: () => void) => timers.push(callback);
    Object.assign(globalThis, { setTimeout, clearTimeout: () => {}, crypto: {} });
    const { record, batches, processor, logger } = makeProcessor();
    expect(record()).to.match(/^[0-9a-f-]{36}$/);
    await clock.advance(FLUSH_INTERVAL_MILLIS);
    timers[0]?.();
    await settle();
    expect(batches()).to.deep.equal([1]);
    await processor.shutdown();
    expect(logger.at('error')).to.deep.equal([]);
  });
});
