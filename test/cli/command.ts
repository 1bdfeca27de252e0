// SPDX-License-Identifier: Apache-2.0
import { Command, type CommandOptions } from '../support/command.js';

export { endCommands } from '../support/command.js';

const CLI = new URL('../../dist/cli/index.js', import.meta.url).pathname;

export const run = (args: readonly string[], options?: CommandOptions) =>
  new Command(CLI, args, options).ended;
