// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import {
  type EventDispatcher,
  FileEventStore,
  type LedgerSnapshot,
  OptimizelySpanProcessor,
  type OptimizelySpanProcessorOptions,
  StaticProjectConfigManager,
} from 'opentelemetry-exporter-optimizely';
import { makeDatafile } from '../support/datafile.js';
import { ManualExporter, RecordingLogger, uuidsIn } from '../support/fakes.js';
import { startServer } from '../support/hostile-server.js';
import { ManualRuntime, settle } from '../support/manual-runtime.js';

const EVENTS = 105;
const LIMIT_MILLIS = 5_000;

async function hasSettled(promise: Promise<unknown>): Promise<boolean> {
  let done = false;
  void promise.then(() => {
    done = true;
  });
  await settle();
  return done;
}

describe('shutdown', () => {
  let directory: string;
  let over = false;

  beforeEach(() => {
    over = false;
    directory = mkdtempSync(join(tmpdir(), 'shutdown-'));
  });

  afterEach(() => {
    over = true;
    rmSync(directory, { recursive: true, force: true });
  });

  /** Waits while the test runs, for what the store does on its own. */
  async function until(condition: () => boolean): Promise<void> {
    while (!over && !condition()) await settle();
  }

  function makeProcessor(options: Partial<OptimizelySpanProcessorOptions>) {
    const logger = new RecordingLogger();
    const processor = new OptimizelySpanProcessor({
      datafile: makeDatafile(),
      timeoutIntervalMillis: LIMIT_MILLIS,
      logger,
      ...options,
    });
    return { processor, logger };
  }

  /** 84 impressions and 21 conversions. */
  function record(processor: OptimizelySpanProcessor): (string | undefined)[] {
    return Array.from({ length: EVENTS }, (_, n) =>
      n % 5 === 4
        ? processor.recordConversion({ userId: `visitor-${n}`, eventKey: 'purchase' })
        : processor.recordImpression({
            userId: `visitor-${n}`,
            flagKey: 'checkout',
            ruleKey: 'checkout_test',
            variationKey: 'control',
          }),
    );
  }

  const newStore = () => new FileEventStore({ directory });

  function expectLedger(processor: OptimizelySpanProcessor, expected: Partial<LedgerSnapshot>): void {
    const ledger = processor.ledger();
    expect(ledger).to.deep.include({ pending: 0, dropped: {}, ...expected });
    const { recorded, recovered, delivered, stored, pending, dropped } = ledger;
    const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0);
    expect(recorded + recovered).to.equal(delivered + stored + pending + lost);
  }

  it('loses none of 105 events to an endpoint that answers 503 for the first 2 s of 5', async () => {
    let healthyFrom = Number.POSITIVE_INFINITY;
    let refusals = 0;
    const received: string[] = [];
    const server = await startServer(() => (response, { body }) => {
      const healthy = performance.now() >= healthyFrom;
      if (healthy) received.push(...uuidsIn([JSON.parse(body)]));
      else refusals++;
      response.writeHead(healthy ? 204 : 503).end();
    });
    try {
      const { processor } = makeProcessor({ endpoint: server.url });
      const uuids = record(processor);
      healthyFrom = performance.now() + 2_000;
      await processor.shutdown();
      expectLedger(processor, { recorded: EVENTS, delivered: EVENTS, stored: 0 });
      expect(received).to.have.members(uuids);
      expect(refusals).to.be.above(0);
    } finally {
      await server.close();
    }
  });

  it('leaves to the next process what a dead endpoint did not take', async () => {
    const dead = await startServer();
    const alive = await startServer();
    try {
      // From now on nobody listens there.
      await dead.close();
      const first = makeProcessor({
        endpoint: dead.url,
        timeoutIntervalMillis: 200,
        eventStore: newStore(),
      }).processor;
      const uuids = record(first);
      await first.shutdown();
      expectLedger(first, { recorded: EVENTS, delivered: 0, stored: EVENTS });
      expect(readdirSync(directory)).to.have.length(1);

      const second = makeProcessor({ endpoint: alive.url, eventStore: newStore() }).processor;
      await until(() => second.ledger().recovered === EVENTS);
      await second.forceFlush();
      expectLedger(second, { recorded: 0, recovered: EVENTS, delivered: EVENTS, stored: 0 });
      await second.shutdown();
      expect(uuidsIn(alive.requests.map(({ body }) => JSON.parse(body)))).to.have.members(uuids);
      expect(readdirSync(directory)).to.deep.equal([]);
    } finally {
      await alive.close();
    }
  });

  const refusing: EventDispatcher = {
    dispatchEvent: () => Promise.reject(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })),
  };
  /** Obeys no signal. */
  const hung: EventDispatcher = { dispatchEvent: () => new Promise(() => {}) };

  for (const [name, eventDispatcher] of [
    ['a dead endpoint', refusing],
    ['a hung dispatcher', hung],
  ] as const) {
    for (const stored of [true, false]) {
      const fate = stored ? 'stores' : 'counts';
      it(`keeps its limit with ${name}, and ${fate} what is left`, async () => {
        const runtime = new ManualRuntime();
        const { processor, logger } = makeProcessor({
          eventDispatcher,
          runtime,
          ...(stored && { eventStore: newStore() }),
        });
        record(processor);
        const shutdown = processor.shutdown();
        await runtime.advance(LIMIT_MILLIS - 1);
        expect(await hasSettled(shutdown)).to.equal(false);
        await runtime.advance(1);
        // No timer is left to wait for: it settles now, or never.
        await shutdown;
        const ending = stored ? { stored: EVENTS } : { stored: 0, dropped: { shutdown_timeout: EVENTS } };
        expectLedger(processor, { recorded: EVENTS, delivered: 0, ...ending });
        expect(logger.at('error').join('\n')).to.include(`events undelivered: ${EVENTS},`);
        expect(runtime.armed).to.equal(0);
      });
    }
  }

  it('is not held up by an exporter whose forceFlush() and shutdown() never settle', async () => {
    const runtime = new ManualRuntime();
    const never = () => new Promise<void>(() => {});
    const exporter = Object.assign(new ManualExporter(), { forceFlush: never, shutdown: never });
    const { processor } = makeProcessor({ exporter, runtime, eventStore: newStore() });
    record(processor);
    const shutdown = processor.shutdown();
    await runtime.advance(LIMIT_MILLIS);
    await shutdown;
    expectLedger(processor, { recorded: EVENTS, delivered: 0, stored: EVENTS });
    expect(runtime.armed).to.equal(0);
  });

  it('leaves to the next process what still waits for a datafile', async () => {
    const server = await startServer();
    try {
      const first = makeProcessor({
        endpoint: server.url,
        datafile: undefined,
        projectConfigManager: new StaticProjectConfigManager(),
        timeoutIntervalMillis: 50,
        eventStore: newStore(),
      }).processor;
      const uuids = record(first);
      await first.shutdown();
      expectLedger(first, { recorded: EVENTS, stored: EVENTS });

      const second = makeProcessor({ endpoint: server.url, eventStore: newStore() }).processor;
      await until(() => second.ledger().recovered === EVENTS);
      await second.forceFlush();
      expectLedger(second, { recovered: EVENTS, delivered: EVENTS, stored: 0 });
      await second.shutdown();
      expect(uuidsIn(server.requests.map(({ body }) => JSON.parse(body)))).to.have.members(uuids);
    } finally {
      await server.close();
    }
  });
});
