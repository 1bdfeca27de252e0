// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { makeDatafile } from '../support/datafile.js';
import { Book, type Totals } from './book.js';
import { type FaultWeights, FaultyEndpoint, type Outcome } from './faulty-endpoint.js';
import {
  killRecordingProcesses,
  type ProcessOrder,
  type ProcessStatus,
  RecordingProcess,
} from './process.js';
import { Random } from './random.js';

export interface ChaosOptions {
  /** Events that are acknowledged at the end. */
  readonly events: number;
  /** Processes at a time. */
  readonly lanes: number;
  /** So often each of them is killed and started again. */
  readonly killsPerLane: number;
  readonly seed: number;
  readonly faults: FaultWeights;
  /** Of the whole run; what is not delivered then counts as lost. */
  readonly limitMillis: number;
  /** Processes log to stderr. */
  readonly talks?: boolean;
  /** Called every five seconds. */
  readonly onProgress?: (report: ChaosReport) => void;
}

export interface ChaosReport extends Totals {
  readonly outcomes: ReadonlyMap<Outcome, number>;
  readonly kills: { readonly SIGKILL: number; readonly SIGTERM: number };
  readonly adoptions: number;
  /** Events that came out of the directory of a process that had ended. */
  readonly recovered: number;
  readonly seconds: number;
  readonly violations: readonly string[];
  /** `violations` holds the first of them. */
  readonly violationCount: number;
}

const DRAINERS = 2;
/** A process that was told to shut down has to end in this time: many times what its options give it. */
const LONGEST_SHUTDOWN_MILLIS = 20_000;
const POLL_MILLIS = 10;
const PROGRESS_MILLIS = 5_000;

/**
 * Processes record events into event stores under one directory, deliver them to an endpoint that fails, are killed and
 * started again; then the endpoint becomes healthy, and two last processes deliver what the others left.
 */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const directory = mkdtempSync(join(tmpdir(), 'chaos-'));
  const book = new Book();
  const endpoint = new FaultyEndpoint(book, new Random(options.seed), options.faults);
  const run = new ChaosRun(options, directory, book, endpoint);
  const progress = setInterval(() => options.onProgress?.(run.report()), PROGRESS_MILLIS);
  try {
    await endpoint.open();
    await run.recordAndKill();
    endpoint.healthy = true;
    await run.drain();
    book.check();
  } finally {
    clearInterval(progress);
    await killRecordingProcesses();
    await endpoint.close();
    rmSync(directory, { recursive: true, force: true });
  }
  return run.report();
}

class ChaosRun {
  readonly #options: ChaosOptions;
  readonly #directory: string;
  readonly #stores: string;
  readonly #book: Book;
  readonly #endpoint: FaultyEndpoint;
  readonly #kills = { SIGKILL: 0, SIGTERM: 0 };
  readonly #startedAt = performance.now();
  #adoptions = 0;
  #recovered = 0;
  #statusFiles = 0;

  constructor(options: ChaosOptions, directory: string, book: Book, endpoint: FaultyEndpoint) {
    this.#options = options;
    this.#directory = directory;
    this.#stores = join(directory, 'stores');
    this.#book = book;
    this.#endpoint = endpoint;
    mkdirSync(this.#stores);
  }

  report(): ChaosReport {
    return {
      ...this.#book.totals(),
      outcomes: this.#endpoint.outcomes,
      kills: { ...this.#kills },
      adoptions: this.#adoptions,
      recovered: this.#recovered,
      seconds: this.#elapsedMillis / 1000,
      violations: this.#book.violations,
      violationCount: this.#book.violationCount,
    };
  }

  async recordAndKill(): Promise<void> {
    const { lanes } = this.#options;
    await Promise.all(Array.from({ length: lanes }, (_, lane) => this.#live(lane)));
  }

  /** One process after the other, until all events of the lane are acknowledged. */
  async #live(lane: number): Promise<void> {
    const { events, lanes, killsPerLane, seed } = this.#options;
    // One of its own a lane: what the others do does not change it.
    const random = new Random(seed + 1_000_003 * (lane + 1));
    let left = Math.floor(events / lanes) + (lane < events % lanes ? 1 : 0);
    for (let killsLeft = killsPerLane; killsLeft > 0; killsLeft--) {
      const last = killsLeft === 1;
      // The last one makes up for those who were killed early.
      const quota = last ? left : Math.ceil((left / killsLeft) * (0.8 + 0.4 * random.next()));
      const killAt = last ? quota : random.between(Math.ceil(quota / 10), quota);
      // Both occur, whatever the seed.
      const signal = (lane + killsLeft) % 3 === 0 ? 'SIGTERM' : 'SIGKILL';
      left -= await this.#recordAndKillOne({ quota, killAt, signal, random });
    }
  }

  /** @returns how many events it acknowledged */
  async #recordAndKillOne(plan: {
    quota: number;
    killAt: number;
    signal: 'SIGKILL' | 'SIGTERM';
    random: Random;
  }): Promise<number> {
    const { quota, killAt, signal, random } = plan;
    const revision = String(random.between(1, 3));
    const datafileAfterMillis = random.chance(0.25) ? random.between(1, 300) : 0;
    const number = this.#book.open(quota, datafileAfterMillis > 0 ? undefined : revision);
    const one = this.#start({
      number,
      quota,
      lead: random.between(100, 1_500),
      shutdownMillis: random.between(20, 300),
      datafile: makeDatafile({ revision }),
      datafileAfterMillis,
    });
    while (!one.hasEnded && !this.#isOver) {
      const acknowledged = one.acknowledged();
      this.#book.acknowledge(number, acknowledged, false);
      if (acknowledged >= killAt) break;
      await pause(POLL_MILLIS);
    }
    await pause(random.between(0, 60));
    await this.#kill(one, signal);
    const status = this.#settle(one, number);
    this.#book.acknowledge(number, status.acknowledged, status.refused);
    if (signal === 'SIGKILL' && status.refused) this.#book.violate(`process ${number} refused an event`);
    return status.acknowledged;
  }

  /** Two processes at once deliver all that the others left. */
  async drain(): Promise<void> {
    const drainers = Array.from({ length: DRAINERS }, () => {
      const number = this.#book.open(0, undefined);
      return { number, one: this.#start({ number, quota: 0, flushPauseMillis: 20 }) };
    });
    while (!this.#isOver && !this.#isDrained(drainers.map(({ one }) => one.status()))) {
      const ended = drainers.find(({ one }) => one.hasEnded);
      if (ended !== undefined) break;
      await pause(5 * POLL_MILLIS);
    }
    if (this.#isOver) this.#book.violate(`not done after ${this.#options.limitMillis} ms`);
    const last = drainers.map(async ({ number, one }) => {
      await this.#end(one, 'SIGTERM');
      return this.#settle(one, number);
    });
    for (const { ledger } of await Promise.all(last)) {
      const left = (ledger?.stored ?? 0) + (ledger?.pending ?? 0);
      if (left > 0) this.#book.violate(`a last process ended with ${left} events`);
    }
    const names = readdirSync(this.#stores, { recursive: true }).map(String);
    if (names.length > 0) this.#book.violate(`left in the directory of stores: ${names.join(', ')}`);
  }

  #isDrained(statuses: readonly ProcessStatus[]): boolean {
    const idle = statuses.every(({ ledger }) => ledger !== undefined && ledger.stored + ledger.pending === 0);
    return idle && readdirSync(this.#stores).length === DRAINERS && this.#book.isComplete();
  }

  #start({
    shutdownMillis = 300,
    ...order
  }: Partial<ProcessOrder> &
    Pick<ProcessOrder, 'number' | 'quota'> & { shutdownMillis?: number }): RecordingProcess {
    const { talks = false } = this.#options;
    return new RecordingProcess(
      {
        lead: 0,
        flushPauseMillis: 500,
        directory: this.#stores,
        datafile: makeDatafile(),
        datafileAfterMillis: 0,
        talks,
        ...order,
        processor: {
          endpoint: this.#endpoint.url,
          flushIntervalMillis: 50,
          requestTimeoutMillis: 400,
          timeoutIntervalMillis: shutdownMillis,
          retry: { initialDelayMillis: 10, maxDelayMillis: 100 },
          // In some lives memory is small, and events live on disk only.
          maxQueueSize: order.number % 2 === 0 ? 400 : 10_000,
        },
      },
      join(this.#directory, `status-${this.#statusFiles++}`),
    );
  }

  async #kill(one: RecordingProcess, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    if (!one.hasEnded) this.#kills[signal]++;
    await this.#end(one, signal);
  }

  async #end(one: RecordingProcess, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    one.signal(signal);
    const patience = new AbortController();
    const outOfPatience = pause(LONGEST_SHUTDOWN_MILLIS, 'late' as const, patience).catch(() => undefined);
    if ((await Promise.race([one.ended, outOfPatience])) === 'late') {
      this.#book.violate(`still there ${LONGEST_SHUTDOWN_MILLIS} ms after ${signal}`);
      one.signal('SIGKILL');
    }
    patience.abort();
    const ending = await one.ended;
    if (ending.signal !== signal) {
      this.#book.violate(`ended with ${JSON.stringify(ending)}, not by ${signal}: ${one.stderr}`);
    } else if (signal === 'SIGTERM' && !one.status().ended) {
      this.#book.violate('ended at SIGTERM before its shutdown was done');
    }
  }

  /** What a process that has ended leaves in the books. */
  #settle(one: RecordingProcess, number: number): ProcessStatus {
    const status = one.status();
    this.#adoptions += status.adoptions;
    this.#recovered += status.ledger?.recovered ?? 0;
    if (status.problem !== undefined) this.#book.violate(`process ${number}: ${status.problem}`);
    // Refused after its shutdown began: nobody was told that it was taken.
    const { rejected, already_shutdown, ...lost } = status.ledger?.dropped ?? {};
    if (Object.keys(lost).length > 0) this.#book.violate(`process ${number} lost ${JSON.stringify(lost)}`);
    one.forget();
    return status;
  }

  get #elapsedMillis(): number {
    return performance.now() - this.#startedAt;
  }

  get #isOver(): boolean {
    return this.#elapsedMillis > this.#options.limitMillis;
  }
}
