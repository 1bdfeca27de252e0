// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import {
  BatchEventProcessor,
  type BatchEventProcessorOptions,
  type EventQueue,
  type SerializedEvent,
} from 'opentelemetry-exporter-optimizely';
import { ManualExporter, makeUserEvent, RecordingLogger } from './support/fakes.js';
import { ManualRuntime, settle } from './support/manual-runtime.js';

/** A queue of the application's own, which may have outlived an earlier process. */
class ArrayQueue implements EventQueue {
  readonly events: SerializedEvent[];

  constructor(events: SerializedEvent[] = []) {
    this.events = events;
  }

  get size(): number {
    return this.events.length;
  }

  enqueue(event: SerializedEvent): boolean {
    this.events.push(event);
    return true;
  }

  dequeue(): SerializedEvent | undefined {
    return this.events.shift();
  }
}

const EVENT_BYTES = 1_000;

function sized(type: SerializedEvent['type'] = 'conversion', bytes = EVENT_BYTES): SerializedEvent {
  const empty = makeUserEvent({ json: '{"visitor_id":""}' }).byteLength;
  return makeUserEvent({ type, json: `{"visitor_id":"${'v'.repeat(bytes - empty)}"}` });
}

function makeProcessor(options: Partial<BatchEventProcessorOptions> = {}) {
  const runtime = new ManualRuntime();
  const exporter = new ManualExporter();
  const logger = new RecordingLogger();
  const processor = new BatchEventProcessor({
    exporter,
    logger,
    runtime,
    batchSize: 1,
    maxBatchSize: 1,
    startOnInit: true,
    ...options,
  });
  /** @returns how many of them it took */
  const take = (count: number, type: SerializedEvent['type'] = 'conversion'): number =>
    Array.from({ length: count }, () => processor.process(sized(type))).filter(Boolean).length;
  const answerAll = (result: Parameters<(typeof exporter.callbacks)[number]>[0] = { code: 0 }): void => {
    for (const callback of exporter.callbacks.splice(0)) callback(result);
  };
  return { processor, exporter, runtime, take, answerAll };
}

describe('the bound on bytes in memory', () => {
  it('has room again for what was delivered, however often', () => {
    const { take, answerAll, processor } = makeProcessor({ maxQueueBytes: 10 * EVENT_BYTES });
    for (let round = 1; round <= 20; round++) {
      expect(take(12), `round ${round}`).to.equal(10);
      answerAll();
    }
    expect(processor.ledger()).to.deep.include({ delivered: 200, pending: 0, dropped: { queue_full: 40 } });
  });

  it('has room again for what was rejected, and for what was dropped by name', () => {
    const { take, answerAll, exporter } = makeProcessor({ maxQueueBytes: 10 * EVENT_BYTES });
    for (let round = 1; round <= 3; round++) {
      expect(take(12), `round ${round}`).to.equal(10);
      answerAll({ code: 1 });
      expect(take(12)).to.equal(10);
      for (const batch of exporter.batches.splice(0)) batch.settle(batch.events, 'expired');
      answerAll();
    }
  });

  it('has room again, batch part by batch part, for what has been delivered of it', () => {
    const { take, exporter } = makeProcessor({
      maxQueueBytes: 10 * EVENT_BYTES,
      batchSize: 10,
      maxBatchSize: 10,
    });
    expect(take(12)).to.equal(10);
    const [batch] = exporter.batches;
    batch?.settle(batch.events.slice(0, 3), undefined);
    expect(take(12)).to.equal(3);
  });

  it('keeps its last tenth for conversions', () => {
    const { take } = makeProcessor({ maxQueueBytes: 100 * EVENT_BYTES });
    expect(take(200, 'impression')).to.equal(90);
    expect(take(200, 'conversion')).to.equal(10);
    expect(take(1, 'impression')).to.equal(0);
  });

  it('is full to the byte', () => {
    const { processor } = makeProcessor({ maxQueueBytes: 10 * EVENT_BYTES });
    expect(processor.process(sized('conversion', 9 * EVENT_BYTES))).to.equal(true);
    expect(processor.process(sized('conversion', EVENT_BYTES + 1)), 'a byte too many').to.equal(false);
    expect(processor.process(sized('conversion', EVENT_BYTES)), 'just as many').to.equal(true);
  });

  describe('with a queue of an earlier process', () => {
    it('counts what comes out of it', () => {
      const eventQueue = new ArrayQueue(Array.from({ length: 6 }, () => sized()));
      const { take, exporter, answerAll } = makeProcessor({ eventQueue, maxQueueBytes: 10 * EVENT_BYTES });
      expect(exporter.sizes, 'in flight').to.deep.equal([1, 1, 1, 1, 1, 1]);
      expect(take(12)).to.equal(4);
      answerAll();
      expect(take(12), 'all given back, and no more').to.equal(10);
    });

    it('counts what comes out beyond the size that it told', () => {
      const eventQueue = new ArrayQueue(Array.from({ length: 6 }, () => sized()));
      Object.defineProperty(eventQueue, 'size', { value: 0 });
      const { take, answerAll, processor } = makeProcessor({ eventQueue, maxQueueBytes: 10 * EVENT_BYTES });
      expect(take(12)).to.equal(4);
      expect(processor.ledger()).to.deep.include({ recovered: 6, pending: 10 });
      answerAll();
      expect(take(12)).to.equal(10);
    });

    it('gives back what it never returns when the processor stops', async () => {
      const eventQueue = new ArrayQueue([sized(), sized()]);
      eventQueue.dequeue = () => undefined;
      const { processor, take } = makeProcessor({ eventQueue, startOnInit: false });
      expect(take(3)).to.equal(3);
      await processor.stop();
      expect(processor.ledger()).to.deep.include({ pending: 0, dropped: { shutdown_timeout: 5 } });
    });
  });
});

describe('an exporter of the application whose shutdown() never settles', () => {
  for (const [name, pending] of [
    ['nothing pending', 0],
    ['a batch in flight that never ends', 1],
  ] as const) {
    it(`holds up the processor's for timeoutIntervalMillis at most, ${name}`, async () => {
      const { processor, exporter, runtime, take } = makeProcessor({ timeoutIntervalMillis: 5_000 });
      let shutdowns = 0;
      exporter.shutdown = () => {
        shutdowns++;
        return new Promise(() => {});
      };
      take(pending);
      let stopped = false;
      const stopping = processor.stop().then(() => {
        stopped = true;
      });
      await runtime.advance(4_999);
      expect(stopped, 'it is waited for').to.equal(false);
      await runtime.advance(1);
      await settle();
      expect(stopped).to.equal(true);
      expect(shutdowns).to.equal(1);
      expect(processor.ledger().pending).to.equal(0);
      await stopping;
      expect(runtime.armed).to.equal(0);
    });
  }
});
