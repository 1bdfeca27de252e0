// SPDX-License-Identifier: Apache-2.0
import { ConfigError } from '../config/config-error.js';
import { CommandError } from './command-error.js';
import { readFlags } from './read-flags.js';
import { runGateway } from './run-gateway.js';
import { USAGE } from './usage.js';
import { COMMAND, readVersion } from './version.js';

async function run(args: string[]): Promise<number> {
  if (args.some(arg => arg === '--help' || arg === '-h')) {
    process.stdout.write(USAGE);
    return 0;
  }
  if (args[0] === '--version') {
    process.stdout.write(`${readVersion()}\n`);
    return 0;
  }
  return runGateway(readFlags(args, process.env));
}

/** @returns the exit code */
export async function main(args: string[]): Promise<number> {
  try {
    return await run(args);
  } catch (error) {
    const exitCode = exitCodeOf(error);
    process.stderr.write(`${COMMAND}: ${messageOf(error)}\n`);
    if (exitCode === 2) process.stderr.write(`See ${COMMAND} --help\n`);
    return exitCode;
  }
}

function exitCodeOf(error: unknown): 1 | 2 {
  if (error instanceof CommandError) return error.exitCode;
  const { code } = error as NodeJS.ErrnoException;
  const isWrongCall = error instanceof ConfigError || code?.startsWith('ERR_PARSE_ARGS') === true;
  return isWrongCall ? 2 : 1;
}

function messageOf(error: unknown): string {
  const { code, syscall, message, port } = error as NodeJS.ErrnoException & { port?: number };
  // Only a host that is listened on is looked up before the gateway listens.
  if (code === 'EADDRNOTAVAIL' || syscall === 'getaddrinfo')
    return `it can't listen on this address (${code}): give one of this machine with --host, such as 127.0.0.1`;
  if (code === 'EADDRINUSE') return `port ${port} is taken: give another one with --port`;
  if (code === 'EACCES' && port !== undefined)
    return `port ${port} may not be used: give another one with --port`;
  return message;
}
