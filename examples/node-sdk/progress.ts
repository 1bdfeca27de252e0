// SPDX-License-Identifier: Apache-2.0
import type { WriteStream } from 'node:tty';

/** Progress in place on a terminal, and a line every ten per cent elsewhere. */
export class Progress {
  readonly #total: number;
  readonly #out: WriteStream;
  #tenths = 0;

  constructor(total: number, out: WriteStream = process.stdout) {
    this.#total = total;
    this.#out = out;
  }

  reached(done: number, text: string): void {
    if (this.#out.isTTY) {
      this.#out.write(`\r\x1b[K  ${text}`);
      return;
    }
    const tenths = Math.floor((10 * done) / this.#total);
    if (tenths > this.#tenths) this.#out.write(`  ${text}\n`);
    this.#tenths = Math.max(tenths, this.#tenths);
  }

  /** A line that stays. */
  note(text: string): void {
    this.#out.write(`${this.#out.isTTY ? '\r\x1b[K' : ''}${text}\n`);
  }
}
