// SPDX-License-Identifier: Apache-2.0
import { setMaxListeners } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { FAULTS } from '../../../../test/chaos/faults.js';
import { FaultyEndpoint, type Outcome } from '../../../../test/chaos/faulty-endpoint.js';
import { Random } from '../../../../test/chaos/random.js';
import { type BookTotals, ReceiptBook } from './receipt-book.js';
import { sendAll } from './repeating-sender.js';
import { runToEnd } from './run-to-end.js';

export interface ChainRunOptions {
  readonly events: number;
  readonly kills: number;
  readonly seed: number;
  readonly limitMillis: number;
  readonly onProgress?: (report: ChainReport) => void;
}

/** Processes between senders and Optimizely, each of which can be ended and started again. */
export interface Chain<Link extends string> extends AsyncDisposable {
  /** Where senders send to. */
  readonly port: number;
  /** What its processes said of events that they gave up. */
  readonly drops: readonly string[];
  start(link: Link): Promise<void>;
  end(link: Link, signal: EndSignal): Promise<void>;
}

export type EndSignal = 'SIGKILL' | 'SIGTERM';

export interface ChainPlan<Link extends string> {
  /**
   * In this order, again and again. Where there are two, the second is ended while the first is away, so that it has
   * events which it can't pass on.
   */
  readonly kills: readonly (readonly [readonly Link[], EndSignal])[];
  startChain(options: { readonly folder: string; readonly endpoint: string }): Promise<Chain<Link>>;
  /** What else is done to links that were ended, before they are started again. */
  beforeStart?(chain: Chain<Link>, links: readonly Link[], signal: EndSignal, random: Random): Promise<void>;
}

export interface ChainReport extends BookTotals {
  /** By what was ended, and how: `broker SIGKILL`. */
  readonly kills: ReadonlyMap<string, number>;
  readonly answers: ReadonlyMap<string, number>;
  readonly outcomes: ReadonlyMap<Outcome, number>;
  readonly seconds: number;
  readonly violations: readonly string[];
}

/** What a Collector takes; Optimizely's SDKs send to a gateway. */
const SENDERS = ['protobuf spans', 'JSON logs', 'protobuf logs'] as const;
const TOO_LARGE_BYTES = 20_000;
const SHORTEST_OUTAGE_MILLIS = 1_500;
const LONGEST_OUTAGE_MILLIS = 3_000;
const POLL_MILLIS = 20;

/**
 * Three senders that repeat what gets no receipt, a chain of processes that are ended and started again, and an endpoint
 * that fails.
 */
export async function runChain<Link extends string>(
  options: ChainRunOptions,
  plan: ChainPlan<Link>,
): Promise<ChainReport> {
  return runToEnd(new ChainRun(options, plan), options.onProgress);
}

class ChainRun<Link extends string> {
  readonly #options: ChainRunOptions;
  readonly #plan: ChainPlan<Link>;
  readonly #folder = mkdtempSync(join(tmpdir(), 'chain-faults-'));
  readonly #book = new ReceiptBook();
  readonly #random: Random;
  readonly #endpoint: FaultyEndpoint;
  readonly #answers = { counts: new Map<string, number>() };
  readonly #kills = new Map<string, number>();
  readonly #startedAt = performance.now();
  readonly #limit: AbortSignal;

  constructor(options: ChainRunOptions, plan: ChainPlan<Link>) {
    this.#options = options;
    this.#plan = plan;
    this.#random = new Random(options.seed);
    this.#endpoint = new FaultyEndpoint(this.#book, new Random(options.seed + 1), FAULTS, TOO_LARGE_BYTES);
    this.#limit = AbortSignal.timeout(options.limitMillis);
    setMaxListeners(0, this.#limit);
  }

  async run(): Promise<void> {
    await this.#endpoint.open();
    await using chain = await this.#plan.startChain({ folder: this.#folder, endpoint: this.#endpoint.url });
    await this.#play(chain);
    for (const drop of chain.drops) this.#book.violate(`a Collector dropped events: ${drop}`);
  }

  async #play(chain: Chain<Link>): Promise<void> {
    const { kills, events } = this.#options;
    const sending = this.#send(chain.port);
    for (let kill = 0; kill < kills; kill++) {
      const from = (events * (kill + 1)) / (kills + 2);
      await this.#until(() => this.#book.counted >= from);
      await pause(this.#random.between(0, 300));
      const [links, signal] = this.#plan.kills[kill % this.#plan.kills.length] ?? [[], 'SIGKILL'];
      await this.#kill(chain, links, signal);
    }
    await sending;
    this.#endpoint.healthy = true;
    await this.#until(() => this.#book.totals().missing === 0);
    this.#book.check();
  }

  async close(): Promise<void> {
    await this.#endpoint.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  report(): ChainReport {
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
    // Receipts of a Collector come at once: without a limit, all would be sent before the first kill.
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
            isGateway: false,
            book: this.#book,
            turn,
            signal: this.#limit,
          },
          this.#answers,
        ),
      ),
    );
  }

  async #kill(chain: Chain<Link>, links: readonly Link[], signal: EndSignal): Promise<void> {
    for (const link of links) {
      const name = `${link} ${signal}`;
      this.#kills.set(name, (this.#kills.get(name) ?? 0) + 1);
      await chain.end(link, signal);
      await pause(this.#random.between(SHORTEST_OUTAGE_MILLIS, LONGEST_OUTAGE_MILLIS));
    }
    await this.#plan.beforeStart?.(chain, links, signal, this.#random);
    for (const link of links) await chain.start(link);
  }

  async #until(condition: () => boolean): Promise<void> {
    while (!condition() && !this.#limit.aborted) await pause(POLL_MILLIS);
  }
}
