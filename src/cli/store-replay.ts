// SPDX-License-Identifier: Apache-2.0
import { UndiciEventDispatcher } from '../http/undici-event-dispatcher.js';
import type { DatafileIndex } from '../model/datafile-index.js';
import type { LedgerSnapshot } from '../model/ledger.js';
import type { Logger } from '../model/logger.js';
import { layFoundation } from '../processor/foundation.js';
import { assemblePipeline } from '../processor/pipeline.js';
import { StoredResolver } from '../processor/stored-resolver.js';
import { EventResolver } from '../serialize/event-resolver.js';
import { FileEventStore } from '../store/file-event-store.js';
import { guardLogger } from '../util/guarded-logger.js';

export interface ReplayOptions {
  readonly directory: string;
  /** Undefined for the Events API of each event's region. */
  readonly endpoint: string | undefined;
  /** For events that were stored before there was a datafile. */
  readonly config: DatafileIndex | undefined;
  /** Ends the replay where nothing was delivered or dropped for so long. */
  readonly giveUpAfterMillis: number;
  readonly logger: Logger;
  /** Aborted: what is left stays in the store. */
  readonly signal: AbortSignal;
}

export interface Replay {
  readonly ledger: LedgerSnapshot;
  /** Events that wait for a datafile, and stay stored. */
  readonly unresolved: number;
}

const LOOKED_MILLIS = 50;
const BATCH_SIZE = 100;
/** By then everything has arrived, or was given up. */
const STOPPED_WITHIN_MILLIS = 1_000;

/**
 * Delivers the events of dead processes: the store adopts their directories, as it would in a service, and does not
 * touch those of running ones. Events of any age are sent, because the user asked for it. Never rejects.
 */
export async function replayStore(options: ReplayOptions): Promise<Replay> {
  const { directory, endpoint, config, giveUpAfterMillis, signal } = options;
  const logger = guardLogger(options.logger);
  const dispatcher = new UndiciEventDispatcher();
  const eventStore = new FileEventStore({ directory, maxBytes: Number.MAX_SAFE_INTEGER });
  const foundation = layFoundation({
    eventStore,
    batchSize: BATCH_SIZE,
    timeoutIntervalMillis: STOPPED_WITHIN_MILLIS,
    logger,
  });
  const { ledger, runtime, storeTracker } = foundation;
  const resolver = new EventResolver(ledger, logger);
  const datafile = { current: () => config };
  const pipeline = assemblePipeline(foundation, new ReplayResolver(datafile, resolver), {
    endpoint,
    eventDispatcher: dispatcher,
    retry: { maxAgeMillis: Number.MAX_SAFE_INTEGER },
  });
  const { batcher } = pipeline;
  await eventStore.scanned();
  batcher.start();

  let ended = 0;
  let progressAt = runtime.monotonic();
  for (;;) {
    const { stored, pending, delivered, dropped } = pipeline.snapshot();
    if ((stored === 0 && pending === 0) || signal.aborted) break;
    const now = delivered + countOf(dropped) + batcher.unresolvedCount;
    if (now > ended) progressAt = runtime.monotonic();
    else if (runtime.monotonic() - progressAt > giveUpAfterMillis) break;
    ended = now;
    await new Promise(resolve => setTimeout(resolve, LOOKED_MILLIS));
  }
  const unresolved = batcher.unresolvedCount;
  await batcher.stop();
  pipeline.end();
  await storeTracker.close();
  await dispatcher.close();
  return { ledger: pipeline.snapshot(), unresolved };
}

export function countOf(dropped: LedgerSnapshot['dropped']): number {
  return Object.values(dropped).reduce((sum, count) => sum + count, 0);
}

/** Resolved events go out without a datafile too. */
class ReplayResolver extends StoredResolver {
  override get isReady(): boolean {
    return true;
  }
}
