// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { collector } from '../senders/toolbox.js';
import { freePort } from './nats-server.js';

export const NO_COLLECTOR = 'build one with `npm run collector:build`';

const DEPLOY = fileURLToPath(new URL('../../deploy/collector', import.meta.url));
// Its own metrics would be served at a port that another one may have.
const NO_METRICS = 'service::telemetry::metrics::level: none';

export interface CollectorOptions {
  /** What the configuration takes from the environment, but for its own address and queue. */
  readonly env: Readonly<Record<string, string>>;
  /** Settings that win over those of the file: `exporters::kafka::producer::required_acks: 1`. */
  readonly settings?: readonly string[];
}

/** A real OpenTelemetry Collector, run with a configuration of deploy/. Its address and its queue outlive its process. */
export class Collector {
  readonly #queue = mkdtempSync(join(tmpdir(), 'collector-queue-'));
  readonly #file: string;
  readonly #options: CollectorOptions;
  readonly port: number;
  #process: ChildProcess | undefined;

  private constructor(file: string, options: CollectorOptions, port: number) {
    this.#file = file;
    this.#options = options;
    this.port = port;
  }

  /** One that is yet to be started. */
  static async prepare(file: string, options: CollectorOptions): Promise<Collector> {
    return new Collector(file, options, await freePort());
  }

  static async start(file: string, options: CollectorOptions): Promise<Collector> {
    const started = await Collector.prepare(file, options);
    await started.start();
    return started;
  }

  /** Base address of its OTLP receiver. */
  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Starts it, again if it was ended. */
  async start(): Promise<void> {
    const { env, settings = [] } = this.#options;
    const child = spawn(
      join(collector.folder, 'build/otelcol'),
      [
        ...['--config', join(DEPLOY, this.#file)],
        ...[NO_METRICS, ...settings].flatMap(setting => ['--config', `yaml:${setting}`]),
      ],
      {
        stdio: ['ignore', 'ignore', 'pipe'],
        env: {
          ...process.env,
          OTLP_ENDPOINT: `127.0.0.1:${this.port}`,
          QUEUE_DIRECTORY: this.#queue,
          ...env,
        },
      },
    );
    this.#process = child;
    const lines: string[] = [];
    for await (const line of createInterface(child.stderr)) {
      lines.push(line);
      if (line.includes('Everything is ready')) break;
    }
    if (!lines.at(-1)?.includes('Everything is ready')) {
      throw new Error(`the Collector ended\n${lines.join('\n')}`);
    }
    child.stderr.resume();
  }

  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end('SIGTERM');
    rmSync(this.#queue, { recursive: true, force: true });
  }
}
