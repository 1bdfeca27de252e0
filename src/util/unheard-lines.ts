// SPDX-License-Identifier: Apache-2.0
import type { WarningCode } from '../model/warning-code.js';
import { diagOutput, type Level } from './diag-logger.js';
import { warnOfLogger, warnProcess } from './process-warning.js';
import { sayGuarded } from './say-guarded.js';

/** A line that was logged while there was no logger. */
interface UnheardLine {
  readonly level: Level;
  readonly message: string;
  /** Of a line that the process says where no logger comes. */
  code?: WarningCode | undefined;
}

/** Constructors say a few lines; what comes after these is not theirs. */
const MOST = 50;

const lines: UnheardLine[] = [];
let isStartup = true;
let isDue = false;

/**
 * Keeps a line of the start until there is a diag logger: NodeSDK sets one after its processors were made. A line with a
 * code is a process warning if none is there when the code that made the processor has run.
 *
 * @returns false if the start is over: the line is the caller's
 */
export function keepUnheard(line: UnheardLine): boolean {
  if (!isStartup || lines.length >= MOST) return false;
  // Not queueMicrotask, which fake timers replace.
  if (!isDue) void Promise.resolve().then(sayUnheard);
  isDue = true;
  lines.push(line);
  return true;
}

/** Tells a diag logger that has come what was said before, in order and once. Without one, the process is warned. */
export function sayUnheard(): void {
  isDue = false;
  if (lines.length === 0) return;
  if (diagOutput.isSet()) {
    for (const { level, message, code } of lines.splice(0)) {
      const onFailure = () => (code === undefined ? warnOfLogger() : warnProcess(code, message));
      sayGuarded(() => diagOutput.write(level, message), onFailure);
    }
    return;
  }
  for (const line of lines) {
    if (line.code !== undefined) warnProcess(line.code, line.message);
    line.code = undefined;
  }
}

/** Something is constructed. */
export function beginStartup(): void {
  isStartup = true;
}

/** An event is recorded: what is said from now on is news, and of no use to a logger that comes much later. */
export function endStartup(): void {
  isStartup = false;
  if (lines.length > 0) sayUnheard();
}
