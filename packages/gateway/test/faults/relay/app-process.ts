// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Conversion, Impression, LedgerSnapshot } from 'opentelemetry-exporter-optimizely';

const SCRIPT = fileURLToPath(new URL('./app.mjs', import.meta.url));
const STDERR_KEPT = 20_000;

/** What an application is to be: the argument of app.mjs. */
export interface AppOrder {
  /** Options of the processor. */
  readonly processor: Record<string, unknown>;
  /** Options of `createJetStreamDispatcher()`. */
  readonly dispatcher: Record<string, unknown>;
  /** Of its event store; undefined for an application without one. */
  readonly storeDirectory: string | undefined;
}

export type AppEvent = { readonly uuid: string } & (
  | ({ readonly type: 'impression' } & Impression)
  | ({ readonly type: 'conversion' } & Conversion)
);

export interface AppAnswer {
  /** Uuids of events that the processor did not take. */
  readonly refused: readonly string[];
  readonly ledger: LedgerSnapshot;
}

const running = new Set<AppProcess>();

/** A Node application whose processor fills the stream, and which records what it is told to. */
export class AppProcess {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  readonly #waiting = new Map<number, (answer: AppAnswer | undefined) => void>();
  #next = 0;
  stderr = '';

  constructor(order: AppOrder) {
    this.#child = spawn(process.execPath, [SCRIPT, JSON.stringify(order)], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    running.add(this);
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr = (this.stderr + text).slice(-STDERR_KEPT);
    });
    this.#child.on('message', ({ id, ...answer }: AppAnswer & { id: number }) => this.#answer(id, answer));
    // Writing to a process that was killed just now.
    this.#child.on('error', () => {});
    this.#ended = once(this.#child, 'exit').finally(() => {
      running.delete(this);
      for (const id of this.#waiting.keys()) this.#answer(id, undefined);
    });
  }

  /** @returns undefined if it ended before it could answer */
  record(events: readonly AppEvent[]): Promise<AppAnswer | undefined> {
    return this.#ask({ events });
  }

  /** Has it deliver everything and end. @returns undefined if it ended before that */
  async end(): Promise<AppAnswer | undefined> {
    const answer = await this.#ask({});
    await this.#ended;
    return answer;
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  #ask(order: { events?: readonly AppEvent[] }): Promise<AppAnswer | undefined> {
    if (!running.has(this)) return Promise.resolve(undefined);
    const id = this.#next++;
    return new Promise(resolve => {
      this.#waiting.set(id, resolve);
      this.#child.send({ id, ...order }, () => {});
    });
  }

  #answer(id: number, answer: AppAnswer | undefined): void {
    this.#waiting.get(id)?.(answer);
    this.#waiting.delete(id);
  }
}

/** Ends what a failed run left behind. */
export async function endApps(): Promise<void> {
  await Promise.all([...running].map(app => app.kill()));
}
