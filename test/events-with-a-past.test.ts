// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import fc from 'fast-check';
import {
  BatchEventProcessor,
  type EventQueue,
  OptimizelySpanProcessor,
  type SerializedEvent,
} from 'opentelemetry-exporter-optimizely';
import { makeDatafile } from './support/datafile.js';
import { makeUserEvent, RecordingDispatcher, RecordingLogger } from './support/fakes.js';
import { ManualRuntime } from './support/manual-runtime.js';
import { Disk, MemoryStore } from './support/memory-store.js';
import { SEED } from './support/seed.js';

/** Later than the clock that stands in this test, by any amount, and the epoch's milliseconds among them. */
const ahead = fc.oneof(
  fc.constant(1_700_000_000_000),
  fc.constant(Number.MAX_VALUE),
  fc.double({ min: 5_001, max: Number.MAX_SAFE_INTEGER, noNaN: true }),
);

function makeQueue(events: SerializedEvent[]): EventQueue {
  return {
    get size() {
      return events.length;
    },
    enqueue: event => events.push(event) > 0,
    dequeue: () => events.shift(),
  };
}

/** Gives one event to a processor, in the way that is named. */
const ways = {
  'process() of OptimizelySpanProcessor': (event: SerializedEvent, runtime: ManualRuntime) => {
    const dispatcher = new RecordingDispatcher();
    const options = {
      datafile: makeDatafile(),
      eventDispatcher: dispatcher,
      runtime,
      logger: new RecordingLogger(),
    };
    const processor = new OptimizelySpanProcessor({ ...options, install: false });
    processor.process(event);
    return { dispatcher, processor };
  },
  'process() of BatchEventProcessor': (event: SerializedEvent, runtime: ManualRuntime) => {
    const dispatcher = new RecordingDispatcher();
    const options = {
      eventDispatcher: dispatcher,
      runtime,
      logger: new RecordingLogger(),
      startOnInit: true,
    };
    const processor = new BatchEventProcessor(options);
    processor.process(event);
    return { dispatcher, processor };
  },
  'a queue that had it before': (event: SerializedEvent, runtime: ManualRuntime) => {
    const dispatcher = new RecordingDispatcher();
    const options = {
      eventDispatcher: dispatcher,
      runtime,
      logger: new RecordingLogger(),
      startOnInit: true,
    };
    return { dispatcher, processor: new BatchEventProcessor({ ...options, eventQueue: makeQueue([event]) }) };
  },
};

describe('an event with a past elsewhere', () => {
  for (const [way, give] of Object.entries(ways)) {
    it(`was accepted now if its clock is ahead of the processor's: given by ${way}`, async () => {
      const property = fc.asyncProperty(ahead, async acceptedAt => {
        const runtime = new ManualRuntime();
        const { dispatcher, processor } = give(makeUserEvent({ uuid: 'ahead', acceptedAt }), runtime);
        dispatcher.answer = () => ({ statusCode: 503 });
        await runtime.advance(29_999);
        expect(dispatcher.sent).to.deep.equal([]);
        await runtime.advance(1);
        expect(dispatcher.uuids).to.deep.equal(['ahead']);
        await runtime.advance(86_400_000);
        expect(processor.ledger()).to.deep.include({ pending: 0, dropped: { expired: 1 } });
        void processor.stop();
      });
      await fc.assert(property, { seed: SEED, numRuns: 5 });
    });

    it(`keeps its age otherwise: given by ${way}`, async () => {
      const runtime = new ManualRuntime();
      await runtime.advance(20_000);
      const { dispatcher, processor } = give(makeUserEvent({ acceptedAt: 6_000 }), runtime);
      await runtime.advance(10_999);
      expect(dispatcher.sent).to.have.length(0);
      await runtime.advance(1);
      expect(dispatcher.sent).to.have.length(1);
      void processor.stop();
    });
  }

  for (const way of ['process', 'queue'] as const) {
    it(`does not stand for another event's record in the store: given by ${way}`, async () => {
      const [runtime, dispatcher, disk] = [new ManualRuntime(), new RecordingDispatcher(), new Disk()];
      const foreign = makeUserEvent({ uuid: 'foreign', ticket: 1 });
      const logger = new RecordingLogger();
      const processor = new OptimizelySpanProcessor({
        datafile: makeDatafile(),
        eventDispatcher: dispatcher,
        eventStore: new MemoryStore(disk),
        ...(way === 'queue' && { eventQueue: makeQueue([foreign]) }),
        ...{ runtime, logger, batchSize: 1, install: false },
      });
      dispatcher.answer = (_attempt, { body }) => ({ statusCode: body.includes('foreign') ? 204 : 503 });
      processor.recordConversion({ userId: 'own', eventKey: 'purchase' });
      await runtime.advance(1);
      if (way === 'process') processor.process(foreign);
      const flushed = processor.forceFlush();
      await runtime.advance(5_000);
      await flushed;
      expect(processor.ledger()).to.deep.include({ delivered: 1, pending: 1 });
      const left = [...disk.records.values()].map(record => record.kind === 'resolved' && record.json);
      expect(left).to.have.length(1);
      expect(left[0]).to.include('own');
      expect(logger.at('error')).to.deep.equal([]);
      const ended = processor.shutdown();
      await runtime.advance(6_000);
      await ended;
      expect(processor.ledger()).to.deep.include({ delivered: 1, stored: 1, pending: 0 });
    });
  }
});
