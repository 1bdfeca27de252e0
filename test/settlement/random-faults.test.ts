// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import fc from 'fast-check';
import {
  type DropReason,
  type EventQueue,
  type ExperimentEvent,
  type LogEvent,
  NotificationCenter,
  NotificationType,
  OptimizelySpanProcessor,
  type OptimizelySpanProcessorOptions,
  type SerializedEvent,
  StaticProjectConfigManager,
} from 'opentelemetry-exporter-optimizely';
import { makeDatafile } from '../support/datafile.js';
import {
  makeContext,
  makeUserEvent,
  RecordingDispatcher,
  RecordingLogger,
  uuidsIn,
} from '../support/fakes.js';
import { ManualRuntime } from '../support/manual-runtime.js';
import { Disk, MemoryStore } from '../support/memory-store.js';
import { SEED } from '../support/seed.js';
import { RecordingSettlement, tallyOf } from '../support/settlements.js';

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('receive' as const),
      key: fc.constantFrom('purchase', 'purchase', 'purchase', 'nothing', 'private', 'poison', 'big'),
      count: fc.integer({ min: 1, max: 6 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('process' as const),
      revision: fc.constantFrom('1', '2'),
      count: fc.integer({ min: 1, max: 6 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('advance' as const), millis: fc.nat(20_000) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('answer' as const),
      status: fc.constantFrom(204, 503, 400, 413, 401, 'reset' as const, 'nothing' as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('datafile' as const), revision: fc.constantFrom('8', '9') }),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'flush' as const }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('disk' as const),
      refuse: fc.constantFrom(undefined, 'full' as const, 'failed' as const),
    }),
  },
);

/** Gives back copies, refuses some, and keeps some for itself. */
function makeQueue(): EventQueue {
  const texts: string[] = [];
  let calls = 0;
  return {
    get size() {
      return texts.length;
    },
    enqueue({ type, uuid, context, json, byteLength, acceptedAt, ticket }) {
      calls++;
      if (calls % 7 === 0) return false;
      if (calls % 11 !== 0)
        texts.push(JSON.stringify({ type, uuid, context, json, byteLength, acceptedAt, ticket }));
      return true;
    },
    dequeue: () => {
      const text = texts.shift();
      return text === undefined ? undefined : JSON.parse(text);
    },
  };
}

interface Handed {
  readonly uuid: string;
  readonly settlement: RecordingSettlement;
}

function makeLife(options: Partial<OptimizelySpanProcessorOptions>, withDatafile: boolean) {
  const [runtime, dispatcher] = [new ManualRuntime(), new RecordingDispatcher()];
  const manager = new StaticProjectConfigManager(withDatafile ? { datafile: makeDatafile() } : {});
  const notificationCenter = new NotificationCenter({ logger: new RecordingLogger() });
  const told: string[] = [];
  notificationCenter.addNotificationListener(NotificationType.EVENTS_DELIVERED, ({ uuids }) =>
    told.push(...uuids),
  );
  const processor = new OptimizelySpanProcessor({
    projectConfigManager: manager,
    eventDispatcher: dispatcher,
    notificationCenter,
    logger: new RecordingLogger(),
    runtime,
    batchSize: 3,
    maxQueueSize: 12,
    maxPayloadBytes: 2_000,
    retry: { maxAgeMillis: 30_000 },
    beforeSend: event => (event.type === 'conversion' && event.eventKey === 'private' ? null : event),
    ...options,
  } as OptimizelySpanProcessorOptions);
  const arrived = new Set<string>();
  const state = { status: 204 as number | 'reset' | 'nothing' };
  dispatcher.answer = (_attempt, logEvent: LogEvent) => {
    const { status } = state;
    if (status === 'reset') throw new Error('reset');
    if (status === 'nothing') return new Promise(() => {});
    if (status === 204 && logEvent.body.includes('poison')) return { statusCode: 400 };
    if (status === 204) for (const uuid of uuidsIn([logEvent.params])) arrived.add(uuid);
    return { statusCode: status };
  };
  const handed: Handed[] = [];
  const receive = (key: string) => {
    const uuid = `${key}-${handed.length}`;
    const event = {
      type: 'conversion',
      userId: 'v',
      uuid,
      timestamp: 1_700_000_000_000,
      eventKey: key === 'private' || key === 'nothing' ? key : 'purchase',
      tags: key === 'big' ? { text: 'x'.repeat(2_000) } : undefined,
    };
    const settlement = new RecordingSettlement();
    handed.push({ uuid, settlement });
    processor.receive(event as ExperimentEvent, settlement);
  };
  const process = (overrides: Partial<SerializedEvent>) => {
    const uuid = `resolved-${handed.length}`;
    const settlement = new RecordingSettlement();
    handed.push({ uuid, settlement });
    const event = makeUserEvent({ ...overrides, uuid, acceptedAt: runtime.monotonic(), settlement });
    const shown = {
      type: 'conversion',
      userId: 'v',
      uuid,
      timestamp: 1_700_000_000_000,
      eventKey: 'purchase',
    };
    processor.process(event, shown as ExperimentEvent, null);
  };
  return { processor, runtime, manager, state, arrived, told, handed, receive, process };
}

describe('each event that was handed over', () => {
  it('is settled once, as the ledger counts it, whatever fails', async () => {
    const storage = fc.constantFrom('memory', 'store', 'queue');
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 40 }),
        fc.boolean(),
        storage,
        async (steps, withDatafile, kind) => {
          const [disk, eventStore] = [new Disk(), undefined as MemoryStore | undefined];
          const store = kind === 'store' ? new MemoryStore(disk) : eventStore;
          const options = { eventStore: store, eventQueue: kind === 'queue' ? makeQueue() : undefined };
          const life = makeLife(options, withDatafile);
          for (const each of steps) {
            if (each.do === 'receive') for (let n = 0; n < each.count; n++) life.receive(each.key);
            else if (each.do === 'process')
              for (let n = 0; n < each.count; n++)
                life.process({ context: makeContext({ revision: each.revision }) });
            else if (each.do === 'advance') await life.runtime.advance(each.millis);
            else if (each.do === 'answer') life.state.status = each.status;
            else if (each.do === 'datafile')
              life.manager.setDatafile(makeDatafile({ revision: each.revision }));
            else if (each.do === 'disk' && store !== undefined) store.refuse = each.refuse;
            else if (each.do === 'flush') void life.processor.forceFlush();
            expectSoFar(life);
          }
          const stopping = life.processor.shutdown();
          await life.runtime.advance(10_000);
          await stopping;
          life.receive('purchase');
          expectSoFar(life);
          expectInTheEnd(life);
        },
      ),
      { seed: SEED, numRuns: 300 },
    );
  });
});

type Life = ReturnType<typeof makeLife>;

/** What is settled is no longer pending, and the other way round. */
function expectSoFar({ processor, handed }: Life): void {
  const { recorded, pending, stored } = processor.ledger();
  const settled = handed.filter(({ settlement }) => settlement.outcomes.length > 0).length;
  expect(recorded).to.equal(handed.length);
  expect(handed.length - settled, 'unsettled').to.be.at.most(pending);
  expect(settled, 'settled').to.be.at.least(recorded - pending - stored - settledAsStored(handed));
}

function settledAsStored(handed: readonly Handed[]): number {
  return handed.filter(({ settlement }) => settlement.outcomes.includes('stored')).length;
}

function expectInTheEnd({ processor, handed, arrived, told }: Life): void {
  const ledger = processor.ledger();
  const tally = tallyOf(handed.map(({ settlement }) => settlement));
  for (const { uuid, settlement } of handed) {
    expect(settlement.outcomes, uuid).to.have.length(1);
    if (settlement.outcomes[0] === 'delivered') expect(arrived.has(uuid), uuid).to.equal(true);
    if (settlement.outcomes[0] === 'stored') expect(settlement.storedCount, uuid).to.equal(1);
  }
  // What lived in the store alone may have been delivered or dropped after that.
  const { stored: throughStore = 0, delivered = 0, ...dropped } = tally;
  let later = ledger.delivered - delivered;
  expect(later).to.be.at.least(0);
  for (const reason of Object.keys({ ...dropped, ...ledger.dropped }) as DropReason[]) {
    const difference = (ledger.dropped[reason] ?? 0) - (dropped[reason] ?? 0);
    expect(difference, reason).to.be.at.least(0);
    later += difference;
  }
  expect(later + ledger.stored).to.equal(throughStore);
  expect(ledger.pending).to.equal(0);
  expect(told).to.have.length(ledger.delivered);
  expect(told.every(uuid => arrived.has(uuid))).to.equal(true);
}
