// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { get } from 'node:http';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { StandIn } from './stand-in.js';

const LOOPBACK = fileURLToPath(new URL('./loopback.cjs', import.meta.url));
const VISITS = fileURLToPath(new URL('./visits.cjs', import.meta.url));

const running = new Set<ChildProcess>();
process.on('exit', endPrograms);

export interface ProgramOptions {
  readonly cwd: string;
  readonly standIn: StandIn;
  /** @default this process's own */
  readonly node?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Whether each request records an impression, for a program that leaves that to its reader. @default false */
  readonly recordsVisits?: boolean;
}

/** A program of the README, in a process of its own. Nothing that it asks for leaves the machine. */
export class Program {
  readonly #process: ChildProcess;
  readonly #looking = new Set<() => void>();
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  said = '';

  constructor(args: readonly string[], options: ProgramOptions) {
    const { cwd, standIn, node = process.execPath, env = {}, recordsVisits = false } = options;
    const preloads = recordsVisits ? [LOOPBACK, VISITS] : [LOOPBACK];
    const foreign = /^(npm_|NODE_|OTEL_|OPTIMIZELY_)|_proxy$/i;
    const own = Object.entries(process.env).filter(([name]) => !foreign.test(name));
    this.#process = spawn(node, args, {
      cwd,
      env: {
        ...Object.fromEntries(own),
        NODE_OPTIONS: preloads.map(path => `--require=${path}`).join(' '),
        STAND_IN_PORT: String(standIn.port),
        OPTIMIZELY_SDK_KEY: 'YOUR_SDK_KEY',
        NEXT_TELEMETRY_DISABLED: '1',
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    running.add(this.#process);
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.setEncoding('utf8').on('data', said => {
        this.said += said;
        this.#look();
      });
    }
    this.ended = once(this.#process, 'close').then(([code, signal]) => {
      running.delete(this.#process);
      this.#look();
      return { code, signal };
    });
  }

  /** Waits until it has said this. @returns the first group */
  async says(pattern: RegExp): Promise<string> {
    for (;;) {
      const found = pattern.exec(this.said);
      if (found !== null) return found[1] ?? '';
      const { exitCode, signalCode } = this.#process;
      if (exitCode !== null || signalCode !== null)
        throw new Error(`ended without ${pattern}:\n${this.said}`);
      await new Promise<void>(resolve => this.#looking.add(resolve));
    }
  }

  /** Asks its server. @returns the body of the answer */
  async get(path: string): Promise<string> {
    const port = await this.says(/listening on (\d+)/);
    const headers = { cookie: 'visitor=visitor-1' };
    const request = get({ host: '127.0.0.1', port, path, headers, agent: false });
    const [response] = await once(request, 'response');
    const body = await text(response);
    if (response.statusCode !== 200) throw new Error(`${response.statusCode}: ${body}\n${this.said}`);
    return body;
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  #look(): void {
    for (const resolve of this.#looking) resolve();
    this.#looking.clear();
  }
}

/** Ends what a failed test has left behind. */
export function endPrograms(): void {
  for (const process of running) process.kill('SIGKILL');
}
