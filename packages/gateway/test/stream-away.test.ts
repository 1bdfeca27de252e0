// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import {
  FileEventStore,
  type FileEventStoreOptions,
  OptimizelySpanProcessor,
} from 'opentelemetry-exporter-optimizely';
import { makeDatafile } from '../../../test/support/datafile.js';
import { RecordingLogger } from '../../../test/support/fakes.js';
import { skip } from '../../../test/support/skip.js';
import { createJetStreamDispatcher } from '../src/jetstream/index.js';
import { drainStream } from './support/drain-stream.js';
import { until } from './support/engine.js';
import { NATS_VERSION, NatsServer, NO_NATS } from './support/nats-server.js';
import { closeGateways, makeFolder } from './support/start.js';

const MAX_QUEUE_SIZE = 40;
/** More than memory holds, and more than the small store does. */
const TOO_MANY = 400;

describe('an application whose stream is away', () => {
  let server: NatsServer;
  const processors: OptimizelySpanProcessor[] = [];

  beforeEach(async function () {
    if (NATS_VERSION === undefined) skip(this as never, NO_NATS);
    server = await NatsServer.start();
  });

  afterEach(async () => {
    await Promise.all(processors.splice(0).map(processor => processor.shutdown()));
    await server?.[Symbol.asyncDispose]();
    await closeGateways();
  });

  function makeProcessor(store?: FileEventStoreOptions): OptimizelySpanProcessor {
    const logger = new RecordingLogger();
    const processor = new OptimizelySpanProcessor({
      datafile: makeDatafile(),
      eventDispatcher: createJetStreamDispatcher({ servers: server.url, publishTimeoutMillis: 500 }),
      ...(store && { eventStore: new FileEventStore(store) }),
      batchSize: 10,
      maxQueueSize: MAX_QUEUE_SIZE,
      timeoutIntervalMillis: 1_000,
      retry: { initialDelayMillis: 5, maxDelayMillis: 20 },
      logger,
    });
    processors.push(processor);
    return processor;
  }

  let users = 0;
  /** @returns the users whose event was taken */
  function record(processor: OptimizelySpanProcessor, count: number): string[] {
    return Array.from({ length: count }, () => `user-${users++}`).filter(
      userId => processor.recordConversion({ userId, eventKey: 'purchase' }) !== undefined,
    );
  }

  async function catchUp(processor: OptimizelySpanProcessor): Promise<void> {
    do await processor.forceFlush();
    while (processor.ledger().pending + processor.ledger().stored > 0);
  }

  it('keeps what memory has room for, counts the rest, and catches up', async () => {
    const processor = makeProcessor();
    const before = record(processor, 10);
    await catchUp(processor);
    await server.kill();
    const kept = record(processor, TOO_MANY);
    expect(kept).to.have.length(MAX_QUEUE_SIZE);
    await processor.forceFlush();
    expect(processor.ledger()).to.include({ streamed: 10, pending: MAX_QUEUE_SIZE });
    expect(processor.ledger().dropped).to.deep.equal({ queue_full: TOO_MANY - MAX_QUEUE_SIZE });
    await server.start();
    await catchUp(processor);
    const after = record(processor, 10);
    await catchUp(processor);
    expect(processor.ledger()).to.include({ streamed: 20 + MAX_QUEUE_SIZE, delivered: 0 });
    expect((await drainStream(server)).users).to.have.members([...before, ...kept, ...after]);
  });

  it('keeps what its event store has room for, counts the rest, and catches up', async () => {
    const processor = makeProcessor({ directory: makeFolder(), maxBytes: 60_000 });
    const before = record(processor, 10);
    await catchUp(processor);
    await server.kill();
    const kept = record(processor, TOO_MANY);
    await processor.forceFlush();
    const { pending, stored, dropped } = processor.ledger();
    expect(pending).to.be.at.most(MAX_QUEUE_SIZE);
    expect(pending + stored).to.equal(kept.length);
    expect(kept.length).to.be.within(MAX_QUEUE_SIZE + 1, TOO_MANY - 1);
    expect(dropped).to.deep.equal({ store_full: TOO_MANY - kept.length });
    await server.start();
    await catchUp(processor);
    const after = record(processor, 10);
    await catchUp(processor);
    expect((await drainStream(server)).users).to.have.members([...before, ...kept, ...after]);
  });

  it('leaves its events in its store if it ends meanwhile, for the next one', async () => {
    const directory = makeFolder();
    const first = makeProcessor({ directory });
    const before = record(first, 10);
    await catchUp(first);
    await server.kill();
    const kept = record(first, 2 * MAX_QUEUE_SIZE);
    await first.shutdown();
    expect(first.ledger().dropped).to.deep.equal({});
    await server.start();
    const next = makeProcessor({ directory });
    await until(() => next.ledger().recovered === kept.length);
    await catchUp(next);
    expect(next.ledger()).to.include({ recovered: kept.length, streamed: kept.length });
    expect((await drainStream(server)).users).to.have.members([...before, ...kept]);
  });
});
