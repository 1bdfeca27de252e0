#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
import { CommandError } from './command-error.js';
import { inspectCommand } from './inspect-command.js';
import { systemTerminal, type Terminal } from './terminal.js';
import { USAGE } from './usage.js';
import { validateCommand } from './validate-command.js';
import { COMMAND, readVersion } from './version.js';

/** Beside this file, once it is built. */
const PAGE = new URL('./page/', import.meta.url);

async function run(args: string[], terminal: Terminal): Promise<number> {
  const asksForHelp = args[0] === 'help' || args.some(arg => arg === '--help' || arg === '-h');
  if (asksForHelp || args[0] === '--version') {
    terminal.out(asksForHelp ? USAGE.trimEnd() : readVersion());
    return 0;
  }
  // An option in the command's place is one of the default command.
  const [command, ...rest] = args[0] === undefined || args[0].startsWith('-') ? ['inspect', ...args] : args;
  switch (command) {
    case 'inspect':
      return inspectCommand(rest, terminal, PAGE);
    case 'validate':
      return validateCommand(rest, terminal);
    default:
      throw new CommandError(`there is no command ${JSON.stringify(command)}`, 2);
  }
}

/** @returns the exit code */
async function main(args: string[]): Promise<number> {
  const terminal = systemTerminal();
  try {
    return await run(args, terminal);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const wrongCall = code?.startsWith('ERR_PARSE_ARGS') === true;
    if (!(error instanceof CommandError) && !wrongCall) throw error;
    const exitCode = error instanceof CommandError ? error.exitCode : 2;
    terminal.err(`${COMMAND}: ${(error as Error).message}`);
    if (exitCode === 2) terminal.err(`See ${COMMAND} --help`);
    return exitCode;
  }
}

void main(process.argv.slice(2)).then(exitCode => {
  process.exitCode = exitCode;
});
