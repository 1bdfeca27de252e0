// SPDX-License-Identifier: Apache-2.0

import { DISPATCHER_EXAMPLE } from '../export/exporter-options.js';
import { ProcessLife } from '../lifecycle/process-life.js';
import type { LedgerSnapshot } from '../model/ledger.js';
import type { Logger } from '../model/logger.js';
import type { SerializedEvent } from '../model/serialized-event.js';
import { fromOutside, ownSerialized, withSettlement } from '../util/event-text.js';
import { onFreshStack } from '../util/fresh-stack.js';
import { Seam } from '../util/guard.js';
import { isSerializedEvent } from '../util/is-serialized-event.js';
import { LOGGER } from '../util/options/common-option-rows.js';
import { bool, type OptionTable } from '../util/options/option-table.js';
import { resolveOptions } from '../util/options/resolve-options.js';
import { takeOptions } from '../util/options/take-options.js';
import { type SettleOnce, settleOnce } from '../util/settle-once.js';
import { endStartup } from '../util/unheard-lines.js';
import { refuseWrongPlaces } from '../util/wrong-place.js';
import { type Foundation, layFoundation } from './foundation.js';
import { assemblePipeline, type Pipeline } from './pipeline.js';
import { BATCHING_TABLE, EXPORT_TABLE } from './processor-option-tables.js';
import type { BatchingOptions, ExportOptions } from './processor-options.js';

/**
 * The options of Optimizely's
 * [event batching guide](https://docs.developers.optimizely.com/feature-experimentation/docs/event-batching-python), in
 * JavaScript's spelling.
 */
export interface BatchEventProcessorOptions extends BatchingOptions, ExportOptions {
  /** Whether to start at construction. If false, events are queued until `start()`. @default false */
  startOnInit?: boolean | undefined;
  /** @default OpenTelemetry's `diag` */
  logger?: Logger | undefined;
}

export const BATCH_EVENT_PROCESSOR = {
  name: 'BatchEventProcessor',
  example: `new BatchEventProcessor(${DISPATCHER_EXAMPLE})`,
  table: {
    ...BATCHING_TABLE,
    ...EXPORT_TABLE,
    startOnInit: bool(false),
    logger: LOGGER,
  } satisfies OptionTable<BatchEventProcessorOptions>,
};

/** It has no event store to take events back from. */
const NO_STORE = { isReady: true, resolve: () => undefined };

/**
 * Optimizely's batching rules alone, without OpenTelemetry. A batch is sent when it holds `batchSize` events, when its
 * oldest event has waited `flushIntervalMillis`, when an event with another context arrives, before it exceeds
 * `maxPayloadBytes`, or when the application flushes.
 */
export class BatchEventProcessor {
  readonly #foundation: Foundation;
  readonly #pipeline: Pipeline;
  readonly #life: ProcessLife;
  readonly #settlements: Seam;
  #stopped: Promise<void> | undefined;

  /** @throws TypeError if neither `eventDispatcher` nor `exporter` is given, or both, or one has the wrong type */
  constructor(options: BatchEventProcessorOptions) {
    const { options: taken, logger } = takeOptions(BATCH_EVENT_PROCESSOR, options);
    refuseWrongPlaces(this, 'BatchEventProcessor', logger);
    this.#foundation = layFoundation({ ...taken, logger });
    this.#pipeline = assemblePipeline(this.#foundation, NO_STORE, taken);
    this.#settlements = new Seam('settlement', logger);
    const living = {
      ledger: () => this.ledger(),
      forceFlush: () => this.flush(),
      shutdown: () => this.stop(),
    };
    this.#life = new ProcessLife(living, { ...this.#pipeline, ...this.#foundation }, logger);
    this.#life.begin({ flushOnBeforeExit: false });
    const { startOnInit } = BATCH_EVENT_PROCESSOR.table;
    if (resolveOptions({ startOnInit }, taken, logger).startOnInit) this.start();
  }

  /**
   * Takes an event that a `UserEventFactory` has resolved.
   *
   * @returns false if the event was refused; the ledger says why
   */
  process(event: SerializedEvent): boolean {
    const { ledger } = this.#foundation;
    const { recordedCount } = ledger;
    try {
      return this.#process(event);
    } catch {
      // The stack has ended. What needs repair is known, and the next call asks for it.
      if (ledger.recordedCount === recordedCount) ledger.recordedCount++;
      this.#pipeline.batcher.recovery.isNeeded = true;
      return false;
    }
  }

  /** Starts to build batches. Events queued before keep their age. */
  start(): void {
    this.#pipeline.batcher.start();
  }

  /** Sends queued events and waits for requests in flight, for `timeoutIntervalMillis` at most. Never rejects. */
  flush(): Promise<void> {
    return onFreshStack(() => this.#pipeline.batcher.forceFlush());
  }

  /** Refuses new events, then flushes. Events left after `timeoutIntervalMillis` count as lost. Never rejects. */
  stop(): Promise<void> {
    this.#stopped ??= onFreshStack(() => this.#stop().finally(() => this.#life.end()));
    return this.#stopped;
  }

  /** Returns where every event is. */
  ledger(): LedgerSnapshot {
    return this.#pipeline.snapshot();
  }

  #process(given: SerializedEvent): boolean {
    const { ledger, runtime } = this.#foundation;
    const { recovery } = this.#pipeline.batcher;
    let once: SettleOnce | undefined;
    try {
      if (recovery.isNeeded) recovery.request();
      endStartup();
      ledger.recorded(1);
      const event = ownSerialized(given);
      once = settleOnce(event, this.#settlements);
      const awaited = once === undefined ? event : withSettlement(event, once);
      if (isSerializedEvent(awaited)) return this.#enqueue(fromOutside(awaited, runtime));
      ledger.dropped('invalid', [], 1);
      once?.settled('invalid');
    } catch {
      // The stack has ended.
      recovery.isNeeded = true;
      once?.settled('interrupted');
      recovery.request();
    }
    return false;
  }

  #enqueue(event: SerializedEvent): boolean {
    if (this.#stopped !== undefined) {
      this.#foundation.ledger.dropped('already_shutdown', [event]);
      return false;
    }
    const taken = this.#pipeline.batcher.enqueue(event);
    if (taken) this.#life.eventTaken();
    return taken;
  }

  async #stop(): Promise<void> {
    await this.#pipeline.batcher.stop();
    this.#pipeline.end();
  }
}
