// SPDX-License-Identifier: Apache-2.0
import type { Logger } from '../model/logger.js';
import { positiveOr } from '../model/resolve-options.js';

export interface FileEventStoreOptions {
  /** Made where it is missing. Several processes may share it; each store makes a directory of its own in it. */
  directory: string;
  /**
   * Bytes of this store's files, those that it adopts included; further events are refused.
   * @default 268_435_456
   */
  maxBytes?: number | undefined;
  /**
   * `'none'`: events survive the process. `'batch'`: they are brought to the disk in the background too, many at a
   * time, so that all but the last moment's survive the machine.
   * @default 'none'
   */
  fsync?: 'none' | 'batch' | undefined;
}

export interface ResolvedStoreOptions {
  readonly directory: string;
  readonly maxBytes: number;
  readonly fsync: 'none' | 'batch';
}

export function resolveStoreOptions(
  { directory, maxBytes, fsync }: FileEventStoreOptions,
  logger: Logger,
): ResolvedStoreOptions {
  if (fsync !== undefined && fsync !== 'none' && fsync !== 'batch') {
    logger.info("fsync must be 'none' or 'batch'; the default 'none' is used instead");
  }
  return {
    directory,
    maxBytes: positiveOr(268_435_456, 'maxBytes', maxBytes, logger),
    fsync: fsync === 'batch' ? 'batch' : 'none',
  };
}
