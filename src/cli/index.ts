#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
import { CLIENT_NAME, CLIENT_VERSION } from '../util/version.js';
import { CommandError } from './command-error.js';
import { storeCommand } from './store-command.js';
import { systemTerminal, type Terminal } from './terminal.js';
import { USAGE } from './usage.js';

async function run([command, ...args]: string[], terminal: Terminal): Promise<number> {
  const asksForHelp = command === 'help' || [command, ...args].some(arg => arg === '--help' || arg === '-h');
  if (asksForHelp || command === '--version') {
    terminal.out(asksForHelp ? USAGE.trimEnd() : CLIENT_VERSION);
    return 0;
  }
  switch (command) {
    case 'store':
      return storeCommand(args, terminal);
    case undefined:
      throw new CommandError('a command is missing: store ls or store replay', 2);
    case 'inspect':
    case 'validate':
      throw new CommandError(`${command} is a command of optimizely-event-inspector`, 2);
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
    terminal.err(`${CLIENT_NAME}: ${(error as Error).message}`);
    if (exitCode === 2) terminal.err(`See ${CLIENT_NAME} --help`);
    return exitCode;
  }
}

void main(process.argv.slice(2)).then(exitCode => {
  process.exitCode = exitCode;
});
