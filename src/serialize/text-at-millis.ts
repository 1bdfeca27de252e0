// SPDX-License-Identifier: Apache-2.0

/** Text that begins with a time in milliseconds. Events of one millisecond have the same, which is made once: 60 ns. */
export class TextAtMillis {
  readonly #rest: string;
  #millis = Number.NaN;
  #text = '';

  /** @param rest what follows the time */
  constructor(rest: string) {
    this.#rest = rest;
  }

  of(millis: number): string {
    if (millis !== this.#millis) {
      this.#text = `${millis}${this.#rest}`;
      this.#millis = millis;
    }
    return this.#text;
  }
}
