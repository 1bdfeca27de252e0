// SPDX-License-Identifier: Apache-2.0
import { UndiciEventDispatcher } from '../http/undici-event-dispatcher.js';
import type { DatafileIndex } from '../model/datafile-index.js';
import type { StoreTicket } from '../model/event-store.js';
import type { LedgerSnapshot } from '../model/ledger.js';
import type { Logger } from '../model/logger.js';
import { assemblePipeline } from '../processor/pipeline.js';
import { EventIntake } from '../serialize/event-intake.js';
import { FileEventStore } from '../store/file-event-store.js';
import { guardLogger } from '../util/guarded-logger.js';

export interface ReplayOptions {
  readonly directory: string;
  /** undefined: the Events API of each event's region. */
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
 * Delivers what dead processes left: the store adopts it, as it would in a service, and touches no directory of a living
 * one. Events of any age are sent, since somebody asks for it. Never rejects.
 */
export async function replayStore(options: ReplayOptions): Promise<Replay> {
  const { directory, endpoint, config, giveUpAfterMillis, signal } = options;
  const logger = guardLogger(options.logger);
  const dispatcher = new UndiciEventDispatcher();
  const eventStore = new FileEventStore({ directory, maxBytes: Number.MAX_SAFE_INTEGER });
  const waiting: { ticket: StoreTicket }[] = [];
  const pipeline = assemblePipeline({
    eventStore,
    endpoint,
    eventDispatcher: dispatcher,
    batchSize: BATCH_SIZE,
    timeoutIntervalMillis: STOPPED_WITHIN_MILLIS,
    retry: { maxAgeMillis: Number.MAX_SAFE_INTEGER },
    logger: guardLogger(logger),
    resolveStored: (event, acceptedAt, ticket) => {
      if (config === undefined) waiting.push({ ticket });
      else intake.takeStored(event, config, acceptedAt, ticket);
    },
  });
  const { batcher, storeTracker, runtime } = pipeline;
  const intake = new EventIntake({
    ...pipeline,
    logger,
    enqueue: (event, superseded) => batcher.enqueue(event, superseded),
    readmit: (event, superseded) => batcher.readmit(event, superseded),
  });
  await eventStore.scanned();
  batcher.start();

  let ended = 0;
  let progressAt = runtime.monotonic();
  for (;;) {
    const { stored, pending, delivered, dropped } = pipeline.snapshot();
    if ((stored === 0 && pending === 0) || signal.aborted) break;
    const now = delivered + countOf(dropped) + waiting.length;
    if (now > ended) progressAt = runtime.monotonic();
    else if (runtime.monotonic() - progressAt > giveUpAfterMillis) break;
    ended = now;
    await new Promise(resolve => setTimeout(resolve, LOOKED_MILLIS));
  }
  storeTracker.leaveInStore(waiting);
  await batcher.stop();
  pipeline.end();
  await storeTracker.close();
  await dispatcher.close();
  return { ledger: pipeline.snapshot(), unresolved: waiting.length };
}

export function countOf(dropped: LedgerSnapshot['dropped']): number {
  return Object.values(dropped).reduce((sum, count) => sum + count, 0);
}
