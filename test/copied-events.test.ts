// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import {
  BatchEventProcessor,
  type ExportBatch,
  OptimizelySpanProcessor,
  type OptimizelySpanProcessorOptions,
  type SerializedEvent,
  UserEventFactory,
} from 'opentelemetry-exporter-optimizely';
import { CONVERSION, indexOf } from './support/checked-events.js';
import { makeDatafile } from './support/datafile.js';
import { ManualExporter, RecordingDispatcher, RecordingLogger } from './support/fakes.js';
import { ManualRuntime } from './support/manual-runtime.js';
import { MemoryStore } from './support/memory-store.js';

/** How code of the application's makes one event of another, to keep it somewhere or to send it. */
const COPIES: Readonly<Record<string, (event: SerializedEvent) => SerializedEvent>> = {
  'JSON of them': event => JSON.parse(JSON.stringify(event)),
  'their members': event => ({ ...event }),
  clones: event => structuredClone(event),
};

/** A processor whose queue gives back copies; `kept` is what another process would find in it. */
function makeHarness(
  copy: (event: SerializedEvent) => SerializedEvent,
  options: Partial<OptimizelySpanProcessorOptions> = {},
  kept: SerializedEvent[] = [],
) {
  const [runtime, dispatcher, logger] = [
    new ManualRuntime(),
    new RecordingDispatcher(),
    new RecordingLogger(),
  ];
  const processor = new OptimizelySpanProcessor({
    datafile: makeDatafile(),
    eventDispatcher: dispatcher,
    install: false,
    logger,
    runtime,
    eventQueue: {
      get size() {
        return kept.length;
      },
      enqueue: (event: SerializedEvent) => kept.push(copy(event)) > 0,
      dequeue: () => kept.shift(),
    },
    ...options,
  } as OptimizelySpanProcessorOptions);
  const record = (count: number) =>
    Array.from({ length: count }, () => processor.recordConversion({ userId: 'v', eventKey: 'purchase' }));
  return { processor, dispatcher, logger, record, kept };
}

describe('events that code of the application copies', () => {
  for (const [name, copy] of Object.entries(COPIES)) {
    it(`are delivered where the queue keeps ${name}`, async () => {
      const { processor, dispatcher, logger, record } = makeHarness(copy);
      const uuids = record(25);
      await processor.forceFlush();
      expect(dispatcher.uuids).to.deep.equal(uuids);
      expect(processor.ledger()).to.deep.include({ recorded: 25, delivered: 25, pending: 0, dropped: {} });
      expect(logger.lines).to.deep.equal([]);
      await processor.shutdown();
    });

    it(`are delivered by the next process where the queue keeps ${name}`, async () => {
      const before = makeHarness(copy, { startOnInit: false });
      const uuids = before.record(5);
      const { processor, dispatcher, logger } = makeHarness(copy, {}, before.kept.map(copy));
      await processor.forceFlush();
      expect(dispatcher.uuids).to.deep.equal(uuids);
      expect(processor.ledger()).to.deep.include({ recovered: 5, delivered: 5, pending: 0, dropped: {} });
      expect(logger.lines).to.deep.equal([]);
      await processor.shutdown();
    });

    it(`leave the event store once they are delivered, where the queue keeps ${name}`, async () => {
      const eventStore = new MemoryStore();
      const { processor, record } = makeHarness(copy, { eventStore });
      record(5);
      await processor.forceFlush();
      expect(processor.ledger()).to.deep.include({ delivered: 5, stored: 0, pending: 0, dropped: {} });
      await processor.shutdown();
      expect(processor.ledger()).to.deep.include({ delivered: 5, stored: 0 });
    });

    it(`have their uuids where an exporter sends ${name}`, async () => {
      const exporter = new ManualExporter();
      exporter.immediate = true;
      const sent: string[] = [];
      const exportBatch = exporter.export.bind(exporter);
      exporter.export = (batch: ExportBatch, done) => {
        sent.push(...batch.events.map(event => copy(event).uuid));
        exportBatch(batch, done);
      };
      const { processor, record } = makeHarness(copy, {
        exporter,
        eventDispatcher: undefined,
        eventQueue: undefined,
      });
      const uuids = record(25);
      await processor.forceFlush();
      expect(sent).to.deep.equal(uuids);
      await processor.shutdown();
    });

    it(`that a UserEventFactory has made are taken as ${name}`, async () => {
      const dispatcher = new RecordingDispatcher();
      const processor = new BatchEventProcessor({ eventDispatcher: dispatcher, startOnInit: true });
      const made = new UserEventFactory().createUserEvent(CONVERSION, indexOf(), 0) as SerializedEvent;
      expect(processor.process(copy(made))).to.equal(true);
      await processor.stop();
      expect(dispatcher.uuids).to.deep.equal([CONVERSION.uuid]);
    });
  }
});
