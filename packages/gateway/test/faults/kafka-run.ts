// SPDX-License-Identifier: Apache-2.0
import { setMaxListeners } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { FAULTS } from '../../../../test/chaos/faults.js';
import { FaultyEndpoint, type Outcome } from '../../../../test/chaos/faulty-endpoint.js';
import { Random } from '../../../../test/chaos/random.js';
import { KafkaChain, type Link } from './kafka-chain.js';
import { type BookTotals, ReceiptBook } from './receipt-book.js';
import { sendAll } from './repeating-sender.js';
import { runToEnd } from './run-to-end.js';

export interface KafkaRunOptions {
  readonly events: number;
  readonly kills: number;
  readonly seed: number;
  readonly limitMillis: number;
  readonly isHurried?: boolean;
  /**
   * The first Collector has no queue on disk, and answers when Kafka has confirmed. It is then killed while it starts, too,
   * which a queue on disk does not survive whole.
   */
  readonly waitsForKafka?: boolean;
  readonly onProgress?: (report: KafkaReport) => void;
}

export interface KafkaReport extends BookTotals {
  /** By what was ended, and how: `broker SIGKILL`. */
  readonly kills: ReadonlyMap<string, number>;
  readonly answers: ReadonlyMap<string, number>;
  readonly outcomes: ReadonlyMap<Outcome, number>;
  readonly seconds: number;
  readonly violations: readonly string[];
}

/**
 * In this order, again and again. Where there are two, the second is ended while the first is away, so that it has events
 * which it can't pass on; a Collector commits once a second.
 */
const KILLS: readonly (readonly [readonly Link[], 'SIGKILL' | 'SIGTERM'])[] = [
  [['gateway', 'reader'], 'SIGKILL'],
  [['broker', 'agent'], 'SIGKILL'],
  [['agent'], 'SIGTERM'],
  [['gateway'], 'SIGTERM'],
  [['reader'], 'SIGTERM'],
  [['broker'], 'SIGTERM'],
];
/** What a Collector takes; Optimizely's SDKs send to a gateway. */
const SENDERS = ['protobuf spans', 'JSON logs', 'protobuf logs'] as const;
/** As docs/gateway.md shows it. */
const WAIT_FOR_KAFKA = [
  'exporters::kafka::sending_queue::storage: null',
  'exporters::kafka::sending_queue::wait_for_result: true',
];
const TOO_LARGE_BYTES = 20_000;
const SHORTEST_OUTAGE_MILLIS = 1_500;
const LONGEST_OUTAGE_MILLIS = 3_000;
const POLL_MILLIS = 20;

/**
 * Three senders that repeat what gets no receipt of the first Collector, two Collectors, Kafka between them and a gateway
 * behind them, each killed and started again, and an endpoint that fails.
 */
export async function runKafka(options: KafkaRunOptions): Promise<KafkaReport> {
  const run = new KafkaRun(options);
  return runToEnd(run, options.onProgress);
}

class KafkaRun {
  readonly #options: KafkaRunOptions;
  readonly #folder = mkdtempSync(join(tmpdir(), 'kafka-faults-'));
  readonly #book = new ReceiptBook();
  readonly #random: Random;
  readonly #endpoint: FaultyEndpoint;
  readonly #answers = { counts: new Map<string, number>() };
  readonly #kills = new Map<string, number>();
  readonly #startedAt = performance.now();
  readonly #limit: AbortSignal;

  constructor(options: KafkaRunOptions) {
    this.#options = options;
    this.#random = new Random(options.seed);
    this.#endpoint = new FaultyEndpoint(this.#book, new Random(options.seed + 1), FAULTS, TOO_LARGE_BYTES);
    this.#limit = AbortSignal.timeout(options.limitMillis);
    setMaxListeners(0, this.#limit);
  }

  async run(): Promise<void> {
    const { isHurried = false, waitsForKafka = false, kills, events } = this.#options;
    await this.#endpoint.open();
    await using chain = await KafkaChain.start({
      folder: this.#folder,
      endpoint: this.#endpoint.url,
      isHurried,
      settings: waitsForKafka ? { agent: WAIT_FOR_KAFKA } : undefined,
    });
    const sending = this.#send(chain.port);
    for (let kill = 0; kill < kills; kill++) {
      const from = (events * (kill + 1)) / (kills + 2);
      await this.#until(() => this.#book.counted >= from);
      await pause(this.#random.between(0, 300));
      const [links, signal] = KILLS[kill % KILLS.length] as (typeof KILLS)[number];
      await this.#kill(chain, links, signal);
    }
    await sending;
    this.#endpoint.healthy = true;
    await this.#until(() => this.#book.totals().missing === 0);
    this.#book.check();
    const { sent, receipts } = this.#book.totals();
    if (receipts < sent) this.#book.violate(`${sent - receipts} events got no receipt in time`);
  }

  async close(): Promise<void> {
    await this.#endpoint.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  report(): KafkaReport {
    return {
      ...this.#book.totals(),
      kills: this.#kills,
      answers: this.#answers.counts,
      outcomes: this.#endpoint.outcomes,
      seconds: (performance.now() - this.#startedAt) / 1_000,
      violations: this.#book.violations,
    };
  }

  async #send(port: number): Promise<void> {
    const { events } = this.#options;
    // Receipts of the first Collector come at once: without a limit, all would be sent before the first kill.
    const mostAhead = events / 8;
    const turn = () => this.#until(() => this.#book.ahead < mostAhead);
    await Promise.all(
      SENDERS.map(kind =>
        sendAll(
          {
            kind,
            events: Math.ceil(events / SENDERS.length),
            eventsPerRequest: 20,
            requestsAtOnce: 8,
            poisonEvery: Math.max(137, Math.floor(events / 60)),
            ports: [port],
            book: this.#book,
            turn,
            signal: this.#limit,
          },
          this.#answers,
        ),
      ),
    );
  }

  async #kill(chain: KafkaChain, links: readonly Link[], signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    for (const link of links) {
      const name = `${link} ${signal}`;
      this.#kills.set(name, (this.#kills.get(name) ?? 0) + 1);
      await chain.end(link, signal);
      await pause(this.#random.between(SHORTEST_OUTAGE_MILLIS, LONGEST_OUTAGE_MILLIS));
    }
    const isAtStart = this.#options.waitsForKafka === true && signal === 'SIGKILL';
    if (isAtStart && links.includes('agent')) await this.#killAtStart(chain);
    for (const link of links) await chain.start(link);
  }

  async #killAtStart(chain: KafkaChain): Promise<void> {
    for (let kill = 0; kill < 5; kill++) {
      const starting = chain.start('agent').catch(() => {});
      await pause(this.#random.between(50, 500));
      await chain.end('agent', 'SIGKILL');
      await starting;
    }
  }

  async #until(condition: () => boolean): Promise<void> {
    while (!condition() && !this.#limit.aborted) await pause(POLL_MILLIS);
  }
}
