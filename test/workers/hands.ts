// SPDX-License-Identifier: Apache-2.0
import cluster, { type Worker as ClusterWorker } from 'node:cluster';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { LedgerSnapshot } from 'opentelemetry-exporter-optimizely';

const SCRIPT = fileURLToPath(new URL('./worker.mjs', import.meta.url));

export interface Wanted {
  readonly name: string;
  /** Where its store makes its own directory; undefined: no store. */
  readonly directory?: string;
  /** Whether it shuts down on signals. */
  readonly signals?: boolean;
  /** Options of its processor. */
  readonly processor: Record<string, unknown>;
}

interface Results {
  start: { pid: number; threadId: number };
  record: string[];
  flush: undefined;
  shutdown: undefined;
  ledger: LedgerSnapshot;
}

type Order = keyof Results;
type Listener = (message: { order: Order; result: unknown }) => void;

const alive = new Set<Hand>();

/** A worker of either kind. */
export abstract class Hand {
  readonly name: string;
  readonly #results = new Map<Order, unknown>();
  readonly #waiting = new Set<() => void>();
  #started: Promise<Results['start']> | undefined;
  #hasEnded = false;
  /** Settles when it is gone. */
  readonly ended: Promise<void>;
  #end: () => void = () => {};

  constructor(name: string) {
    this.name = name;
    this.ended = new Promise(resolve => {
      this.#end = resolve;
    });
    alive.add(this);
  }

  /** Gives an order once it has started, since what it is told earlier may get lost, and waits for the result. */
  async ask<T extends Exclude<Order, 'start'>>(order: T): Promise<Results[T]> {
    await this.started();
    this.tell(order);
    return this.#told(order);
  }

  started(): Promise<Results['start']> {
    this.#started ??= this.#told('start');
    return this.#started;
  }

  async #told<T extends Order>(order: T): Promise<Results[T]> {
    while (!this.#results.has(order)) {
      if (this.#hasEnded) throw new Error(`${this.name} ended before it did this: ${order}`);
      await new Promise<void>(resolve => this.#waiting.add(resolve));
    }
    const result = this.#results.get(order);
    this.#results.delete(order);
    return result as Results[T];
  }

  /** Gives an order. */
  abstract tell(order: Order): void;
  /** Ends it without asking. */
  abstract kill(): void;
  /** Stops talking to it, so that nothing of ours keeps it. */
  abstract release(): void;

  protected readonly onMessage: Listener = ({ order, result }) => {
    this.#results.set(order, result);
    this.#look();
  };

  protected readonly onExit = () => {
    this.#hasEnded = true;
    alive.delete(this);
    this.#look();
    this.#end();
  };

  #look(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}

export class ClusterHand extends Hand {
  readonly worker: ClusterWorker;

  constructor(wanted: Wanted) {
    super(wanted.name);
    // This process is the primary. The script is JavaScript, and needs no loader.
    cluster.setupPrimary({ exec: SCRIPT, args: [], execArgv: [] });
    this.worker = cluster.fork({ WANTED: JSON.stringify(wanted), NODE_OPTIONS: '' });
    this.worker.on('message', this.onMessage);
    this.worker.on('exit', this.onExit);
  }

  override tell(order: Order): void {
    this.worker.send(order);
  }

  override kill(): void {
    this.worker.process.kill('SIGKILL');
  }

  override release(): void {
    this.worker.disconnect();
  }
}

export class ThreadHand extends Hand {
  readonly #worker: Worker;

  constructor(wanted: Wanted) {
    super(wanted.name);
    const env = { ...process.env, WANTED: JSON.stringify(wanted) };
    this.#worker = new Worker(SCRIPT, { env, execArgv: [] });
    this.#worker.on('message', this.onMessage);
    this.#worker.on('exit', this.onExit);
  }

  override tell(order: Order): void {
    this.#worker.postMessage(order);
  }

  override kill(): void {
    void this.#worker.terminate();
  }

  override release(): void {
    this.tell('release' as Order);
  }
}

/** Ends all that a test left behind. */
export async function dismissAll(): Promise<void> {
  for (const hand of alive) hand.kill();
  await Promise.all([...alive].map(hand => hand.ended));
}
