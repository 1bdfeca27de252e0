// SPDX-License-Identifier: Apache-2.0
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import type { Readable, Writable } from 'node:stream';

export interface Ending {
  code: number | null;
  signal: NodeJS.Signals | null;
}

type Message = Record<string, unknown>;

const running = new Set<Child>();

/**
 * A child process that tells what it does in lines of JSON on its stdout. It leads a process group of its own, so
 * that whatever it starts can be ended with it.
 */
export class Child {
  readonly #process: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #waiting = new Set<() => void>();
  readonly messages: Message[] = [];
  /** How it ended, after all that it said was read. */
  readonly ended: Promise<Ending>;
  ending: Ending | undefined;
  stderr = '';

  constructor(command: string, args: readonly string[], env: Record<string, string> = {}, cwd?: string) {
    this.#process = spawn(command, args, {
      cwd,
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
      env: {
        ...process.env,
        OTEL_METRICS_EXPORTER: 'none',
        OTEL_LOGS_EXPORTER: 'none',
        NODE_OPTIONS: '',
        ...env,
      },
    });
    running.add(this);
    // A child that ended reads no more pings.
    this.#process.stdin.on('error', () => {});
    this.#process.stderr.setEncoding('utf8').on('data', text => {
      this.stderr += text;
    });
    let rest = '';
    this.#process.stdout.setEncoding('utf8').on('data', text => {
      const lines = `${rest}${text}`.split('\n');
      rest = lines.pop() ?? '';
      this.messages.push(...lines.map(line => JSON.parse(line) as Message));
      this.#look();
    });
    this.ended = new Promise((resolve, reject) => {
      this.#process.on('error', reject);
      this.#process.on('close', (code, signal) => {
        running.delete(this);
        this.ending = { code, signal };
        this.#look();
        resolve(this.ending);
      });
    });
    this.ended.catch(() => running.delete(this));
  }

  get pid(): number {
    if (this.#process.pid === undefined) throw new Error('the child did not start');
    return this.#process.pid;
  }

  /** All that was told under this key. */
  told<T>(key: string): T[] {
    return this.messages.filter(message => key in message).map(message => message[key] as T);
  }

  /** Waits until so many messages have this key. @returns the last of them */
  async message<T>(key: string, count = 1): Promise<T> {
    for (;;) {
      const value = this.told<T>(key)[count - 1];
      if (value !== undefined) return value;
      if (this.ending !== undefined) {
        throw new Error(`ended (${JSON.stringify(this.ending)}) without telling ${key}\n${this.stderr}`);
      }
      await new Promise<void>(resolve => this.#waiting.add(resolve));
    }
  }

  signal(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal);
  }

  /**
   * Waits until the child's event loop has dealt with every signal sent before. Two round trips: one may be answered
   * in the very turn of the loop that ends with the signal.
   */
  async handledSignals(): Promise<void> {
    for (let trip = 0; trip < 2; trip++) {
      const pongs = this.told('pong').length;
      this.ping();
      await this.message('pong', pongs + 1);
    }
  }

  ping(): void {
    this.tell('ping');
  }

  /** One line to its stdin. */
  tell(word: string): void {
    this.#process.stdin.write(`${word}\n`);
  }

  /** The process that this one started, by its id in the tests' own pid namespace. */
  async onlyChild(): Promise<number> {
    const children = await readFile(`/proc/${this.pid}/task/${this.pid}/children`, 'utf8');
    const [pid, ...others] = children.trim().split(' ').map(Number);
    if (!pid || others.length > 0) throw new Error(`expected one child process, found "${children}"`);
    return pid;
  }

  kill(): void {
    try {
      process.kill(-this.pid, 'SIGKILL');
    } catch {
      // It has just ended, or never began.
    }
  }

  #look(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}

/** Ends every child that a failed test left behind. */
export function killLeftovers(): void {
  for (const child of running) child.kill();
}
