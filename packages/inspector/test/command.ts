// SPDX-License-Identifier: Apache-2.0
import { Command, type CommandOptions } from '../../../test/support/command.js';

export { endCommands } from '../../../test/support/command.js';

export const CLI = new URL('../dist/cli/index.js', import.meta.url).pathname;

export const start = (args: readonly string[], options?: CommandOptions) => new Command(CLI, args, options);

export const run = (args: readonly string[], options?: CommandOptions) => start(args, options).ended;

/** `inspect` on any free port. @returns the command and its Events endpoint */
export async function startInspect(args: readonly string[], options?: CommandOptions) {
  const command = start(['inspect', '--port', '0', ...args], options);
  const endpoint = await command.says(/OPTIMIZELY_EVENTS_ENDPOINT=(\S+)\n/);
  return { command, endpoint, url: new URL('/', endpoint).href };
}
