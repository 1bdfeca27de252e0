// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { collector } from '../senders/toolbox.js';
import { freePort } from './nats-server.js';
import { ServerProcess } from './server-process.js';

export const NO_COLLECTOR = 'build one with `npm run collector:build`';

const DEPLOY = fileURLToPath(new URL('../../deploy/collector', import.meta.url));
/** It puts back into its queue what it "drops" because it ends. */
const DROPPED = /Dropping data(?!.*interrupted due to shutdown)/;
// Its own metrics would be served at a port that another one may have.
const NO_METRICS = 'service::telemetry::metrics::level: none';

export interface CollectorOptions {
  /** What the configuration takes from the environment, but for its own address and queue. */
  readonly env: Readonly<Record<string, string>>;
  /** Settings that win over those of the file: `exporters::kafka::producer::required_acks: 1`. */
  readonly settings?: readonly string[];
}

/** A real OpenTelemetry Collector, run with a configuration of deploy/. Its addresses and its queue outlive its process. */
export class Collector {
  readonly #queue = mkdtempSync(join(tmpdir(), 'collector-queue-'));
  readonly #server: ServerProcess;
  readonly port: number;

  private constructor(
    file: string,
    { env, settings = [] }: CollectorOptions,
    [port, spansPort, recordsPort]: readonly [number, number, number],
  ) {
    this.port = port;
    this.#server = new ServerProcess({
      command: join(collector.folder, 'build/otelcol'),
      args: [
        ...['--config', join(DEPLOY, file)],
        ...[NO_METRICS, ...settings].flatMap(setting => ['--config', `yaml:${setting}`]),
      ],
      env: {
        OTLP_ENDPOINT: `127.0.0.1:${port}`,
        OTLP_GRPC_ENDPOINT: '127.0.0.1:0',
        QUEUED_SPANS_ENDPOINT: `127.0.0.1:${spansPort}`,
        QUEUED_RECORDS_ENDPOINT: `127.0.0.1:${recordsPort}`,
        QUEUE_DIRECTORY: this.#queue,
        ...env,
      },
      ready: 'Everything is ready',
      note: DROPPED,
    });
  }

  /** One that is yet to be started. */
  static async prepare(file: string, options: CollectorOptions): Promise<Collector> {
    return new Collector(file, options, [await freePort(), await freePort(), await freePort()]);
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

  /** What it said of data that it gave up. */
  get drops(): readonly string[] {
    return this.#server.noted;
  }

  /** Starts it, again if it was ended. */
  start(): Promise<void> {
    return this.#server.start();
  }

  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    return this.#server.end(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end('SIGTERM');
    rmSync(this.#queue, { recursive: true, force: true });
  }
}
