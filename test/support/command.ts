// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

export interface CommandOptions {
  readonly env?: Record<string, string>;
  /** What it reads on stdin. */
  readonly input?: string;
  /** How many files it may open. */
  readonly openFiles?: number;
}

const running = new Set<ChildProcess>();

/** The command of a package, as `npx` runs it. */
export class Command {
  readonly #process: ChildProcess;
  readonly #looking = new Set<() => void>();
  readonly ended: Promise<{ code: number | null; stdout: string; stderr: string }>;
  stdout = '';
  stderr = '';

  /** @param script what the `bin` of the package names */
  constructor(script: string, args: readonly string[], { env = {}, input, openFiles }: CommandOptions = {}) {
    const command = [process.execPath, script, ...args];
    const limited = ['sh', '-c', `ulimit -n ${openFiles}; exec "$0" "$@"`, ...command];
    const [file = '', ...argv] = openFiles === undefined ? command : limited;
    this.#process = spawn(file, argv, {
      env: { PATH: process.env.PATH, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    running.add(this.#process);
    this.#process.stdin?.on('error', () => {}).end(input);
    for (const name of ['stdout', 'stderr'] as const) {
      this.#process[name]?.setEncoding('utf8').on('data', text => {
        this[name] += text;
        for (const look of this.#looking) look();
      });
    }
    this.ended = once(this.#process, 'close').then(([code]) => {
      running.delete(this.#process);
      for (const look of this.#looking) look();
      return { code: code as number | null, stdout: this.stdout, stderr: this.stderr };
    });
  }

  /** Waits until it has said this on stdout. @returns the first group, or all of it */
  says(pattern: RegExp): Promise<string> {
    return this.#waitFor(pattern, 'stdout');
  }

  /** Waits until it has said this on stderr. @returns the first group, or all of it */
  complains(pattern: RegExp): Promise<string> {
    return this.#waitFor(pattern, 'stderr');
  }

  async #waitFor(pattern: RegExp, where: 'stdout' | 'stderr'): Promise<string> {
    for (;;) {
      const found = pattern.exec(this[where]);
      if (found !== null) return found[1] ?? found[0];
      if (this.#process.exitCode !== null)
        throw new Error(`ended without saying ${pattern}: ${this.stdout}${this.stderr}`);
      await new Promise<void>(resolve => this.#looking.add(resolve));
      this.#looking.clear();
    }
  }

  /** As `| head` does that has seen enough. */
  closeStdout(): void {
    this.#process.stdout?.destroy();
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }
}

/** Ends what a failed test has left behind. */
export function endCommands(): void {
  for (const process of running) process.kill('SIGKILL');
}
