// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import fc from 'fast-check';
import {
  type LogEvent,
  NotificationCenter,
  NotificationType,
  OptimizelyEventExporter,
  OptimizelySpanProcessor,
  type OptimizelySpanProcessorOptions,
  type SerializedEvent,
} from 'opentelemetry-exporter-optimizely';
import { bytesOf } from '../src/util/log-event-body.js';
import { indexOf } from './support/checked-events.js';
import { makeDatafile } from './support/datafile.js';
import { makeUserEvent, RecordingDispatcher, RecordingLogger } from './support/fakes.js';
import { ManualRuntime, settle } from './support/manual-runtime.js';

type Visitor = LogEvent['params']['visitors'][number];

function makeProcessor(options: Partial<OptimizelySpanProcessorOptions> = {}) {
  const runtime = new ManualRuntime();
  const dispatcher = new RecordingDispatcher();
  const logger = new RecordingLogger();
  const processor = new OptimizelySpanProcessor({
    datafile: makeDatafile(),
    eventDispatcher: options.exporter === undefined ? dispatcher : undefined,
    runtime,
    logger,
    ...options,
  } as OptimizelySpanProcessorOptions);
  const record = (userId: string) => processor.recordConversion({ userId, eventKey: 'purchase' });
  /** Users of the requests that got the answer, in their order. */
  const arrived = (status = 204) =>
    dispatcher.sent
      .filter((_, n) => (statuses[n] ?? 204) === status)
      .flatMap(({ visitors }) => visitors.map(({ visitor_id }) => visitor_id));
  const statuses: number[] = [];
  return { processor, dispatcher, runtime, logger, record, arrived, statuses };
}

/** Short and long, with and without characters outside ASCII and Latin-1, and such as need escapes. */
const USER = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('ada', 'user-1', 'a longer id of a user that is not short') },
  fc.constantFrom('größe', '漢字', '🎉', '"', '\\', ']}', ',"uuid":"'),
);
const STEP = fc.oneof(
  { weight: 12, arbitrary: USER },
  fc.constant('flush' as const),
  fc.constant('from elsewhere' as const),
);

/** Of the events that the processor makes itself: those from elsewhere join their batches. */
const { context } = indexOf(makeDatafile());

/** Whose requests' bytes are asked for, as those over HTTP are, and their texts too. */
function makeBytesDispatcher() {
  const bodies: { readonly bytes: string | undefined; readonly text: string }[] = [];
  return {
    bodies,
    eventDispatcher: {
      dispatchEvent: async (logEvent: LogEvent) => {
        const bytes = bytesOf(logEvent);
        bodies.push({ bytes: bytes && Buffer.from(bytes).toString(), text: logEvent.body });
        return { statusCode: 204 };
      },
    },
  };
}

describe('the texts of a batch', () => {
  it('arrive each once and in order, whatever they hold and wherever a batch ends', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(STEP, { maxLength: 160, size: 'max' }),
        fc.integer({ min: 1, max: 120 }),
        fc.boolean(),
        async (steps, batchSize, grows) => {
          const maxBatchSize = grows ? 1_000 : batchSize;
          const { processor, record, arrived } = makeProcessor({ batchSize, maxBatchSize });
          const expected: string[] = [];
          for (const step of steps) {
            if (step === 'flush') await processor.forceFlush();
            else if (step === 'from elsewhere') {
              const json = '{"visitor_id":"elsewhere","attributes":[],"snapshots":[]}';
              processor.process(makeUserEvent({ json, byteLength: json.length, context }));
              expected.push('elsewhere');
            } else {
              record(step);
              expected.push(step);
            }
          }
          await processor.forceFlush();
          expect(arrived()).to.deep.equal(expected);
          expect(processor.ledger()).to.deep.include({ delivered: expected.length, pending: 0 });
          await processor.shutdown();
        },
      ),
    );
  });

  it('arrive each once where a batch goes out in parts, and one of them is refused', async () => {
    for (const count of [2, 5, 10, 16, 17, 33]) {
      const { processor, dispatcher, record, arrived, statuses } = makeProcessor({
        batchSize: count,
        maxBatchSize: count,
      });
      dispatcher.answer = () => {
        const { visitors } = dispatcher.sent[statuses.length] ?? { visitors: [] };
        const status = visitors.some(({ visitor_id }) => visitor_id === 'user-1') ? 400 : 204;
        statuses.push(status);
        return { statusCode: status };
      };
      const users = Array.from({ length: count }, (_, n) => `user-${n}`);
      for (const user of users) record(user);
      await processor.forceFlush();
      const others = users.filter(user => user !== 'user-1');
      expect(arrived().sort(), `of ${count}`).to.deep.equal(others.sort());
      expect(processor.ledger().dropped).to.deep.equal({ rejected: 1 });
      await processor.shutdown();
    }
  });

  it('are the same as bytes, in batches of any size, also where the next batch has begun', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(USER, { minLength: 1, maxLength: 200, size: 'max' }),
        fc.constantFrom(1, 4, 32, 33, 64, 70, 200),
        fc.array(fc.nat({ max: 6 }), { maxLength: 20 }),
        async (users, batchSize, pauses) => {
          const { bodies, eventDispatcher } = makeBytesDispatcher();
          const { processor, record } = makeProcessor({ batchSize, maxBatchSize: 200, eventDispatcher });
          for (const [n, user] of users.entries()) {
            record(user);
            // Where answers come in between, the load falls, and what had grown goes out in whole batches.
            if (pauses[n % (pauses.length + 1)] === 0) await settle();
          }
          await processor.forceFlush();
          for (const { bytes, text } of bodies) expect(bytes).to.equal(text);
          const visitors = bodies.flatMap(({ text }) => JSON.parse(text).visitors as Visitor[]);
          expect(visitors.map(({ visitor_id }) => visitor_id)).to.deep.equal(users);
          await processor.shutdown();
        },
      ),
    );
  });

  it('grow while a request is out, and what is begun of the next batch stays behind', async () => {
    const { processor, dispatcher, record, arrived } = makeProcessor({ batchSize: 10, maxBatchSize: 100 });
    const answers: (() => void)[] = [];
    dispatcher.answer = () => new Promise(resolve => answers.push(() => resolve({ statusCode: 204 })));
    const users = Array.from({ length: 237 }, (_, n) => `${n % 7 === 0 ? 'größe' : 'user'}-${n}`);
    for (const user of users) {
      record(user);
      await settle();
    }
    const flushed = processor.forceFlush();
    while (processor.ledger().pending > 0) {
      answers.shift()?.();
      await settle();
    }
    await flushed;
    expect(arrived()).to.deep.equal(users);
    expect(
      dispatcher.sent.some(({ visitors }) => visitors.length > 10),
      'one grew',
    ).to.equal(true);
    await processor.shutdown();
  });

  it('are what an exporter of the application makes of the events, which have a text each', async () => {
    const dispatcher = new RecordingDispatcher();
    const inner = new OptimizelyEventExporter({ eventDispatcher: dispatcher });
    const seen: SerializedEvent[] = [];
    const { processor, record } = makeProcessor({
      batchSize: 10,
      exporter: {
        export: (batch, done) => {
          seen.push(...batch.events);
          const events = batch.events.filter(({ json }) => !json.includes('user-3'));
          inner.export({ ...batch, events }, done);
        },
      },
    });
    const uuids = Array.from({ length: 10 }, (_, n) => record(`user-${n}`));
    await processor.forceFlush();
    const users = dispatcher.sent.flatMap(({ visitors }) => visitors.map(({ visitor_id }) => visitor_id));
    expect(users).to.deep.equal([0, 1, 2, 4, 5, 6, 7, 8, 9].map(n => `user-${n}`));
    expect(seen.map(({ uuid }) => uuid)).to.deep.equal(uuids);
    for (const { json, byteLength } of seen) {
      expect(JSON.parse(json)).to.have.property('visitor_id');
      expect(byteLength).to.equal(Buffer.byteLength(json));
    }
    await processor.shutdown();
  });

  it('are those of events that a queue of the application has frozen', async () => {
    const queued: SerializedEvent[] = [];
    const { processor, record, arrived } = makeProcessor({
      batchSize: 10,
      eventQueue: {
        get size() {
          return queued.length;
        },
        enqueue: event => queued.push(Object.freeze(event)) > 0,
        dequeue: () => queued.shift(),
      },
    });
    const users = Array.from({ length: 25 }, (_, n) => `user-${n}`);
    for (const user of users) record(user);
    await processor.forceFlush();
    expect(arrived()).to.deep.equal(users);
    await processor.shutdown();
  });

  it('follow the params that a listener has changed', async () => {
    const notificationCenter = new NotificationCenter();
    notificationCenter.addNotificationListener(NotificationType.LOG_EVENT, ({ params }) => {
      for (const visitor of params.visitors) visitor.visitor_id = 'redacted';
    });
    const { processor, record, arrived } = makeProcessor({ batchSize: 10, notificationCenter });
    for (let n = 0; n < 20; n++) record(`user-${n}`);
    await processor.forceFlush();
    expect(new Set(arrived())).to.deep.equal(new Set(['redacted']));
    await processor.shutdown();
  });
});
