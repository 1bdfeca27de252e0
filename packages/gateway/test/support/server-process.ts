// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export interface ServerCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Part of the line, on its standard error, by which it says that it serves. */
  readonly ready: string;
  /** Lines that are kept for `noted`. @default none */
  readonly note?: RegExp;
}

/** A server that is started, ended, and started again. */
export class ServerProcess {
  readonly #command: ServerCommand;
  #process: ChildProcess | undefined;
  readonly #noted: string[] = [];

  constructor(command: ServerCommand) {
    this.#command = command;
  }

  /** Lines of all its lives that were to be kept. */
  get noted(): readonly string[] {
    return this.#noted;
  }

  /** Resolves when it serves. @throws (rejects) with its last lines if it ends before */
  async start(): Promise<void> {
    const { command, args, env, ready, note } = this.#command;
    const child = spawn(command, args, {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, ...env },
    });
    this.#process = child;
    const lines: string[] = [];
    let isReady = false;
    await new Promise<void>((resolve, reject) => {
      const reading = createInterface(child.stderr);
      reading.on('line', line => {
        if (note?.test(line)) this.#noted.push(line);
        if (isReady) return;
        lines.push(line);
        isReady = line.includes(ready);
        if (isReady) resolve();
      });
      reading.on('close', () => reject(new Error(`${command} ended\n${lines.slice(-20).join('\n')}`)));
    });
  }

  /** Resolves when it has ended; at once if it does not run. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }

  /** Its connections stay. */
  freeze(): void {
    this.#process?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#process?.kill('SIGCONT');
  }
}
