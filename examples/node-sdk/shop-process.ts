// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { DropReason, LogEventInfo } from 'opentelemetry-exporter-optimizely';
import type { ShopDatafile } from '../datafile.js';
import type { PlainSpan, Report, Request, SentBatch } from './messages.js';
import { ENDPOINT_VARIABLE } from './settings.js';

type FlushCause = LogEventInfo['cause'];

const SHOP = fileURLToPath(new URL('./shop.ts', import.meta.url));
const ANSWER_WITHIN_MILLIS = 10_000;

/** How a process ended: one of the two is null. */
export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** The shop, in a process of its own, and what it tells. */
export class ShopProcess {
  readonly batches: SentBatch[] = [];
  readonly dropped: { reason: DropReason; count: number }[] = [];
  readonly spans: PlainSpan[] = [];
  url = '';
  readonly #child: ChildProcess;
  readonly #end: Promise<ProcessEnd>;

  constructor(eventsEndpoint: string) {
    this.#child = fork(SHOP, {
      execArgv: ['--import', import.meta.resolve('tsx')],
      env: environmentOf(eventsEndpoint),
    });
    this.#child.on('message', report => this.#note(report as Report));
    this.#end = endOf(this.#child);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  async opened(): Promise<void> {
    if (!(await this.#tells(report => report.tell === 'open'))) throw new Error('the shop does not open');
  }

  /** Has everything queued sent now. */
  flush(): Promise<void> {
    return this.#ask({ ask: 'flush' });
  }

  publish(datafile: ShopDatafile): Promise<void> {
    return this.#ask({ ask: 'publish', datafile });
  }

  /** Whether a batch is closed by this rule from now on, `withinMillis` at most. */
  closesBatch(cause: FlushCause, withinMillis: number): Promise<boolean> {
    return this.#tells(report => report.tell === 'batch' && report.batch.cause === cause, withinMillis);
  }

  /** Asks it to end, and waits until it has, and until all that it told has come in. */
  async stop(): Promise<ProcessEnd> {
    this.#child.kill('SIGTERM');
    const impatience = setTimeout(() => this.kill(), ANSWER_WITHIN_MILLIS);
    const end = await this.#end;
    clearTimeout(impatience);
    return end;
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
  }

  async #ask(request: Request): Promise<void> {
    const done = this.#tells(report => report.tell === 'done');
    this.#child.send(request);
    if (!(await done)) throw new Error(`the shop does not answer: ${request.ask}`);
  }

  /** false: it did not say so in time, or has ended. */
  #tells(what: (report: Report) => boolean, withinMillis = ANSWER_WITHIN_MILLIS): Promise<boolean> {
    return new Promise(resolve => {
      const settle = (told: boolean) => {
        clearTimeout(timer);
        this.#child.off('message', listen);
        resolve(told);
      };
      const listen = (report: unknown) => {
        if (what(report as Report)) settle(true);
      };
      const timer = setTimeout(settle, withinMillis, false);
      this.#child.on('message', listen);
      void this.#end.then(() => settle(false));
    });
  }
}

async function endOf(child: ChildProcess): Promise<ProcessEnd> {
  // Messages may still come in after the exit, but not after the disconnect.
  const [[code, signal]] = await Promise.all([once(child, 'exit'), once(child, 'disconnect')]);
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
