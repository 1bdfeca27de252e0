// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

/** A command of one of the packages, as `npx` runs it. */
export class CommandProcess {
  readonly #process: ChildProcess;
  #said = '';

  constructor(script: string, args: readonly string[]) {
    // A group of its own: Ctrl-C is for the demo, which ends the two in their order.
    this.#process = spawn(process.execPath, [script, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.setEncoding('utf8').on('data', text => {
        this.#said += text;
        this.#process.emit('said');
      });
    }
    this.#process.once('close', () => this.#process.emit('said'));
    process.once('exit', () => this.#process.kill());
  }

  /** Waits until it has said this. @returns the first group */
  async says(pattern: RegExp): Promise<string> {
    for (;;) {
      const found = pattern.exec(this.#said)?.[1];
      if (found !== undefined) return found;
      if (this.#process.exitCode !== null) throw new Error(`it ended: ${this.#said}`);
      await once(this.#process, 'said');
    }
  }

  async end(): Promise<void> {
    if (this.#process.exitCode !== null) return;
    const closed = once(this.#process, 'close');
    this.#process.kill('SIGTERM');
    await closed;
  }
}
