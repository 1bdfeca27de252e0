// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import fc from 'fast-check';
import type { OptimizelyEventExporterOptions } from 'opentelemetry-exporter-optimizely';
import {
  NotificationCenter,
  NotificationType,
  OptimizelyEventExporter,
  OptimizelySpanProcessor,
  type OptimizelySpanProcessorOptions,
} from 'opentelemetry-exporter-optimizely';
import { makeDatafile } from './support/datafile.js';
import { RecordingDispatcher } from './support/fakes.js';
import { ManualRuntime, settle } from './support/manual-runtime.js';
import { MemoryStore } from './support/memory-store.js';

type DeliveryObserver = NonNullable<OptimizelyEventExporterOptions['observer']>;

/** How an object of the application's misbehaves at one call. */
const MISDEEDS: Readonly<Record<string, () => unknown>> = {
  throws: () => {
    throw new Error('secret');
  },
  'throws null': () => {
    throw null;
  },
  rejects: () => Promise.reject(new Error('secret')),
  'rejects as a thenable': () => ({
    // biome-ignore lint/suspicious/noThenProperty: a thenable is what is tested
    then: (_: unknown, reject?: (error: unknown) => void) => void reject?.(new Error('secret')),
  }),
  'never settles': () => new Promise(() => {}),
  'returns null': () => null,
  'returns undefined': () => undefined,
  'returns junk': () => 'junk',
  'returns an object': () => ({}),
  'returns NaN': () => Number.NaN,
};

interface Subject {
  readonly methods: readonly string[];
  /** Options with an object that works, whose methods the test spoils. */
  make(dispatcher: RecordingDispatcher): { options: Partial<OptimizelySpanProcessorOptions>; object: object };
}

function makeQueue() {
  const events: unknown[] = [];
  return {
    get size() {
      return events.length;
    },
    enqueue: (event: unknown) => events.push(event) > 0,
    dequeue: () => events.shift(),
  };
}

const SUBJECTS: Readonly<Record<string, Subject>> = {
  logger: {
    methods: ['error', 'warn', 'info', 'debug'],
    make() {
      const object = { error() {}, warn() {}, info() {}, debug() {} };
      return { options: { logger: object }, object };
    },
  },
  eventQueue: {
    methods: ['enqueue', 'dequeue'],
    make() {
      const object = makeQueue();
      return { options: { eventQueue: object as never }, object };
    },
  },
  eventStore: {
    methods: ['open', 'append', 'remove', 'release', 'read', 'close'],
    make() {
      const object = new MemoryStore(undefined, { isStrict: false });
      return { options: { eventStore: object }, object };
    },
  },
  exporter: {
    methods: ['export', 'isBusy', 'load', 'onReady', 'forceFlush', 'shutdown'],
    make(eventDispatcher) {
      const object = new OptimizelyEventExporter({ eventDispatcher });
      return { options: { exporter: object }, object };
    },
  },
  observer: {
    methods: ['requestStarted', 'requestEnded'],
    make(eventDispatcher) {
      const object: DeliveryObserver = { requestStarted() {}, requestEnded() {} };
      return {
        options: { exporter: new OptimizelyEventExporter({ eventDispatcher, observer: object }) },
        object,
      };
    },
  },
  projectConfigManager: {
    methods: ['getConfig', 'onUpdate', 'onReady', 'stop'],
    make() {
      const object = {
        getConfig: () => makeDatafile(),
        onUpdate: () => () => {},
        onReady: async () => true,
        stop: async () => {},
      };
      return { options: { projectConfigManager: object as never, datafile: undefined }, object };
    },
  },
  notificationCenter: {
    methods: ['sendNotifications'],
    make() {
      const object = new NotificationCenter();
      return { options: { notificationCenter: object }, object };
    },
  },
  listener: {
    methods: ['listen'],
    make() {
      const object = { listen() {} };
      const center = new NotificationCenter();
      for (const type of Object.values(NotificationType))
        center.addNotificationListener(type, () => object.listen());
      return { options: { notificationCenter: center }, object };
    },
  },
  waitUntil: {
    methods: ['wait'],
    make() {
      const object = { wait: (promise: Promise<unknown>) => void promise.catch(() => {}) };
      return { options: { waitUntil: promise => object.wait(promise) }, object };
    },
  },
  eventDispatcher: {
    methods: ['dispatchEvent'],
    make(dispatcher) {
      return { options: { eventDispatcher: dispatcher }, object: dispatcher };
    },
  },
  selfObsMeterProvider: {
    methods: ['getMeter'],
    make() {
      const object = { getMeter: () => ({}) };
      return { options: { selfObsMeterProvider: object as never }, object };
    },
  },
  beforeSend: {
    methods: ['ask'],
    make() {
      const object = { ask: (event: unknown) => event };
      return { options: { beforeSend: event => object.ask(event) as never }, object };
    },
  },
};

/** A method that misbehaves at some calls and works at the others. */
function spoil(
  object: object,
  method: string,
  misdeed: () => unknown,
  isBad: (call: number) => boolean,
): void {
  const target = object as Record<string, unknown>;
  const working = target[method];
  if (typeof working !== 'function') return;
  let calls = 0;
  target[method] = (...args: unknown[]) => (isBad(calls++) ? misdeed() : working.apply(object, args));
}

function expectBalance(processor: OptimizelySpanProcessor, when: string): void {
  const { recorded, recovered, delivered, stored, pending, dropped } = processor.ledger();
  const sum = Object.values(dropped).reduce((all, count) => all + count, 0);
  expect(delivered + stored + pending + sum, `${when}: ${JSON.stringify(processor.ledger())}`).to.equal(
    recorded + recovered,
  );
  expect(Math.min(pending, stored, delivered), when).to.be.at.least(0);
}

async function liveThrough(
  subject: Subject,
  spoilIt: (object: object) => void,
): Promise<OptimizelySpanProcessor> {
  const runtime = new ManualRuntime();
  const dispatcher = new RecordingDispatcher();
  const made = subject.make(dispatcher);
  spoilIt(made.object);
  const processor = new OptimizelySpanProcessor({
    datafile: makeDatafile(),
    ...(made.options.exporter === undefined && { eventDispatcher: dispatcher }),
    logger: { error() {}, warn() {}, info() {}, debug() {} },
    batchSize: 3,
    timeoutIntervalMillis: 500,
    requestTimeoutMillis: 200,
    retry: { initialDelayMillis: 10, maxDelayMillis: 50 },
    runtime,
    ...made.options,
  });
  const record = (count: number) => {
    for (let n = 0; n < count; n++) {
      processor.recordConversion({ userId: 'visitor', eventKey: n % 5 === 4 ? 'unknown' : 'purchase' });
      expectBalance(processor, 'after a record call');
    }
  };
  record(12);
  await runtime.advance(50);
  expectBalance(processor, 'after deliveries');
  const flushing = processor.forceFlush();
  record(5);
  await runtime.advance(600);
  await flushing;
  expectBalance(processor, 'after a flush');
  const stopping = processor.shutdown();
  record(2);
  await runtime.advance(2_000);
  await stopping;
  expectBalance(processor, 'after shutdown');
  expect(processor.ledger().pending, 'nothing pending after shutdown').to.equal(0);
  return processor;
}

describe("an object of the application's own", () => {
  const rejections: unknown[] = [];
  const onRejection = (error: unknown) => void rejections.push(error);
  beforeEach(() => {
    rejections.length = 0;
    process.on('unhandledRejection', onRejection);
  });
  afterEach(() => {
    process.off('unhandledRejection', onRejection);
  });

  for (const [name, subject] of Object.entries(SUBJECTS)) {
    for (const method of subject.methods) {
      it(`${name}.${method} that misbehaves at every call leaves ledger and process intact`, async () => {
        for (const misdeed of Object.values(MISDEEDS))
          await liveThrough(subject, object => spoil(object, method, misdeed, () => true));
        await settle();
        expect(rejections).to.deep.equal([]);
      });
    }
  }

  it('that misbehaves now and then, in any way at any calls, leaves ledger, delivery and process intact', async () => {
    const fault = fc.constantFrom(...Object.keys(SUBJECTS)).chain(name =>
      fc.record({
        name: fc.constant(name),
        methods: fc.subarray([...(SUBJECTS[name] as Subject).methods], { minLength: 1 }),
        misdeed: fc.constantFrom(...Object.keys(MISDEEDS)),
        bad: fc.uniqueArray(fc.nat(15), { minLength: 1, maxLength: 8 }),
      }),
    );
    await fc.assert(
      fc.asyncProperty(fault, async ({ name, methods, misdeed, bad }) => {
        await liveThrough(SUBJECTS[name] as Subject, object => {
          for (const method of methods)
            spoil(object, method, MISDEEDS[misdeed] as () => unknown, call => bad.includes(call));
        });
        await settle();
        expect(rejections).to.deep.equal([]);
      }),
      { numRuns: 150 },
    );
  });

  // Those whose part is to carry events out, to keep them or to let them out decide what becomes of them.
  for (const name of [
    'logger',
    'eventStore',
    'observer',
    'notificationCenter',
    'listener',
    'waitUntil',
    'selfObsMeterProvider',
  ]) {
    it(`${name} that fails at every call costs no delivery`, async () => {
      const subject = SUBJECTS[name] as Subject;
      for (const misdeed of ['throws', 'throws null', 'rejects', 'rejects as a thenable']) {
        const processor = await liveThrough(subject, object => {
          for (const method of subject.methods)
            spoil(object, method, MISDEEDS[misdeed] as () => unknown, () => true);
        });
        expect(processor.ledger().delivered, misdeed).to.equal(14);
      }
    });
  }
});
