// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import fc from 'fast-check';
import {
  type LedgerSnapshot,
  NotificationCenter,
  NotificationType,
  OptimizelySpanProcessor,
  type OptimizelySpanProcessorOptions,
  StaticProjectConfigManager,
} from 'opentelemetry-exporter-optimizely';
import { makeDatafile } from './support/datafile.js';
import { RecordingDispatcher, RecordingLogger } from './support/fakes.js';
import { ManualRuntime, settle } from './support/manual-runtime.js';
import { Disk, MemoryStore } from './support/memory-store.js';

const made: OptimizelySpanProcessor[] = [];

function makeHarness(
  options: Partial<OptimizelySpanProcessorOptions> & { disk?: Disk; runtime?: ManualRuntime } = {},
) {
  const { disk = new Disk(), runtime = new ManualRuntime(), ...rest } = options;
  const [dispatcher, logger, store] = [
    new RecordingDispatcher(),
    new RecordingLogger(),
    new MemoryStore(disk),
  ];
  const processor = new OptimizelySpanProcessor({
    ...(rest.projectConfigManager ? {} : { datafile: makeDatafile() }),
    eventDispatcher: dispatcher,
    eventStore: store,
    logger,
    runtime,
    ...rest,
  });
  made.push(processor);
  const record = (count = 1) =>
    Array.from({ length: count }, () => processor.recordConversion({ userId: 'v', eventKey: 'purchase' }));
  const down = () => {
    dispatcher.answer = () => ({ statusCode: 503 });
  };
  return { processor, dispatcher, logger, store, disk, runtime, record, down };
}

function expectIdentity(ledger: LedgerSnapshot): void {
  const dropped = Object.values(ledger.dropped).reduce((sum, count) => sum + count, 0);
  expect(ledger.delivered + ledger.stored + ledger.pending + dropped).to.equal(
    ledger.recorded + ledger.recovered,
  );
}

/** Ends a processor whose endpoint is dead. */
async function stop({ processor, runtime }: Pick<ReturnType<typeof makeHarness>, 'processor' | 'runtime'>) {
  const stopping = processor.shutdown();
  await runtime.advance(5_000);
  await stopping;
}

describe('event store', () => {
  it('has every event from when it is recorded until it is delivered', async () => {
    const { processor, disk, record } = makeHarness();
    const [uuid] = record();
    expect([...disk.records.values()].map(event => event.kind === 'resolved' && event.uuid)).to.deep.equal([
      uuid,
    ]);
    expect(processor.ledger()).to.deep.include({ pending: 1, stored: 0 });
    await processor.forceFlush();
    expect(disk.records.size).to.equal(0);
  });

  it('forgets events that are dropped', async () => {
    const { processor, dispatcher, disk, record } = makeHarness();
    dispatcher.answer = () => ({ statusCode: 400 });
    record();
    await processor.forceFlush();
    expect(processor.ledger().dropped).to.deep.equal({ rejected: 1 });
    expect(disk.records.size).to.equal(0);
  });

  it('keeps at shutdown what could not be delivered, and the next life delivers the same', async () => {
    const disk = new Disk();
    const first = makeHarness({ disk });
    first.down();
    const uuids = first.record(3);
    await stop(first);
    expect(first.processor.ledger()).to.deep.include({ pending: 0, stored: 3, dropped: {} });
    expect(first.logger.at('error').join()).to.include(
      'events undelivered: 3, of these lost: 0, in the event store: 3',
    );
    const texts = [...disk.records.values()].map(event => event.kind === 'resolved' && event.json);

    const second = makeHarness({ disk, datafile: makeDatafile({ revision: '99' }) });
    await second.runtime.advance(0);
    expect(second.processor.ledger()).to.deep.include({ recovered: 3 });
    expectIdentity(second.processor.ledger());
    await second.runtime.advance(5_000);
    expect(second.dispatcher.uuids).to.deep.equal(uuids);
    expect(second.dispatcher.sent[0]?.revision, 'nothing is resolved anew').to.equal('7');
    expect(second.dispatcher.visitors.map(visitor => JSON.stringify(visitor))).to.deep.equal(texts);
    expect(second.processor.ledger()).to.deep.include({ recovered: 3, delivered: 3, stored: 0 });
    expect(disk.records.size).to.equal(0);
  });

  it('takes what memory has no room for, until it is full too, and brings it back', async () => {
    const { processor, dispatcher, store, runtime, record, down } = makeHarness({
      maxQueueSize: 20,
      batchSize: 5,
    });
    down();
    const uuids = record(50);
    expect(uuids).not.to.include(undefined);
    await runtime.advance(1);
    expect(processor.ledger()).to.deep.include({ pending: 20, stored: 30, dropped: {} });
    store.refuse = 'full';
    expect(record()).to.deep.equal([undefined]);
    expect(processor.ledger()).to.deep.include({ dropped: { store_full: 1 } });
    dispatcher.answer = () => ({ statusCode: 204 });
    await runtime.advance(60_000);
    expect(processor.ledger()).to.deep.include({ delivered: 50, pending: 0, stored: 0 });
    expect([...new Set(dispatcher.uuids)].sort()).to.deep.equal([...uuids].sort());
    expectIdentity(processor.ledger());
  });

  it('that fails costs durability, not events', async () => {
    const { processor, store, record } = makeHarness();
    store.refuse = 'failed';
    expect(record()[0]).to.be.a('string');
    await processor.forceFlush();
    expect(processor.ledger().delivered).to.equal(1);
  });

  it('forceFlush sends what is on disk only too: being stored does not count as flushed', async () => {
    const { processor, dispatcher, runtime, record, down } = makeHarness({ maxQueueSize: 10 });
    down();
    record(30);
    await runtime.advance(1);
    dispatcher.answer = () => ({ statusCode: 204 });
    const flushing = processor.forceFlush();
    await runtime.advance(300);
    await flushing;
    expect(processor.ledger()).to.deep.include({ delivered: 30, stored: 0, pending: 0 });
  });

  it('empties a large store within seconds, and without leaking listeners', async () => {
    const disk = new Disk();
    const first = makeHarness({ disk, maxQueueSize: 10 });
    first.down();
    first.record(6_000);
    await stop(first);
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => warnings.push(warning);
    process.on('warning', onWarning);
    const second = makeHarness({ disk });
    await second.runtime.advance(1_000);
    const flushing = second.processor.forceFlush();
    await second.runtime.advance(100);
    await flushing;
    expect(second.processor.ledger()).to.deep.include({ delivered: 6_000, stored: 0 });
    const third = makeHarness({ disk, maxQueueSize: 10 });
    third.down();
    third.record(6_000);
    await stop(third);
    const fourth = makeHarness({ disk });
    await fourth.runtime.advance(2_000);
    expect(fourth.processor.ledger()).to.deep.include({ delivered: 6_000, stored: 0 });
    process.off('warning', onWarning);
    expect(warnings).to.deep.equal([]);
  });

  it('replays in batches of their own, behind live traffic', async () => {
    const disk = new Disk();
    const first = makeHarness({ disk });
    first.down();
    first.record(4);
    await stop(first);
    const center = new NotificationCenter();
    const causes: [string, number][] = [];
    center.addNotificationListener(NotificationType.LOG_EVENT, (_logEvent, info) => {
      causes.push([info.cause, info.eventCount]);
    });
    const datafile = makeDatafile({ revision: '8' });
    const second = makeHarness({ disk, datafile, notificationCenter: center, batchSize: 3 });
    second.record(1);
    await second.runtime.advance(1_000);
    second.record(2);
    await second.runtime.advance(1);
    expect(causes).to.deep.equal([
      ['replay', 4],
      ['size', 3],
    ]);
  });

  it('keeps events that were recorded before any datafile, and resolves them in the life that gets one', async () => {
    const disk = new Disk();
    const first = makeHarness({ disk, projectConfigManager: new StaticProjectConfigManager() });
    const uuids = first.record(2);
    expect(first.processor.ledger()).to.deep.include({ pending: 2 });
    await first.processor.shutdown();
    expect(first.processor.ledger()).to.deep.include({ pending: 0, stored: 2, dropped: {} });

    const manager = new StaticProjectConfigManager();
    const second = makeHarness({ disk, projectConfigManager: manager });
    await second.runtime.advance(10_000);
    expect(second.processor.ledger()).to.deep.include({ recovered: 2, stored: 2 });
    manager.setDatafile(makeDatafile());
    await second.runtime.advance(40_000);
    expect(second.dispatcher.uuids).to.deep.equal(uuids);
    expect(second.processor.ledger()).to.deep.include({ delivered: 2, stored: 0 });
    expect(disk.records.size).to.equal(0);
  });

  it('counts the age of an event across lives', async () => {
    const disk = new Disk();
    const runtime = new ManualRuntime();
    const first = makeHarness({ disk, runtime });
    first.down();
    first.record();
    await stop(first);
    await runtime.advance(86_400_000);
    const second = makeHarness({ disk, runtime });
    await runtime.advance(2_000);
    expect(second.processor.ledger().dropped).to.deep.equal({ expired: 1 });
    expect(disk.records.size).to.equal(0);
  });

  it('whose disk hangs does not hold a shutdown, and keeps what it was being asked for', async () => {
    const disk = new Disk();
    const first = makeHarness({ disk });
    first.down();
    first.record(3);
    await stop(first);
    const second = makeHarness({ disk });
    const read = second.store.read.bind(second.store);
    let answer: () => void = () => {};
    const hanging = new Promise<void>(resolve => {
      answer = resolve;
    });
    second.store.read = async limits => {
      const records = await read(limits);
      await hanging;
      return records;
    };
    await second.runtime.advance(1_000);
    let ended = false;
    void second.processor.shutdown().then(() => {
      ended = true;
    });
    await second.runtime.advance(5_100);
    expect(ended).to.equal(true);
    expectIdentity(second.processor.ledger());
    expect(second.processor.ledger()).to.deep.include({ stored: 3, pending: 0, delivered: 0 });
    second.store.closed = false;
    answer();
    await settle();
    expectIdentity(second.processor.ledger());
    expect(disk.records.size).to.equal(3);
  });

  it('is closed at shutdown, and refused at construction where it is none', async () => {
    const { processor, store } = makeHarness();
    await processor.shutdown();
    expect(store.closed).to.equal(true);
    expect(() => makeHarness({ eventStore: {} as never })).to.throw(TypeError, /eventStore/);
  });

  it('the ledger adds up after every step, and nothing is lost or invented over lives', async () => {
    const step = fc.oneof(
      {
        weight: 5,
        arbitrary: fc.record({ do: fc.constant('record' as const), count: fc.integer({ min: 1, max: 6 }) }),
      },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('advance' as const), millis: fc.nat(3_000) }) },
      {
        weight: 1,
        arbitrary: fc.record({ do: fc.constant('answer' as const), status: fc.constantFrom(204, 503, 413) }),
      },
      {
        weight: 1,
        arbitrary: fc.record({ do: fc.constant('revision' as const), revision: fc.constantFrom('1', '2') }),
      },
      { weight: 1, arbitrary: fc.constant({ do: 'flush' as const }) },
      { weight: 1, arbitrary: fc.constant({ do: 'restart' as const }) },
      {
        weight: 1,
        arbitrary: fc.record({
          do: fc.constant('disk' as const),
          refuse: fc.constantFrom(undefined, 'full' as const, 'failed' as const),
        }),
      },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.boolean(), async (steps, withDatafile) => {
        const [disk, runtime] = [new Disk(), new ManualRuntime()];
        let status = 204;
        const arrived = new Set<string>();
        const taken = new Set<string>();
        let lost = 0;
        const begin = (datafile?: object) => {
          const manager = new StaticProjectConfigManager(datafile ? { datafile } : {});
          const harness = makeHarness({
            disk,
            runtime,
            projectConfigManager: manager,
            maxQueueSize: 10,
            batchSize: 3,
          });
          harness.dispatcher.answer = (_attempt, logEvent) => {
            if (status === 413 && logEvent.params.visitors.length === 1)
              return { statusCode: 204, ...note(logEvent) };
            return status === 204 ? { statusCode: 204, ...note(logEvent) } : { statusCode: status };
          };
          return { ...harness, manager };
        };
        const note = ({
          params,
        }: {
          params: { visitors: { snapshots: { events: { uuid: string }[] }[] }[] };
        }) => {
          for (const visitor of params.visitors) {
            for (const snapshot of visitor.snapshots)
              for (const event of snapshot.events) arrived.add(event.uuid);
          }
          return {};
        };
        let life = begin(withDatafile ? makeDatafile() : undefined);
        // A neighbor without a store: what one does is none of the other's business.
        const neighbor = makeHarness({ eventStore: undefined, runtime, maxQueueSize: 7, batchSize: 2 });
        neighbor.dispatcher.answer = () => ({ statusCode: status });
        for (const each of steps) {
          if (each.do === 'record') neighbor.record(each.count);
          if (each.do === 'record') {
            for (const uuid of life.record(each.count)) if (uuid !== undefined) taken.add(uuid);
          } else if (each.do === 'advance') await runtime.advance(each.millis);
          else if (each.do === 'answer') status = each.status;
          else if (each.do === 'revision')
            life.manager.setDatafile(makeDatafile({ revision: each.revision }));
          else if (each.do === 'disk') life.store.refuse = each.refuse;
          else if (each.do === 'flush') {
            void life.processor.forceFlush();
            await settle();
          } else {
            await stop(life);
            expectIdentity(life.processor.ledger());
            lost +=
              (life.processor.ledger().dropped.shutdown_timeout ?? 0) +
              (life.processor.ledger().dropped.no_datafile ?? 0);
            life = begin(withDatafile ? makeDatafile() : undefined);
            await runtime.advance(0);
          }
          expectIdentity(life.processor.ledger());
          expectIdentity(neighbor.processor.ledger());
          expect(neighbor.processor.ledger().pending).to.be.at.most(7);
          expect(life.processor.ledger().pending).to.be.at.most(10 + 200);
        }
        status = 204;
        life.manager.setDatafile(makeDatafile({ revision: '3' }));
        await runtime.advance(120_000);
        await stop(life);
        const ledger = life.processor.ledger();
        expectIdentity(ledger);
        expect(ledger).to.deep.include({ pending: 0, stored: 0 });
        await stop(neighbor);
        expectIdentity(neighbor.processor.ledger());
        expect(neighbor.processor.ledger()).to.deep.include({ pending: 0, stored: 0, recovered: 0 });
        expect([...arrived].every(uuid => taken.has(uuid))).to.equal(true);
        expect(taken.size - arrived.size).to.equal(lost);
        expect(disk.records.size).to.equal(0);
      }),
      {
        numRuns: 400,
        examples: [
          // More held than memory has room for; in the next life the disk refuses the resolved copies.
          [
            [
              { do: 'record', count: 6 },
              { do: 'record', count: 5 },
              { do: 'restart' },
              { do: 'disk', refuse: 'failed' },
            ],
            false,
          ],
        ],
      },
    );
  });

  afterEach(async () => {
    for (const processor of made.splice(0)) void processor.shutdown();
    await settle();
  });
});
