// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import {
  type Conversion,
  type LedgerSnapshot,
  OptimizelySpanProcessor,
  type OptimizelySpanProcessorOptions,
  StaticProjectConfigManager,
} from 'opentelemetry-exporter-optimizely';
import { makeDatafile } from './support/datafile.js';
import { RecordingDispatcher, RecordingLogger } from './support/fakes.js';
import { ManualRuntime } from './support/manual-runtime.js';
import { Disk, MemoryStore } from './support/memory-store.js';

const HOUR = 3_600_000;
const made: OptimizelySpanProcessor[] = [];

/** A life of a service that gets its datafile when the test gives it one. */
function makeLife(options: Partial<OptimizelySpanProcessorOptions> & { disk: Disk; runtime: ManualRuntime }) {
  const { disk, runtime, ...rest } = options;
  const dispatcher = new RecordingDispatcher();
  const store = new MemoryStore(disk);
  const manager = new StaticProjectConfigManager();
  const logger = new RecordingLogger();
  const processor = new OptimizelySpanProcessor({
    projectConfigManager: manager,
    eventDispatcher: dispatcher,
    eventStore: store,
    logger,
    runtime,
    ...rest,
  });
  made.push(processor);
  return {
    processor,
    dispatcher,
    store,
    logger,
    record: (conversion: Partial<Conversion> = {}) =>
      processor.recordConversion({ userId: 'v', eventKey: 'purchase', ...conversion }),
    giveDatafile: () => manager.setDatafile(makeDatafile()),
    down: () => {
      dispatcher.answer = () => ({ statusCode: 503 });
    },
    async end() {
      const ended = processor.shutdown();
      await runtime.advance(5_000);
      await ended;
    },
  };
}

function expectIdentity(ledger: LedgerSnapshot): void {
  const dropped = Object.values(ledger.dropped).reduce((sum, count) => sum + count, 0);
  const { recorded, recovered, delivered, stored, pending } = ledger;
  expect(delivered + stored + pending + dropped).to.equal(recorded + recovered);
}

describe('an event in the event store', () => {
  let disk: Disk;
  let runtime: ManualRuntime;

  beforeEach(() => {
    disk = new Disk();
    runtime = new ManualRuntime();
  });
  afterEach(async () => {
    const ended = Promise.all(made.splice(0).map(processor => processor.shutdown()));
    await runtime.advance(5_000);
    await ended;
  });

  const kinds = () => [...disk.records.values()].map(({ kind, acceptedAt }) => ({ kind, acceptedAt }));

  it('was accepted when it was recorded, however late its datafile comes', async () => {
    const acceptedAt = runtime.now();
    const { record, giveDatafile, down } = makeLife({ disk, runtime });
    down();
    record();
    expect(kinds()).to.deep.equal([{ kind: 'unresolved', acceptedAt }]);
    await runtime.advance(3 * HOUR);
    giveDatafile();
    await runtime.advance(0);
    expect(kinds()).to.deep.equal([{ kind: 'resolved', acceptedAt }]);
  });

  it('was accepted when it was recorded, in whatever life it is resolved', async () => {
    const acceptedAt = runtime.now();
    const first = makeLife({ disk, runtime });
    first.record();
    await first.end();
    await runtime.advance(3 * HOUR);
    const second = makeLife({ disk, runtime });
    second.down();
    second.giveDatafile();
    await runtime.advance(2_000);
    expect(kinds()).to.deep.equal([{ kind: 'resolved', acceptedAt }]);
    await second.end();
    await runtime.advance(20 * HOUR);
    const third = makeLife({ disk, runtime });
    third.giveDatafile();
    await runtime.advance(2_000);
    expect(third.processor.ledger(), 'within a day').to.deep.include({ delivered: 1, dropped: {} });
  });

  it('expires a day after it was recorded, in whatever life it was resolved', async () => {
    const first = makeLife({ disk, runtime });
    first.record();
    await first.end();
    await runtime.advance(12 * HOUR);
    const second = makeLife({ disk, runtime });
    second.down();
    second.giveDatafile();
    await runtime.advance(2_000);
    await second.end();
    await runtime.advance(12 * HOUR);
    const third = makeLife({ disk, runtime });
    third.giveDatafile();
    await runtime.advance(2_000);
    expect(third.processor.ledger()).to.deep.include({ delivered: 0, dropped: { expired: 1 } });
    expect(disk.records.size).to.equal(0);
  });

  it('is read with a quarter of what memory takes at most', async () => {
    const first = makeLife({ disk, runtime });
    first.giveDatafile();
    first.down();
    for (let n = 0; n < 40; n++) first.record({ tags: { text: 'x'.repeat(10_000) } });
    await first.end();
    expect(disk.records.size).to.equal(40);

    const maxQueueBytes = 200_000;
    const second = makeLife({ disk, runtime, maxQueueBytes });
    const pages: { limits: { maxEvents: number; maxBytes: number }; bytes: number }[] = [];
    const read = second.store.read.bind(second.store);
    second.store.read = async limits => {
      const records = await read(limits);
      const bytes = records.reduce((sum, { event }) => sum + JSON.stringify(event).length, 0);
      pages.push({ limits, bytes });
      return records;
    };
    second.giveDatafile();
    while (disk.records.size > 0) await runtime.advance(1_000);
    for (const { limits, bytes } of pages) {
      expect(limits.maxBytes).to.equal(maxQueueBytes / 4);
      expect(bytes).to.be.at.most(maxQueueBytes / 4);
    }
    expect(second.processor.ledger()).to.deep.include({ recovered: 40, delivered: 40 });
  });

  const unsendable = [
    { what: 'is not in the datafile', conversion: { eventKey: 'unknown' }, reason: 'unknown_key' },
    { what: 'is too large', conversion: { tags: { text: 'x'.repeat(5_000) } }, reason: 'too_large' },
  ] as const;
  for (const { what, conversion, reason } of unsendable) {
    it(`is removed where it ${what}, which turns out when the datafile comes`, async () => {
      const { processor, record, giveDatafile } = makeLife({ disk, runtime, maxPayloadBytes: 4_000 });
      record(conversion);
      expect(disk.records.size).to.equal(1);
      giveDatafile();
      await runtime.advance(1_000);
      expect(processor.ledger()).to.deep.include({ pending: 0, stored: 0, dropped: { [reason]: 1 } });
      expect(disk.records.size, 'it would come back in every later life').to.equal(0);
    });

    it(`is removed where it ${what}, which turns out in a later life`, async () => {
      const first = makeLife({ disk, runtime });
      first.record(conversion);
      await first.end();
      const second = makeLife({ disk, runtime, maxPayloadBytes: 4_000 });
      second.giveDatafile();
      await runtime.advance(2_000);
      expect(second.processor.ledger()).to.deep.include({ pending: 0, stored: 0, dropped: { [reason]: 1 } });
      expectIdentity(second.processor.ledger());
      expect(disk.records.size, 'it would come back in every later life').to.equal(0);
    });
  }

  it('is dropped where another program made it so that it cannot be resolved, and the others are delivered', async () => {
    const first = makeLife({ disk, runtime });
    first.record({ userId: 'before' });
    first.record({ userId: 'broken' });
    first.record({ userId: 'after' });
    await first.end();
    for (const [ticket, stored] of disk.records) {
      if (stored.kind !== 'unresolved' || stored.event.userId !== 'broken') continue;
      const event = { ...stored.event, type: 'impression', flagKey: 'checkout', ruleType: '__proto__' };
      const rest = { ruleKey: '', variationKey: 'control', enabled: true };
      disk.records.set(ticket, { ...stored, event: { ...event, ...rest } as never });
    }
    const second = makeLife({ disk, runtime });
    second.giveDatafile();
    await runtime.advance(2_000);
    expectIdentity(second.processor.ledger());
    expect(second.processor.ledger()).to.deep.include({ delivered: 2, stored: 0, pending: 0 });
    expect(second.dispatcher.visitors.map(visitor => visitor.visitor_id)).to.deep.equal(['before', 'after']);
    expect(second.logger.at('warn').filter(line => line.includes('stored event'))).to.deep.equal([
      "a stored event can't be resolved and is dropped (TypeError)",
    ]);
    expect(disk.records.size, 'it would come back in every later life').to.equal(0);
  });

  it('expires a day after it came back, where the clock was set back since it was recorded', async () => {
    const first = makeLife({ disk, runtime });
    first.record();
    await first.end();
    // A machine of its own, whose clock is two days behind.
    runtime = new ManualRuntime();
    for (const [ticket, stored] of disk.records) {
      disk.records.set(ticket, { ...stored, acceptedAt: runtime.now() + 48 * HOUR });
    }
    const second = makeLife({ disk, runtime });
    second.down();
    second.giveDatafile();
    await runtime.advance(23 * HOUR);
    expect(second.processor.ledger()).to.deep.include({ pending: 1, dropped: {} });
    await runtime.advance(2 * HOUR);
    expect(second.processor.ledger()).to.deep.include({ pending: 0, dropped: { expired: 1 } });
  });
});
