// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import {
  BatchEventProcessor,
  type BatchEventProcessorOptions,
  type EventDispatcher,
} from 'opentelemetry-exporter-optimizely';
import { ManualExporter, makeUserEvent, RecordingLogger } from './support/fakes.js';
import { ManualRuntime } from './support/manual-runtime.js';

/** Events that waited elsewhere before this processor was given them. */
describe('events from elsewhere', () => {
  function makeProcessor(options: Partial<BatchEventProcessorOptions>) {
    const runtime = new ManualRuntime();
    const processor = new BatchEventProcessor({
      batchSize: 100,
      flushIntervalMillis: 500,
      startOnInit: true,
      logger: new RecordingLogger(),
      runtime,
      ...options,
    });
    const take = (ageMillis: number) =>
      processor.process(makeUserEvent({ acceptedAt: runtime.monotonic() - ageMillis }));
    return { processor, runtime, take };
  }

  function makeExporting(options: Partial<BatchEventProcessorOptions> = {}) {
    const exporter = new ManualExporter();
    exporter.immediate = true;
    const sent = () => exporter.batches.map(({ events, cause }) => `${events.length}:${cause}`);
    return { ...makeProcessor({ exporter, ...options }), sent };
  }

  it('wait no longer where the age of a batch counts from their acceptance', async () => {
    const { runtime, take, sent } = makeExporting();
    take(10_000);
    await runtime.advance(1);
    expect(sent()).to.deep.equal(['1:age']);
  });

  it('wait for others where it counts from their arrival', async () => {
    const { runtime, take, sent } = makeExporting({ flushIntervalFrom: 'arrival' });
    take(10_000);
    await runtime.advance(400);
    take(5_000);
    await runtime.advance(99);
    expect(sent()).to.deep.equal([]);
    await runtime.advance(1);
    expect(sent()).to.deep.equal(['2:age']);
  });

  it('wait from their arrival also where a batch before them was cut off', async () => {
    const exporter = new ManualExporter();
    let isBusy = true;
    Object.assign(exporter, { immediate: true, isBusy: () => isBusy });
    const { runtime, take, processor } = makeProcessor({
      exporter,
      batchSize: 2,
      flushIntervalFrom: 'arrival',
    });
    for (let n = 0; n < 4; n++) take(10_000);
    isBusy = false;
    // It stays behind.
    take(10_000);
    expect(exporter.batches.map(({ events }) => events.length)).to.deep.equal([4]);
    await runtime.advance(499);
    expect(exporter.batches).to.have.length(1);
    await runtime.advance(1);
    expect(exporter.batches).to.have.length(2);
    await processor.stop();
  });

  it('expire by their acceptance, and not before the youngest of their request', async () => {
    let isAway = true;
    const ages: (number | undefined)[] = [];
    const eventDispatcher: EventDispatcher = {
      async dispatchEvent(_, options) {
        ages.push(options?.ageMillis);
        return { statusCode: isAway ? 503 : 204 };
      },
    };
    const { processor, runtime, take } = makeProcessor({
      eventDispatcher,
      flushIntervalFrom: 'arrival',
      retry: { maxAgeMillis: 60_000 },
    });
    take(50_000);
    // The youngest need not be the last.
    take(30_000);
    take(55_000);
    await runtime.advance(500);
    expect(ages).to.deep.equal([30_500]);
    await runtime.advance(29_000);
    expect(processor.ledger()).to.deep.include({ pending: 3, dropped: {} });
    await runtime.advance(60_000);
    expect(processor.ledger()).to.deep.include({ pending: 0, dropped: { expired: 3 } });
    isAway = false;
    take(1_000);
    await runtime.advance(500);
    expect(ages.at(-1)).to.equal(1_500);
  });
});
