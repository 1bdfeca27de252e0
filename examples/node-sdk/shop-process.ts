// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { DropReason } from 'opentelemetry-exporter-optimizely';
import type { ShopDatafile } from '../datafile.js';
import type { PlainSpan, Report, Request, SentBatch } from './messages.js';
import { ENDPOINT_VARIABLE } from './settings.js';

const TSX = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
const SHOP = fileURLToPath(new URL('./shop.ts', import.meta.url));

/** How a process ended: one of the two is null. */
export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** The shop, in a process of its own, and what it tells. Waits as long as the shop needs, or until it ends. */
export class ShopProcess {
  readonly batches: SentBatch[] = [];
  readonly dropped: { reason: DropReason; count: number }[] = [];
  readonly spans: PlainSpan[] = [];
  url = '';
  /** What its process wrote there. Complete when it has ended. */
  stderr = '';
  readonly ended: Promise<ProcessEnd>;
  readonly #child: ChildProcess;
  #answers = 0;

  constructor(eventsEndpoint: string, program = SHOP) {
    this.#child = fork(program, {
      execArgv: ['--import', TSX],
      env: environmentOf(eventsEndpoint),
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
    });
    this.#child.stderr?.setEncoding('utf8').on('data', text => {
      this.stderr += text;
    });
    this.#child.on('message', report => this.#note(report as Report));
    this.ended = endOf(this.#child);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Events that were sent in a batch, or dropped. */
  get settledEvents(): number {
    const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);
    return sum(this.batches.map(({ events }) => events)) + sum(this.dropped.map(({ count }) => count));
  }

  /** @throws Error if it ends before it opens */
  async opened(): Promise<void> {
    await this.until(() => this.url !== '');
  }

  /** Has everything queued sent now. */
  flush(): Promise<void> {
    return this.#ask({ ask: 'flush' });
  }

  publish(datafile: ShopDatafile): Promise<void> {
    return this.#ask({ ask: 'publish', datafile });
  }

  /**
   * Waits until what it tells makes this true.
   *
   * @throws Error if it ends before
   */
  async until(condition: () => boolean): Promise<void> {
    let end: ProcessEnd | undefined;
    void this.ended.then(ended => {
      end = ended;
    });
    while (!condition()) {
      if (end !== undefined) throw new Error(`the shop's process has ended by ${nameOf(end)}`);
      await Promise.race([once(this.#child, 'message'), this.ended]);
    }
  }

  /** Asks it to end, and waits until it has, and until all that it told has come in. */
  async stop(): Promise<ProcessEnd> {
    this.#child.kill('SIGTERM');
    return this.ended;
  }

  /** Where asking does not help, or there is nothing to wait for. */
  kill(): void {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill('SIGKILL');
  }

  #note(report: Report): void {
    if (report.tell === 'open') this.url = report.url;
    if (report.tell === 'batch') this.batches.push(report.batch);
    if (report.tell === 'dropped') this.dropped.push(report);
    if (report.tell === 'spans') this.spans.push(...report.spans);
    if (report.tell === 'done') this.#answers++;
  }

  async #ask(request: Request): Promise<void> {
    const answers = this.#answers + 1;
    this.#child.send(request);
    await this.until(() => this.#answers >= answers);
  }
}

/** @returns the signal, or the exit code */
export function nameOf({ code, signal }: ProcessEnd): string {
  return signal ?? `exit code ${code}`;
}

async function endOf(child: ChildProcess): Promise<ProcessEnd> {
  // Messages may still come in after the exit, but not after the disconnect; its streams end with `close`.
  const [[code, signal]] = await Promise.all([once(child, 'close'), once(child, 'disconnect')]);
  return { code, signal };
}

function environmentOf(eventsEndpoint: string): NodeJS.ProcessEnv {
  return {
    // OpenTelemetry settings of this shell belong to other applications.
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('OTEL_'))),
    // NodeSDK would look for a collector of metrics and logs, and its shutdown would wait for it.
    OTEL_METRICS_EXPORTER: 'none',
    OTEL_LOGS_EXPORTER: 'none',
    // A proxy is none for the loopback interface.
    NO_PROXY: '127.0.0.1',
    no_proxy: '127.0.0.1',
    [ENDPOINT_VARIABLE]: eventsEndpoint,
  };
}
