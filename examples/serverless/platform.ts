// SPDX-License-Identifier: Apache-2.0
//
// A serverless platform in small: one process for a function, frozen whenever it has nothing to do. Nothing to copy.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { LedgerSnapshot } from 'opentelemetry-exporter-optimizely';
import { environmentWith } from '../local-endpoint.js';
import type { Report } from './instance.js';
import type { PageRequest } from './pages.js';

const INSTANCE = fileURLToPath(new URL('./instance.ts', import.meta.url));

/** The function's ledger when it answered, and when it was frozen. */
export interface Invocation {
  readonly answered: LedgerSnapshot;
  readonly frozen: LedgerSnapshot;
}

export class FunctionInstance {
  readonly #process: ChildProcess;
  readonly #reports: Report[] = [];
  readonly #exited: Promise<unknown>;
  #reported = () => {};

  /** A cold start. */
  static async start(name: 'lambda' | 'wait-until', eventsEndpoint: string): Promise<FunctionInstance> {
    const instance = new FunctionInstance(name, eventsEndpoint);
    await instance.#report('ready');
    instance.#freeze();
    return instance;
  }

  private constructor(name: string, eventsEndpoint: string) {
    this.#process = fork(INSTANCE, [name], { env: environmentWith(eventsEndpoint) });
    this.#exited = once(this.#process, 'exit');
    this.#process.on('message', report => {
      this.#reports.push(report as Report);
      this.#reported();
    });
    void this.#exited.then(() => this.#reported());
    process.once('exit', () => this.#process.kill('SIGKILL'));
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** Thaws it, has it answer, and freezes it again as soon as it is done. */
  async invoke(request: PageRequest): Promise<Invocation> {
    this.#process.kill('SIGCONT');
    this.#process.send(request);
    const answered = await this.#report('answered');
    const frozen = await this.#report('done');
    this.#freeze();
    return { answered, frozen };
  }

  /** It is not asked, and has no chance to do anything. */
  async dispose(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.#exited;
  }

  /** Nothing of it runs anymore: no timer, no socket, no signal handler. */
  #freeze(): void {
    this.#process.kill('SIGSTOP');
  }

  async #report(what: Report['what']): Promise<LedgerSnapshot> {
    for (;;) {
      const report = this.#reports.shift();
      if (report?.what === what) return report.ledger;
      if (report !== undefined) throw new Error(`expected ${what}, was told ${report.what}`);
      if (this.#process.exitCode !== null || this.#process.signalCode !== null) {
        throw new Error('the function has ended');
      }
      await new Promise<void>(resolve => {
        this.#reported = resolve;
      });
    }
  }
}
