// SPDX-License-Identifier: Apache-2.0
import { setMaxListeners } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { FAULTS as DESTINATION_FAULTS } from '../../../../../test/chaos/faults.js';
import { FaultyEndpoint, type Outcome } from '../../../../../test/chaos/faulty-endpoint.js';
import { Random } from '../../../../../test/chaos/random.js';
import { makeDatafile } from '../../../../../test/support/datafile.js';
import { endLeftovers } from '../gateway-process.js';
import { type BookTotals, ReceiptBook } from '../receipt-book.js';
import { sendAll } from '../repeating-sender.js';
import { SENDERS } from '../sent-request.js';
import { App } from './app.js';
import { endApps } from './app-process.js';
import { Field, STREAM } from './fault.js';
import { FAULTS, type FaultName, planFaults } from './fault-plan.js';
import { Fleet } from './fleet.js';
import { NatsCluster } from './nats-cluster.js';
import { Pace } from './pace.js';

export interface RelayRunOptions {
  readonly events: number;
  /** NATS servers, each with a copy of the stream. */
  readonly servers: 1 | 3;
  readonly faults: number;
  readonly kinds: readonly FaultName[];
  readonly seed: number;
  readonly eventsPerSecond: number;
  readonly ackWaitMillis: number;
  /** How long faults last, compared with those of the command. */
  readonly pace: number;
  /** Ends the run: what is not delivered then counts as missing. */
  readonly limit: AbortSignal;
  readonly onProgress?: (report: RelayReport) => void;
}

export interface RelayReport extends BookTotals {
  /** By kind, and how many can't be done on this machine or could not then. */
  readonly faults: ReadonlyMap<FaultName, number>;
  readonly notDone: ReadonlyMap<FaultName, number>;
  readonly fault: FaultName | undefined;
  /** What senders were answered. */
  readonly answers: ReadonlyMap<string, number>;
  /** What the endpoint did. */
  readonly outcomes: ReadonlyMap<Outcome, number>;
  /** Events that an application tried to record while its bounds were reached. */
  readonly turnedAway: number;
  /** Messages that stayed in the stream though they were acknowledged, until they are too old. */
  readonly left: number;
  readonly seconds: number;
  readonly violations: readonly string[];
}

const APPS = 3;
const EVENTS_PER_REQUEST = 20;
/** Of the applications; the last one has a store, and least room in memory. */
const MAX_QUEUE_SIZES = [20_000, 2_000, 1_000];
const STREAM_BYTES = 6_000_000;
const TOO_LARGE_BYTES = 20_000;
const PROGRESS_MILLIS = 5_000;
const POLL_MILLIS = 100;
/** Messages that were acknowledged while the stream had no leader come again, after the ack wait. */
const LONGEST_EMPTYING_MILLIS = 60_000;

/**
 * Three applications and two receiving gateways fill a stream, two delivering gateways empty it, and all of them, the
 * NATS servers, what is between them, and the destination fail: at the end each event with a receipt was counted once,
 * and no other.
 */
export async function runRelayFaults(options: RelayRunOptions): Promise<RelayReport> {
  const run = new RelayRun(options);
  const progress = setInterval(() => options.onProgress?.(run.report()), PROGRESS_MILLIS);
  try {
    await run.run();
  } finally {
    clearInterval(progress);
    await run.close();
  }
  return run.report();
}

class RelayRun {
  readonly #options: RelayRunOptions;
  readonly #folder = mkdtempSync(join(tmpdir(), 'relay-faults-'));
  readonly #book = new ReceiptBook();
  readonly #random: Random;
  readonly #endpoint: FaultyEndpoint;
  readonly #answers = { counts: new Map<string, number>() };
  readonly #faults = new Map<FaultName, number>();
  readonly #notDone = new Map<FaultName, number>();
  readonly #startedAt = performance.now();
  readonly #limit: AbortSignal;
  readonly #pace: Pace;
  #cluster: NatsCluster | undefined;
  #apps: App[] = [];
  #fault: FaultName | undefined;
  #left = 0;

  constructor(options: RelayRunOptions) {
    this.#options = options;
    this.#random = new Random(options.seed);
    this.#endpoint = new FaultyEndpoint(
      this.#book,
      new Random(options.seed + 1),
      DESTINATION_FAULTS,
      TOO_LARGE_BYTES,
    );
    this.#limit = options.limit;
    // One a request in flight.
    setMaxListeners(0, this.#limit);
    this.#pace = new Pace(options.eventsPerSecond, this.#limit);
  }

  async run(): Promise<void> {
    const { events, servers } = this.#options;
    writeFileSync(join(this.#folder, 'datafile.json'), JSON.stringify(makeDatafile()));
    await this.#endpoint.open();
    const cluster = await NatsCluster.start(servers);
    this.#cluster = cluster;
    const fleet = this.#fleet(cluster);
    await fleet.start();
    this.#apps = Array.from({ length: APPS }, (_, number) => this.#app(number, cluster));
    const sending = Promise.all([
      ...this.#apps.map(app => app.run()),
      ...SENDERS.map(kind => this.#send(kind, fleet)),
    ]);
    await Promise.all([sending, this.#fail(cluster, fleet)]);
    this.#endpoint.healthy = true;
    while (this.#book.totals().missing > 0 && !this.#limit.aborted) await pause(POLL_MILLIS);
    await this.#end(cluster, fleet);
    this.#book.check();
    const { receipts } = this.#book.totals();
    if (receipts < events) this.#book.violate(`${events - receipts} events got no receipt in time`);
  }

  async close(): Promise<void> {
    await endApps();
    await endLeftovers();
    await this.#endpoint.close();
    await this.#cluster?.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  report(): RelayReport {
    return {
      ...this.#book.totals(),
      faults: this.#faults,
      notDone: this.#notDone,
      fault: this.#fault,
      answers: this.#answers.counts,
      outcomes: this.#endpoint.outcomes,
      turnedAway: this.#apps.reduce((sum, { refused }) => sum + refused, 0),
      left: this.#left,
      seconds: (performance.now() - this.#startedAt) / 1_000,
      violations: this.#book.violations,
    };
  }

  async #fail(cluster: NatsCluster, fleet: Fleet): Promise<void> {
    const { events, faults, kinds, ackWaitMillis, pace } = this.#options;
    const field = new Field({
      cluster,
      fleet,
      endpoint: this.#endpoint,
      app: this.#apps.at(-1) as App,
      random: this.#random,
      ackWaitMillis,
      pace,
      signal: this.#limit,
    });
    const plan = planFaults(kinds, faults, this.#random);
    for (const [index, name] of plan.entries()) {
      if (this.#limit.aborted) return;
      this.#pace.allowance = (events * (index + 1)) / (plan.length + 1);
      await field.last(300, 2_000);
      this.#fault = name;
      const counts = (await FAULTS[name](field)) === false ? this.#notDone : this.#faults;
      counts.set(name, (counts.get(name) ?? 0) + 1);
      this.#fault = undefined;
    }
    this.#pace.allowance = Number.POSITIVE_INFINITY;
  }

  async #end(cluster: NatsCluster, fleet: Fleet): Promise<void> {
    const limit = performance.now() + LONGEST_EMPTYING_MILLIS;
    for (const app of this.#apps) await app.end();
    while (!(await isDone(cluster)) && performance.now() < limit) await pause(POLL_MILLIS);
    this.#left = (await cluster.stream(STREAM))?.state.messages ?? Number.NaN;
    await fleet.end();
  }

  #fleet(cluster: NatsCluster): Fleet {
    const { servers, ackWaitMillis } = this.#options;
    return new Fleet({
      receivers: 2,
      deliverers: 2,
      folder: this.#folder,
      endpoint: this.#endpoint.url,
      relay: { servers: cluster.urls, replicas: servers, maxBytes: STREAM_BYTES, ackWaitMillis },
      project: { requestTimeoutMillis: 2_000 },
      book: this.#book,
    });
  }

  #app(number: number, cluster: NatsCluster): App {
    const { events, servers } = this.#options;
    return new App({
      number,
      events: Math.floor(events / (2 * APPS)),
      poisonEvery: this.#poisonEvery(),
      order: {
        processor: {
          datafile: makeDatafile(),
          batchSize: 50,
          flushIntervalMillis: 500,
          maxQueueSize: MAX_QUEUE_SIZES[number],
          retry: { initialDelayMillis: 100, maxDelayMillis: 2_000 },
        },
        dispatcher: { servers: cluster.urls, replicas: servers, maxBytes: STREAM_BYTES },
        storeDirectory: number === APPS - 1 ? join(this.#folder, 'store') : undefined,
      },
      book: this.#book,
      pace: this.#pace.wait,
      signal: this.#limit,
    });
  }

  #send(kind: (typeof SENDERS)[number], fleet: Fleet): Promise<void> {
    const { events } = this.#options;
    const ports = fleet.receivers.map(({ port }) => port);
    const isOdd = SENDERS.indexOf(kind) % 2 === 1;
    return sendAll(
      {
        kind,
        events: Math.ceil((events - APPS * Math.floor(events / (2 * APPS))) / SENDERS.length),
        eventsPerRequest: EVENTS_PER_REQUEST,
        requestsAtOnce: 16,
        poisonEvery: this.#poisonEvery(),
        ports: isOdd ? ports.toReversed() : ports,
        book: this.#book,
        signal: this.#limit,
        turn: () => this.#pace.wait(EVENTS_PER_REQUEST),
      },
      this.#answers,
    );
  }

  /** Each costs a dozen requests, and each of those may fail: twenty a sender are enough. */
  #poisonEvery(): number {
    return Math.max(137, Math.floor(this.#options.events / 140));
  }
}

/** Whether the gateways have nothing more to get. What is then left in the stream was acknowledged. */
async function isDone(cluster: NatsCluster): Promise<boolean> {
  const consumer = await cluster.consumer(STREAM);
  return consumer !== undefined && consumer.num_pending + consumer.num_ack_pending === 0;
}
