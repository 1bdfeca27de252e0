// SPDX-License-Identifier: Apache-2.0
import { stat } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { describeUnusableEndpoint, ENDPOINT_VARIABLE } from '../export/endpoint.js';
import type { Logger } from '../model/logger.js';
import { environmentVariable } from '../util/environment.js';
import { isHttpUrl } from '../util/http-url.js';
import { shownUrl } from '../util/shown-url.js';
import { CommandError } from './command-error.js';
import { findDatafile } from './find-datafile.js';
import { readCount } from './read-count.js';
import { listStore } from './store-list.js';
import { countOf, replayStore } from './store-replay.js';
import type { Terminal } from './terminal.js';

/** `store ls` and `store replay`. @throws CommandError called wrongly, or no such directory */
export async function storeCommand([action, ...args]: string[], terminal: Terminal): Promise<number> {
  if (action === 'ls') {
    const { positionals } = parseArgs({ args, allowPositionals: true });
    return listStore(await directoryOf(positionals), terminal, Date.now);
  }
  if (action === 'replay') return replay(args, terminal);
  throw new CommandError('store takes ls or replay', 2);
}

async function replay(args: string[], terminal: Terminal): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      endpoint: { type: 'string' },
      datafile: { type: 'string' },
      'sdk-key': { type: 'string' },
      'give-up-after': { type: 'string' },
    },
  });
  const seconds = readCount('--give-up-after', values['give-up-after'], 30, { least: 1, most: 86_400 });
  const endpoint = readEndpoint(values.endpoint);
  const directory = await directoryOf(positionals);
  const logger = loggerOf(terminal);
  const config = await findDatafile({ file: values.datafile, sdkKey: values['sdk-key'] }, logger);
  const ending = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => ending.abort());
  const { ledger, unresolved } = await replayStore({
    directory,
    endpoint,
    config,
    giveUpAfterMillis: seconds * 1_000,
    logger,
    signal: ending.signal,
  });
  const lost = countOf(ledger.dropped);
  const { out, style } = terminal;
  out(`recovered  ${ledger.recovered}`);
  out(style('green', `delivered  ${ledger.delivered}`));
  for (const [reason, count] of Object.entries(ledger.dropped))
    out(style('red', `dropped    ${count} ${reason}`));
  if (ledger.stored > 0) {
    const why =
      unresolved > 0 ? `, ${unresolved} of them for want of a datafile: --datafile or --sdk-key` : '';
    out(style('yellow', `stored     ${ledger.stored}, left for the next time${why}`));
  }
  return ledger.stored + ledger.pending + lost === 0 ? 0 : 1;
}

/** @throws CommandError the option or, without it, the environment variable is not an address */
function readEndpoint(option: string | undefined): string | undefined {
  const variable = environmentVariable(ENDPOINT_VARIABLE);
  if (option === undefined && variable !== undefined && !isHttpUrl(variable)) {
    throw new CommandError(describeUnusableEndpoint(variable), 2);
  }
  if (option !== undefined && !isHttpUrl(option)) {
    throw new CommandError(`--endpoint must be an http or https URL, not "${shownUrl(option)}"`, 2);
  }
  return option ?? variable;
}

async function directoryOf([directory, ...more]: string[]): Promise<string> {
  if (directory === undefined || more.length > 0) throw new CommandError('store takes one directory', 2);
  const found = await stat(directory).catch(() => undefined);
  if (!found?.isDirectory()) throw new CommandError(`${directory} is not a directory`, 1);
  return directory;
}

function loggerOf({ err }: Terminal): Logger {
  return { error: err, warn: err, info: err, debug: () => {} };
}
