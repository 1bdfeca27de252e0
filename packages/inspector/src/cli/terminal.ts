// SPDX-License-Identifier: Apache-2.0

/** Where a command speaks. */
export interface Terminal {
  out(line: string): void;
  err(line: string): void;
  readonly style: Style;
  /** Resolves when nobody reads what is said any more, `| head` say: what has an end is brought to it all the same. */
  readonly readerGone: Promise<void>;
}

export type Colour = 'red' | 'yellow' | 'green' | 'dim' | 'bold';
export type Style = (colour: Colour, text: string) => string;

const CODES: Record<Colour, [on: number, off: number]> = {
  red: [31, 39],
  yellow: [33, 39],
  green: [32, 39],
  dim: [2, 22],
  bold: [1, 22],
};

export const plain: Style = (_colour, text) => text;
const coloured: Style = (colour, text) => `\u001b[${CODES[colour][0]}m${text}\u001b[${CODES[colour][1]}m`;

/** Colours only where somebody looks on, and not where NO_COLOR (https://no-color.org) asks for none. */
export function systemTerminal(): Terminal {
  // A reader that has gone is no reason for a stack trace, and none to stop half way.
  process.stderr.on('error', () => {});
  return {
    readerGone: new Promise(resolve => process.stdout.on('error', () => resolve())),
    out: line => void process.stdout.write(`${line}\n`),
    err: line => void process.stderr.write(`${line}\n`),
    style: process.stdout.isTTY && !process.env.NO_COLOR ? coloured : plain,
  };
}
