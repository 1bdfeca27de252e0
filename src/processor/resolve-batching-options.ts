// SPDX-License-Identifier: Apache-2.0
import type { PackageLogger } from '../model/logger.js';
import { resolveOptions } from '../util/options/resolve-options.js';
import { BATCHING_TABLE, type ResolvedBatchingOptions } from './processor-option-tables.js';
import type { BatchingOptions } from './processor-options.js';

/** @throws TypeError if a queue, notification center, meter provider or runtime lacks its methods */
export function resolveBatchingOptions(
  options: BatchingOptions,
  logger: PackageLogger,
): ResolvedBatchingOptions {
  const resolved = resolveOptions(BATCHING_TABLE, options, logger);
  const { batchSize, maxBatchSize, maxQueueSize } = resolved;
  if (batchSize > maxQueueSize - Math.floor(maxQueueSize / 10)) {
    logger.alert(
      'OPTIMIZELY_BAD_OPTION',
      'warn',
      `batchSize ${batchSize} is never reached with maxQueueSize ${maxQueueSize}, of which a tenth is kept for ` +
        'conversions: batches go out when that is reached; lower batchSize or raise maxQueueSize',
    );
  }
  return { ...resolved, maxBatchSize: Math.max(batchSize, maxBatchSize) };
}
