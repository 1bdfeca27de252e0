// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { collector } from '../senders/toolbox.js';

const DEPLOY = fileURLToPath(new URL('../../deploy/collector', import.meta.url));

/** A real OpenTelemetry Collector, run with a configuration of deploy/. */
export interface RunningCollector extends AsyncDisposable {
  /** Base address of its OTLP receiver. */
  readonly url: string;
}

/** @param env what the configuration takes from the environment, but for its own address and queue */
export async function startCollector(file: string, env: Record<string, string>): Promise<RunningCollector> {
  const queue = mkdtempSync(join(tmpdir(), 'collector-queue-'));
  const address = `127.0.0.1:${await freePort()}`;
  const child = spawn(
    join(collector.folder, 'build/otelcol'),
    // Its own metrics would be served at a port that another one may have.
    ['--config', join(DEPLOY, file), '--config', 'yaml:service::telemetry::metrics::level: none'],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, OTLP_ENDPOINT: address, QUEUE_DIRECTORY: queue, ...env },
    },
  );
  const exited = once(child, 'exit');
  const lines: string[] = [];
  for await (const line of createInterface(child.stderr)) {
    lines.push(line);
    if (line.includes('Everything is ready')) break;
  }
  if (child.exitCode !== null) throw new Error(`the Collector ended\n${lines.join('\n')}`);
  child.stderr.resume();
  return {
    url: `http://${address}`,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await exited;
      rmSync(queue, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
