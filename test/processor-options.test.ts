// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import {
  NotificationCenter,
  NotificationType,
  OptimizelySpanProcessor,
  type OptimizelySpanProcessorOptions,
  type SerializedEvent,
} from 'opentelemetry-exporter-optimizely';
import { makeDatafile } from './support/datafile.js';
import { ManualExporter, RecordingDispatcher, RecordingLogger } from './support/fakes.js';
import { ManualRuntime, settle } from './support/manual-runtime.js';

/** What batching.test.ts shows of the rules alone, through the processor that people register. */
describe('options of OptimizelySpanProcessor', () => {
  const made: OptimizelySpanProcessor[] = [];

  afterEach(async () => {
    for (const processor of made.splice(0)) void processor.shutdown();
    await settle();
  });

  function make(options: Partial<OptimizelySpanProcessorOptions> = {}) {
    const [exporter, logger, runtime] = [new ManualExporter(), new RecordingLogger(), new ManualRuntime()];
    exporter.immediate = true;
    const processor = new OptimizelySpanProcessor({
      datafile: makeDatafile(),
      logger,
      runtime,
      ...(options.eventDispatcher ? {} : { exporter }),
      ...options,
    });
    made.push(processor);
    const record = (count = 1) =>
      Array.from({ length: count }, () => processor.recordConversion({ userId: 'v', eventKey: 'purchase' }));
    return { processor, exporter, logger, runtime, record };
  }

  it('batchSize and flushIntervalMillis, 10 events and 30 s by default', async () => {
    const plain = make();
    plain.record(12);
    expect(plain.exporter.sizes).to.deep.equal([10]);
    await plain.runtime.advance(29_998);
    expect(plain.exporter.sizes).to.deep.equal([10]);
    await plain.runtime.advance(2);
    expect(plain.exporter.causes).to.deep.equal(['size', 'age']);

    const set = make({ batchSize: 4, flushIntervalMillis: 100 });
    set.record(5);
    await set.runtime.advance(100);
    expect(set.exporter.sizes).to.deep.equal([4, 1]);
  });

  it('startOnInit, true by default; start() and stop()', async () => {
    const { processor, exporter, logger, record } = make({ startOnInit: false, batchSize: 2 });
    record(5);
    expect(exporter.sizes).to.deep.equal([]);
    processor.start();
    expect(exporter.sizes).to.deep.equal([2, 2]);
    processor.start();
    expect(logger.at('warn')).to.have.length(1);
    await processor.stop();
    expect(exporter.causes).to.deep.equal(['size', 'size', 'shutdown']);
    expect(exporter.shutdowns).to.equal(1);

    const never = make({ startOnInit: false });
    never.record(3);
    await never.processor.shutdown();
    expect(never.exporter.sizes, 'what was queued before a start is not forgotten').to.deep.equal([3]);
  });

  it('timeoutIntervalMillis, 5 s by default, for flush() and shutdown()', async () => {
    for (const [options, limit] of [
      [{}, 5_000],
      [{ timeoutIntervalMillis: 700 }, 700],
    ] as const) {
      const { processor, exporter, runtime, record } = make(options);
      exporter.immediate = false;
      record();
      const ended: string[] = [];
      void processor.flush().then(() => ended.push('flush'));
      await runtime.advance(limit - 1);
      expect(ended).to.deep.equal([]);
      await runtime.advance(1);
      expect(ended).to.deep.equal(['flush']);
      void processor.shutdown().then(() => ended.push('shutdown'));
      await runtime.advance(limit - 1);
      expect(ended).to.deep.equal(['flush']);
      await runtime.advance(1);
      expect(ended).to.deep.equal(['flush', 'shutdown']);
      expect(processor.ledger()).to.deep.include({ pending: 0, dropped: { shutdown_timeout: 1 } });
    }
  });

  it('eventQueue', () => {
    const events: SerializedEvent[] = [];
    const eventQueue = {
      get size() {
        return events.length;
      },
      enqueue: (event: SerializedEvent) => events.length < 2 && events.push(event) > 0,
      dequeue: () => events.shift(),
    };
    const { processor, record } = make({ eventQueue, startOnInit: false });
    expect(record(3).map(uuid => uuid !== undefined)).to.deep.equal([true, true, false]);
    expect(events).to.have.length(2);
    expect(processor.ledger()).to.deep.include({ pending: 2, dropped: { queue_full: 1 } });
  });

  it('notificationCenter', async () => {
    const notificationCenter = new NotificationCenter();
    const heard: [string, number][] = [];
    notificationCenter.addNotificationListener(NotificationType.LOG_EVENT, (_logEvent, info) => {
      heard.push([info.cause, info.eventCount]);
    });
    const { processor, record } = make({ notificationCenter, eventDispatcher: new RecordingDispatcher() });
    record(2);
    await processor.forceFlush();
    expect(heard).to.deep.equal([['flush', 2]]);
  });

  it('maxQueueSize, maxQueueBytes and maxPayloadBytes', async () => {
    const narrow = make({ maxQueueSize: 3, startOnInit: false });
    narrow.record(5);
    expect(narrow.processor.ledger()).to.deep.include({ pending: 3, dropped: { queue_full: 2 } });
    const light = make({ maxQueueBytes: 500, startOnInit: false });
    light.record(5);
    expect(light.processor.ledger().dropped.queue_full).to.be.above(0);

    const whole = make();
    whole.record(2);
    await whole.processor.forceFlush();
    const both = whole.exporter.batches[0]?.byteLength ?? 0;
    for (const [maxPayloadBytes, sizes] of [
      [both, [2]],
      [both - 1, [1, 1]],
    ] as const) {
      const { processor, exporter, record } = make({ maxPayloadBytes });
      record(2);
      await processor.forceFlush();
      expect(exporter.sizes).to.deep.equal(sizes);
    }
  });

  it('unusable values fall back with an info line that names the option', () => {
    const numbers = [
      'batchSize',
      'flushIntervalMillis',
      'timeoutIntervalMillis',
      'maxQueueSize',
      'maxPayloadBytes',
    ];
    for (const name of [...numbers, 'startOnInit', 'traceDetail', 'emitAs', 'flushOnBeforeExit']) {
      const { logger, exporter, record } = make({ [name]: 'nonsense' });
      expect(logger.at('info')).to.have.length(1);
      expect(logger.at('info')[0]).to.include(name);
      record(10);
      expect(exporter.sizes).to.deep.equal([10]);
    }
  });

  const expiries: [string, Partial<OptimizelySpanProcessorOptions>, boolean][] = [
    ['shorter than the flush interval', { retry: { maxAgeMillis: 10_000 } }, true],
    [
      'shorter than a flush interval that is set',
      { retry: { maxAgeMillis: 3_999 }, flushIntervalMillis: 4_000 },
      true,
    ],
    ['as long as the flush interval', { retry: { maxAgeMillis: 30_000 } }, false],
    [
      'shorter than an interval that no batch waits for',
      { retry: { maxAgeMillis: 10_000 }, batchSize: 1 },
      false,
    ],
    ['unusable', { retry: { maxAgeMillis: -1 } }, false],
    ['not set', { retry: {} }, false],
  ];
  for (const [name, options, isTold] of expiries) {
    it(`retry.maxAgeMillis that is ${name} ${isTold ? 'causes a warning' : 'causes none'}`, () => {
      const { logger } = make({ eventDispatcher: new RecordingDispatcher(), ...options });
      const lines = logger.at('warn').filter(line => line.includes('retry.maxAgeMillis'));
      expect(lines).to.have.length(isTold ? 1 : 0);
      if (isTold) expect(lines[0]).to.include('is shorter than flushIntervalMillis');
    });
  }

  it('eventDispatcher and exporter exclude each other; options of the exporter beside one are warned about', () => {
    const exporter = new ManualExporter();
    expect(() => make({ exporter, eventDispatcher: new RecordingDispatcher() })).to.throw(
      TypeError,
      /exclude/,
    );
    expect(make({ exporter, endpoint: 'http://127.0.0.1:1/' }).logger.at('warn').join()).to.include(
      'endpoint',
    );
  });
});
