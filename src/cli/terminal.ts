// SPDX-License-Identifier: Apache-2.0
import { styleText } from 'node:util';

/** Where a command writes. */
export interface Terminal {
  out(line: string): void;
  err(line: string): void;
  readonly style: Style;
  /** Resolves when the reader of stdout has gone, `| head` say. A command that has an end goes on to it all the same. */
  readonly readerGone: Promise<void>;
}

export type Color = 'red' | 'yellow' | 'green' | 'dim' | 'bold';
export type Style = (color: Color, text: string) => string;

export function systemTerminal(): Terminal {
  // A reader that has gone is no reason for a stack trace, and none to stop half way.
  process.stderr.on('error', () => {});
  return {
    readerGone: new Promise(resolve => process.stdout.on('error', () => resolve())),
    out: line => void process.stdout.write(`${line}\n`),
    err: line => void process.stderr.write(`${line}\n`),
    // Plain where stdout is not a terminal, or NO_COLOR is set (https://no-color.org).
    style: (color, text) => styleText(color, text),
  };
}
