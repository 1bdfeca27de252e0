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
import { runToEnd } from '../run-to-end.js';
import { endApps } from './app-process.js';
import { Field, STREAM, SUBJECT } from './fault.js';
import { FAULTS, type FaultName, planFaults } from './fault-plan.js';
import { MessageHistory } from './message-history.js';
import { NatsCluster } from './nats-cluster.js';
import { Pace } from './pace.js';
import { Participants } from './participants.js';

export interface RelayRunOptions {
  readonly events: number;
  /** NATS servers. */
  readonly servers: 1 | 3;
  /** Of the stream. */
  readonly copies: 1 | 3;
  readonly faults: number;
  readonly kinds: readonly FaultName[];
  readonly seed: number;
  readonly eventsPerSecond: number;
  readonly ackWaitMillis: number;
  /** How long faults last, compared with those of the command. */
  readonly pace: number;
  /** Ends the run: what is not delivered then counts as missing. */
  readonly limit: AbortSignal;
  /** Where the logs of the NATS servers are kept. */
  readonly logFolder?: string | undefined;
  readonly onProgress?: (report: RelayReport) => void;
}

export interface RelayReport extends BookTotals {
  /** By kind. */
  readonly faults: ReadonlyMap<FaultName, number>;
  /** Those that this machine does not bear, or that could not be done then. */
  readonly notDone: ReadonlyMap<FaultName, number>;
  /** The present one. */
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
  /** Of the messages with events that are missing at the end: how far each came. */
  readonly explanations: readonly string[];
}

const TOO_LARGE_BYTES = 20_000;
const POLL_MILLIS = 100;
/** Messages whose acknowledgment was lost come again after the ack wait. */
/** A gateway finds within a minute what its consumer left behind. */
const LONGEST_STANDSTILL_MILLIS = 120_000;
const LONGEST_EMPTYING_MILLIS = 60_000;

/**
 * Three applications and two receiving gateways fill a stream, two delivering gateways empty it, and all of them, the
 * NATS servers, what is between them, and the destination fail: at the end each event with a receipt was counted once,
 * and no other.
 */
export async function runRelayFaults(options: RelayRunOptions): Promise<RelayReport> {
  const run = new RelayRun(options);
  return runToEnd(run, options.onProgress);
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
  readonly #history = new MessageHistory(STREAM, SUBJECT, () => this.#seconds);
  readonly #closing = new AbortController();
  readonly #pace: Pace;
  #cluster: NatsCluster | undefined;
  #participants: Participants | undefined;
  #fault: FaultName | undefined;
  #left = 0;
  #explanations: readonly string[] = [];

  constructor(options: RelayRunOptions) {
    const { seed, eventsPerSecond } = options;
    const limit = AbortSignal.any([options.limit, this.#closing.signal]);
    this.#options = { ...options, limit };
    this.#random = new Random(seed);
    const chance = new Random(seed + 1);
    this.#endpoint = new FaultyEndpoint(this.#book, chance, DESTINATION_FAULTS, TOO_LARGE_BYTES);
    // One a request in flight.
    setMaxListeners(0, limit);
    this.#pace = new Pace(eventsPerSecond, limit);
  }

  async run(): Promise<void> {
    const { events, servers, limit } = this.#options;
    writeFileSync(join(this.#folder, 'datafile.json'), JSON.stringify(makeDatafile()));
    await this.#endpoint.open();
    const cluster = await NatsCluster.start({
      size: servers,
      tap: server => this.#history.tap(server),
      logFolder: this.#options.logFolder,
    });
    this.#cluster = cluster;
    const participants = this.#participantsOver(cluster);
    this.#participants = participants;
    await participants.start();
    await Promise.all([participants.send(), this.#fail(cluster, participants)]);
    this.#endpoint.healthy = true;
    await this.#delivered();
    if (!limit.aborted) await participants.endApps();
    await this.#empty(cluster);
    await participants.fleet.end();
    this.#book.check(events);
    this.#explanations = this.#history.explain(this.#book.missing());
  }

  async close(): Promise<void> {
    this.#closing.abort();
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
      turnedAway: this.#participants?.turnedAway ?? 0,
      left: this.#left,
      seconds: this.#seconds,
      violations: this.#book.violations,
      explanations: this.#explanations,
    };
  }

  get #seconds(): number {
    return (performance.now() - this.#startedAt) / 1_000;
  }

  #participantsOver(cluster: NatsCluster): Participants {
    const { events, copies, ackWaitMillis, limit } = this.#options;
    return new Participants({
      events,
      replicas: copies,
      servers: cluster.urls,
      ackWaitMillis,
      folder: this.#folder,
      endpoint: this.#endpoint.url,
      book: this.#book,
      answers: this.#answers,
      pace: this.#pace,
      limit,
    });
  }

  async #fail(cluster: NatsCluster, { fleet, appWithStore }: Participants): Promise<void> {
    const { events, copies, faults, kinds, ackWaitMillis, pace, limit } = this.#options;
    const field = new Field({
      cluster,
      copies,
      fleet,
      endpoint: this.#endpoint,
      app: appWithStore,
      random: this.#random,
      ackWaitMillis,
      pace,
      signal: limit,
    });
    const plan = planFaults(kinds, faults, this.#random);
    for (const [index, name] of plan.entries()) {
      if (limit.aborted) return;
      this.#pace.allowance = (events * (index + 1)) / (plan.length + 1);
      await field.last(300, 2_000);
      this.#fault = name;
      this.#history.faultBegins(name);
      const counts = (await FAULTS[name](field)) === false ? this.#notDone : this.#faults;
      counts.set(name, (counts.get(name) ?? 0) + 1);
      this.#fault = undefined;
      this.#history.faultEnds();
    }
    this.#pace.allowance = Number.POSITIVE_INFINITY;
  }

  /** Waits until nothing is missing, or what is can't come any more. */
  async #delivered(): Promise<void> {
    let missing = Number.POSITIVE_INFINITY;
    let since = performance.now();
    while (
      missing > 0 &&
      performance.now() - since < LONGEST_STANDSTILL_MILLIS &&
      !this.#options.limit.aborted
    ) {
      await pause(POLL_MILLIS);
      const now = this.#book.totals().missing;
      if (now < missing) since = performance.now();
      missing = now;
    }
  }

  /** Waits until the gateways have nothing more to get. What is left in the stream then was acknowledged. */
  async #empty(cluster: NatsCluster): Promise<void> {
    const end = performance.now() + LONGEST_EMPTYING_MILLIS;
    while (performance.now() < end && !this.#options.limit.aborted) {
      const consumer = await cluster.consumer(STREAM);
      if (consumer !== undefined && consumer.num_pending + consumer.num_ack_pending === 0) break;
      await pause(POLL_MILLIS);
    }
    this.#left = (await cluster.stream(STREAM))?.state.messages ?? Number.NaN;
  }
}
