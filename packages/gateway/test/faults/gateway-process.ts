// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';

const COMMAND = fileURLToPath(new URL('../../dist/cli/index.js', import.meta.url));
/** A gateway that was told to end has to in this time: more than its options give it. */
const LONGEST_END_MILLIS = 30_000;

const running = new Set<GatewayProcess>();

/** The command, as people run it, on one port from life to life. */
export class GatewayProcess {
  readonly #process: ChildProcess;
  readonly #ended: Promise<unknown>;
  stderr = '';

  constructor(args: readonly string[]) {
    this.#process = spawn(process.execPath, [COMMAND, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
    running.add(this);
    this.#process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr = (this.stderr + text).slice(-100_000);
    });
    this.#ended = once(this.#process, 'close').finally(() => running.delete(this));
  }

  /** Resolves when it listens. @throws (rejects) it ended before */
  async listening(): Promise<void> {
    while (!this.stderr.includes('listening on')) {
      await Promise.race([once(this.#process.stderr as NodeJS.ReadableStream, 'data'), this.#ended]);
      if (this.#process.exitCode !== null) throw new Error(`the gateway ended:\n${this.stderr}`);
    }
  }

  /** Stops it for a while, as a machine that is overloaded, and lets it go on. */
  pause(): void {
    this.#process.kill('SIGSTOP');
  }

  resume(): void {
    this.#process.kill('SIGCONT');
  }

  /** @returns how it ended: an exit code, or a signal */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | NodeJS.Signals | null> {
    this.#process.kill(signal);
    const limit = setTimeout(() => this.#process.kill('SIGKILL'), LONGEST_END_MILLIS);
    await this.#ended;
    clearTimeout(limit);
    return this.#process.exitCode ?? this.#process.signalCode;
  }
}

/** Ends what a failed run left behind. */
export async function endLeftovers(): Promise<void> {
  await Promise.all([...running].map(gateway => gateway.end('SIGKILL')));
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
