// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import {
  BatchEventProcessor,
  type ExperimentEvent,
  NotificationCenter,
  NotificationType,
  OptimizelySpanProcessor,
  type OptimizelySpanProcessorOptions,
  type SerializedEvent,
} from 'opentelemetry-exporter-optimizely';
import { makeDatafile } from './support/datafile.js';
import { makeUserEvent, RecordingDispatcher } from './support/fakes.js';
import { ManualRuntime } from './support/manual-runtime.js';

/** A processor all of whose objects look at the ledger at each call. */
function makeHarness() {
  const runtime = new ManualRuntime();
  const dispatcher = new RecordingDispatcher();
  const seen = new Map<string, number>();
  const wrong: string[] = [];
  let processor: OptimizelySpanProcessor | undefined;
  const look = (where: string) => {
    if (processor === undefined) return;
    const { recorded, recovered, delivered, streamed, stored, pending, dropped } = processor.ledger();
    const gone = Object.values(dropped).reduce((sum, count) => sum + count, 0);
    const accounted = delivered + streamed + stored + pending + gone;
    seen.set(where, (seen.get(where) ?? 0) + 1);
    if (accounted !== recorded + recovered) wrong.push(`${where}: ${accounted} of ${recorded + recovered}`);
  };
  const lookAndReturn = <T>(where: string, value: () => T): T => {
    look(where);
    return value();
  };
  const notificationCenter = new NotificationCenter();
  for (const type of Object.values(NotificationType))
    notificationCenter.addNotificationListener(type, () => look(type));
  const queued: unknown[] = [];
  let tickets = 0;
  const options = {
    runtime,
    notificationCenter,
    batchSize: 2,
    maxQueueSize: 20,
    projectConfigManager: { getConfig: () => lookAndReturn('getConfig', () => makeDatafile()) },
    eventDispatcher: dispatcher,
    beforeSend(event: ExperimentEvent) {
      look('beforeSend');
      return event.userId === 'private' ? null : event;
    },
    eventQueue: {
      get size() {
        look('size');
        return queued.length;
      },
      enqueue: (event: unknown) => lookAndReturn('enqueue', () => queued.push(event) > 0),
      dequeue: () => lookAndReturn('dequeue', () => queued.shift()),
    },
    eventStore: {
      available: 0,
      open: () => look('open'),
      append: () => lookAndReturn('append', () => (++tickets % 4 === 0 ? 'failed' : tickets)),
      remove: () => look('remove'),
      release: () => look('release'),
      read: async () => lookAndReturn('read', () => []),
      close: async () => look('close'),
    },
    logger: {
      error: () => look('log'),
      warn: () => look('log'),
      info: () => look('log'),
      debug: () => look('log'),
    },
  } as unknown as OptimizelySpanProcessorOptions;
  processor = new OptimizelySpanProcessor(options);
  const record = (userId: string, more: object = {}) =>
    processor?.recordConversion({ userId, eventKey: 'purchase', ...more });
  return { processor, runtime, dispatcher, record, seen, wrong };
}

describe('the ledger, seen from within a call', () => {
  it('adds up wherever an object of the application looks at it', async () => {
    const { processor, runtime, dispatcher, record, seen, wrong } = makeHarness();
    dispatcher.answer = attempt => ({ statusCode: attempt % 2 === 0 ? 204 : 400 });
    for (const userId of ['a', 'private', 'b', 'c']) record(userId);
    record('d', { eventKey: 'unknown' });
    record('e', { tags: { loop: Symbol('no JSON') } });
    record('');
    await runtime.advance(40_000);
    dispatcher.answer = () => Promise.reject(new Error('away'));
    for (let n = 0; n < 25; n++) record(`v${n}`);
    const flushed = processor.forceFlush();
    await runtime.advance(5_000);
    await flushed;
    const ended = processor.shutdown();
    await runtime.advance(10_000);
    await ended;
    record('late');
    expect(wrong).to.deep.equal([]);
    expect([...seen.keys()]).to.include.members([
      'beforeSend',
      'getConfig',
      'append',
      'enqueue',
      'dequeue',
      'remove',
      'release',
      'close',
      'log',
    ]);
  });

  it('adds up where events come back from a store and are resolved', async () => {
    const wrong: string[] = [];
    const seen = new Set<string>();
    let processor: OptimizelySpanProcessor | undefined;
    const look = <T>(where: string, answer: T): T => {
      if (processor === undefined) return answer;
      const { recorded, recovered, delivered, stored, pending, dropped } = processor.ledger();
      const gone = Object.values(dropped).reduce((sum, count) => sum + count, 0);
      seen.add(where);
      const accounted = delivered + stored + pending + gone;
      if (accounted !== recorded + recovered) wrong.push(`${where}: ${accounted} of ${recorded + recovered}`);
      return answer;
    };
    const events = ['purchase', 'unknown', 'purchase'].map((eventKey, n) => ({
      kind: 'unresolved' as const,
      event: { type: 'conversion' as const, userId: 'v', uuid: `${n}`, timestamp: 1, eventKey },
      acceptedAt: Date.now(),
    }));
    const records = events.map((event, ticket) => ({ ticket, event }));
    let tickets = records.length;
    const runtime = new ManualRuntime();
    const log = () => look('log', undefined);
    processor = new OptimizelySpanProcessor({
      runtime,
      projectConfigManager: { getConfig: () => look('getConfig', makeDatafile()) },
      eventDispatcher: new RecordingDispatcher(),
      eventStore: {
        get available() {
          return records.length;
        },
        open: host => host.adopted(records.length),
        append: () => look('append', ++tickets),
        remove: () => look('remove', undefined),
        release: () => look('release', undefined),
        read: async () => records.splice(0, 3),
        close: async () => {},
      },
      logger: { error: log, warn: log, info: log, debug: log },
    });
    const flushed = processor.forceFlush();
    await runtime.advance(1_000);
    await flushed;
    expect(wrong).to.deep.equal([]);
    expect([...seen]).to.include.members(['append', 'remove', 'log']);
    expect(processor.ledger()).to.deep.include({ recovered: 3, delivered: 2 });
    await processor.shutdown();
  });

  it('has the event that is being taken as pending', () => {
    const pending: number[] = [];
    const processor: OptimizelySpanProcessor = new OptimizelySpanProcessor({
      datafile: makeDatafile(),
      eventDispatcher: new RecordingDispatcher(),
      runtime: new ManualRuntime(),
      beforeSend(event) {
        pending.push(processor.ledger().pending);
        return event;
      },
    });
    for (let n = 0; n < 3; n++) processor.recordConversion({ userId: 'v', eventKey: 'purchase' });
    expect(pending).to.deep.equal([1, 2, 3]);
    expect(processor.ledger()).to.deep.include({ recorded: 3, pending: 3 });
    void processor.shutdown();
  });

  it('adds up where a queue of a BatchEventProcessor looks at it, or the logger as the exporter fails', async () => {
    const wrong: string[] = [];
    const seen = new Set<string>();
    let processor: BatchEventProcessor | undefined;
    const look = <T>(where: string, answer: T): T => {
      if (processor === undefined) return answer;
      const { recorded, recovered, delivered, streamed, stored, pending, dropped } = processor.ledger();
      const gone = Object.values(dropped).reduce((sum, count) => sum + count, 0);
      seen.add(where);
      const accounted = delivered + streamed + stored + pending + gone;
      if (accounted !== recorded + recovered) wrong.push(`${where}: ${accounted} of ${recorded + recovered}`);
      return answer;
    };
    const queued: SerializedEvent[] = [];
    const log = () => look('log', undefined);
    processor = new BatchEventProcessor({
      runtime: new ManualRuntime(),
      batchSize: 3,
      eventQueue: {
        size: 0,
        enqueue: event => look('enqueue', queued.push(event) > 0),
        dequeue: () => look('dequeue', queued.shift()),
      },
      exporter: {
        export({ events }, resultCallback) {
          const late = { reason: 'shutdown_timeout', events: events.slice(0, 2) } as const;
          resultCallback({ code: 0, dropped: [late], error: new Error('late') });
        },
      },
      logger: { error: log, warn: log, info: log, debug: log },
    });
    processor.start();
    for (let n = 0; n < 8; n++) processor.process(makeUserEvent({ uuid: `${n}` }));
    await processor.stop();
    expect(wrong).to.deep.equal([]);
    expect([...seen]).to.include.members(['enqueue', 'dequeue', 'log']);
    expect(processor.ledger()).to.deep.include({ recorded: 8, pending: 0 });
  });
});
