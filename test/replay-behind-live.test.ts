// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { OptimizelySpanProcessor } from 'opentelemetry-exporter-optimizely';
import { makeDatafile } from './support/datafile.js';
import { makeUserEvent, RecordingDispatcher, RecordingLogger } from './support/fakes.js';
import { ManualRuntime } from './support/manual-runtime.js';
import { Disk, MemoryStore } from './support/memory-store.js';

const LATENCY_MILLIS = 100;

/** A service whose disk has events of an earlier life, before a server that takes its time for each answer. */
async function makeService(storedCount: number) {
  const disk = new Disk();
  const runtime = new ManualRuntime();
  const earlier = new MemoryStore(disk);
  earlier.open({ logger: new RecordingLogger(), runtime, adopted: () => {}, lost: () => {} });
  for (let n = 0; n < storedCount; n++) {
    const { type, uuid, context, json } = makeUserEvent({ uuid: `stored-${n}` });
    earlier.append({ kind: 'resolved', type, uuid, context, json, acceptedAt: runtime.now() });
  }
  const dispatcher = new RecordingDispatcher();
  dispatcher.answer = () =>
    new Promise(resolve => runtime.setTimer(() => resolve({ statusCode: 204 }), LATENCY_MILLIS));
  const processor = new OptimizelySpanProcessor({
    datafile: makeDatafile(),
    eventDispatcher: dispatcher,
    eventStore: new MemoryStore(disk),
    maxQueueSize: 200_000,
    maxConcurrentRequests: 2,
    batchSize: 1,
    logger: new RecordingLogger(),
    runtime,
  });
  const record = (uuid: string) =>
    processor.process(makeUserEvent({ uuid, acceptedAt: runtime.monotonic() }), undefined, null);
  const end = async () => {
    let hasEnded = false;
    const ended = processor.shutdown().then(() => {
      hasEnded = true;
    });
    while (!hasEnded) await runtime.advance(LATENCY_MILLIS);
    await ended;
  };
  return { processor, dispatcher, runtime, record, end };
}

describe('events that come back from the store', () => {
  it('let live events pass, however many they are', async () => {
    const { processor, dispatcher, runtime, record, end } = await makeService(10_000);
    while (dispatcher.attempts < 4) await runtime.advance(10);
    const before = dispatcher.attempts;
    record('live');
    while (!dispatcher.uuids.includes('live')) await runtime.advance(10);
    expect(dispatcher.attempts - before, 'requests before it').to.be.at.most(4);
    while (processor.ledger().stored + processor.ledger().pending > 0) await runtime.advance(100);
    await end();
    expect(processor.ledger()).to.deep.include({ delivered: 10_001, pending: 0, stored: 0, dropped: {} });
  });

  it('keep all requests busy while there are no others', async () => {
    const { processor, runtime, end } = await makeService(10_000);
    await runtime.advance(1_000);
    await runtime.advance(30 * LATENCY_MILLIS);
    // Two requests at a time, 200 events each, and a short pause between two pages.
    expect(processor.ledger().delivered).to.be.at.least(9_000);
    await end();
  });

  it('get through a few at a time while live events keep all requests busy', async () => {
    const { processor, dispatcher, runtime, record, end } = await makeService(2_000);
    for (let n = 0; dispatcher.uuids.filter(uuid => uuid.startsWith('stored')).length < 2_000; n++) {
      for (let m = 0; m < 4; m++) record(`live-${n}-${m}`);
      await runtime.advance(LATENCY_MILLIS / 4);
    }
    await end();
    expect(processor.ledger().delivered).to.be.above(2_000);
  });
});
