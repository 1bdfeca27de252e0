// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import { parseDatafile } from '../datafile/parse-datafile.js';
import { PollingProjectConfigManager } from '../datafile/polling-project-config-manager.js';
import type { DatafileIndex } from '../model/datafile-index.js';
import type { Logger } from '../model/logger.js';
import { decodeText } from '../util/decode-text.js';
import { CommandError } from './command-error.js';

export interface DatafileOptions {
  readonly file: string | undefined;
  readonly sdkKey: string | undefined;
}

/**
 * The datafile that the options name.
 *
 * @returns undefined if they name none, or if it could not be fetched, which is logged
 * @throws (rejects) CommandError: both are given, or the file can't be used
 */
export async function findDatafile(
  { file, sdkKey }: DatafileOptions,
  logger: Logger,
): Promise<DatafileIndex | undefined> {
  if (file !== undefined && sdkKey !== undefined) {
    throw new CommandError('--datafile and --sdk-key exclude each other', 2);
  }
  if (file !== undefined) return fromFile(file);
  return sdkKey === undefined ? undefined : fetchOnce(sdkKey, logger);
}

async function fromFile(path: string): Promise<DatafileIndex> {
  let text: string;
  try {
    text = decodeText(await readFile(path));
  } catch (error) {
    const { code = 'unknown reason' } = error as NodeJS.ErrnoException;
    throw new CommandError(`${path} can't be read (${code})`, 1);
  }
  try {
    return parseDatafile(text);
  } catch (error) {
    throw new CommandError(`${path}: ${(error as Error).message}`, 1);
  }
}

async function fetchOnce(sdkKey: string, logger: Logger): Promise<DatafileIndex | undefined> {
  const manager = new PollingProjectConfigManager({
    sdkKey,
    datafileAccessToken: process.env.OPTIMIZELY_DATAFILE_ACCESS_TOKEN || undefined,
    urlTemplate: process.env.OPTIMIZELY_DATAFILE_URL_TEMPLATE || undefined,
    logger,
  });
  await manager.onReady();
  await manager.stop();
  return manager.getConfig();
}
