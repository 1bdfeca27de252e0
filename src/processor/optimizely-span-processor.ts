// SPDX-License-Identifier: Apache-2.0
import type { Context, Span } from '@opentelemetry/api';
import type { UnreadSpan } from '../capture/event-harvest.js';
import type { UnreadableEvent } from '../capture/read-event.js';
import { ConfigSource } from '../datafile/config-source.js';
import { DatafileWait } from '../datafile/datafile-wait.js';
import { Closing } from '../lifecycle/closing.js';
import { flushUnderWaitUntil } from '../lifecycle/flush-under-wait-until.js';
import { ProcessLife } from '../lifecycle/process-life.js';
import type { EventSettlement } from '../model/event-settlement.js';
import type { ExperimentEvent } from '../model/experiment-event.js';
import type { LedgerSnapshot } from '../model/ledger.js';
import type { SerializedEvent } from '../model/serialized-event.js';
import { resolvePrivacyOptions } from '../privacy/privacy-options.js';
import type { Conversion, Impression, OptimizelyDecision } from '../record/input.js';
import { recordConversionFor, recordImpressionFor, recordResolvedFor } from '../record/record.js';
import { EventIntake } from '../serialize/event-intake.js';
import { EventResolver } from '../serialize/event-resolver.js';
import { onFreshStack } from '../util/fresh-stack.js';
import { resolveOptions } from '../util/options/resolve-options.js';
import { takeOptions } from '../util/options/take-options.js';
import { Installation } from '../util/processor-registry.js';
import { refuseWrongPlaces } from '../util/wrong-place.js';
import { ApiCopiesCheck } from './api-copies-check.js';
import { assembleEntrance, type WaysIn } from './assemble-entrance.js';
import { Drain } from './drain.js';
import type { EventEntrance } from './event-entrance.js';
import { followConfig } from './follow-config.js';
import { type Foundation, layFoundation } from './foundation.js';
import { ownDispatcher } from './own-dispatcher.js';
import { assemblePipeline, type Pipeline } from './pipeline.js';
import type { EndedSpan, StartedSpan } from './processed-span.js';
import { SPAN_PROCESSOR, SPAN_PROCESSOR_TABLE } from './processor-option-tables.js';
import type { OptimizelySpanProcessorOptions } from './processor-options.js';
import { requireOneSource, resolveConfigManager, stoppingIfItFails } from './resolve-config-manager.js';
import { StoredResolver } from './stored-resolver.js';

/**
 * The SpanProcessor that reads experiment events from spans and delivers them to Optimizely. Register it in
 * NodeSDK's or a provider's `spanProcessors`, beside the processor that exports your spans.
 */
export class OptimizelySpanProcessor {
  readonly #apiCopies: ApiCopiesCheck;
  readonly #foundation: Foundation;
  readonly #pipeline: Pipeline;
  readonly #waysIn: WaysIn;
  readonly #entrance: EventEntrance;
  readonly #installation: Installation;
  readonly #life: ProcessLife;
  readonly #drain: Drain;
  #shutdown: Promise<void> | undefined;

  /** @throws TypeError without exactly one datafile source, or if an option has a wrong type and no default */
  constructor(options: OptimizelySpanProcessorOptions) {
    const { options: taken, logger } = takeOptions<OptimizelySpanProcessorOptions>(SPAN_PROCESSOR, options);
    refuseWrongPlaces(this, 'OptimizelySpanProcessor', logger);
    const closing = new Closing(logger);
    requireOneSource(taken, options);
    const own = resolveOptions(SPAN_PROCESSOR_TABLE, taken, logger);
    const privacy = resolvePrivacyOptions(taken, logger);
    this.#foundation = layFoundation({ ...taken, logger });
    const { runtime, ledger, storeTracker } = this.#foundation;
    const manager = resolveConfigManager(taken, logger);
    const config = new ConfigSource(manager, { logger, runtime });
    const wait = new DatafileWait(config, runtime);
    const resolver = new EventResolver(ledger, logger, storeTracker.hasStore);
    this.#pipeline = stoppingIfItFails(taken.projectConfigManager === undefined ? manager : undefined, () =>
      assemblePipeline(this.#foundation, new StoredResolver(config, resolver), {
        ...taken,
        defaultDispatcher: () => ownDispatcher(taken, logger, closing),
      }),
    );
    const { batcher } = this.#pipeline;
    this.#life = new ProcessLife(this, { ...this.#pipeline, ...this.#foundation }, logger);
    const intake = new EventIntake({ ...this.#foundation, resolver, batcher, config });
    const pipeline = this.#pipeline;
    this.#drain = new Drain({ ...this.#foundation, pipeline, intake, config, wait, closing });
    closing.add(() => config.stop());
    closing.add(() => this.#foundation.storeTracker.close());
    const onTaken =
      own.waitUntil && flushUnderWaitUntil(own.waitUntil, () => this.forceFlush(), { runtime, logger });
    this.#apiCopies = new ApiCopiesCheck(logger);
    const parts = {
      ...own,
      privacy,
      apiCopies: this.#apiCopies,
      config,
      intake,
      batcher,
      forceFlush: () => this.forceFlush(),
      onTaken: () => {
        onTaken?.();
        this.#life.eventTaken();
      },
    };
    this.#waysIn = assembleEntrance(this.#foundation, parts, taken);
    this.#entrance = this.#waysIn.entrance;
    this.#installation = new Installation(this.#entrance, this, own.install);
    followConfig(config, { ...this.#foundation, intake, batcher, life: this.#life });
    closing.add(wait.watch(logger));
    if (own.startOnInit) this.start();
    this.#life.begin({ flushOnBeforeExit: own.flushOnBeforeExit });
  }

  /** Learns which spans belong to a provider that it serves. Called by the provider. */
  onStart(span: StartedSpan, _parentContext: Context): void {
    this.#apiCopies.spanStarted();
    this.#installation.spanStarted(span);
  }

  /** Harvests experiment events that were added with `span.addEvent`, sampled or not. The provider calls it. */
  onEnd(span: EndedSpan): void {
    const { harvest } = this.#waysIn;
    const { unread } = harvest;
    try {
      harvest.takeSpan(span);
    } catch {
      // The stack has ended: no call before it is kept.
      const left: UnreadSpan = {};
      left.span = span;
      left.before = unread.latest;
      unread.latest = left;
      unread.recovery.isNeeded = true;
      try {
        unread.recovery.request();
      } catch {
        // The next call requests it.
      }
    }
  }

  /**
   * Records an impression with this processor alone, for a process with several Optimizely projects.
   *
   * @param span the span to record on; without one, the event is recorded all the same. @default the active span
   * @returns the event's uuid, or undefined if the event was refused, and counted
   */
  recordImpression(impression: Impression | OptimizelyDecision, span?: Span): string | undefined {
    try {
      return recordImpressionFor(this.#entrance, this.#foundation.runtime, impression, span);
    } catch {
      this.#foundation.ledger.recordedCount++; // The stack has ended before it began.
      this.#pipeline.batcher.recovery.isNeeded = true;
      return undefined;
    }
  }

  /** As {@link OptimizelySpanProcessor.recordImpression}, for a conversion. */
  recordConversion(conversion: Conversion, span?: Span): string | undefined {
    try {
      return recordConversionFor(this.#entrance, this.#foundation.runtime, conversion, span);
    } catch {
      this.#foundation.ledger.recordedCount++; // The stack has ended before it began.
      this.#pipeline.batcher.recovery.isNeeded = true;
      return undefined;
    }
  }

  /**
   * Takes an event that is already resolved, such as one that Optimizely's own SDK built.
   *
   * @param shown the same event by its keys, for the trace and for `beforeSend`. Without it the trace shows
   *   nothing, and a processor with `beforeSend`, `allowedAttributes`, `userIdHashKey` or `dedupe` refuses the event
   * @param span the span that shows the event, or null for none. @default the active span
   * @param settlement hears what becomes of the event. @default the event's own, if it has one
   * @returns false if the event was refused, and counted
   */
  process(
    event: SerializedEvent,
    shown?: ExperimentEvent,
    span?: Span | null,
    settlement?: EventSettlement,
  ): boolean {
    try {
      const take = () => this.#entrance.process(event, shown, settlement);
      if (shown === undefined || span === null) return take();
      return recordResolvedFor([this.#entrance], shown, take, span);
    } catch {
      this.#foundation.ledger.recordedCount++; // The stack has ended before the entrance was asked.
      this.#pipeline.batcher.recovery.isNeeded = true;
      return false;
    }
  }

  /**
   * Takes an event that another process recorded, such as one that a gateway has read. This process's trace shows nothing
   * of it.
   *
   * @param event what `readExperimentEvent` has read; an unreadable event is counted as `invalid`
   * @param settlement hears what becomes of the event. @default none
   * @returns false if the event was refused, and counted
   */
  receive(event: ExperimentEvent | UnreadableEvent, settlement?: EventSettlement): boolean {
    try {
      return this.#entrance.receive(event, settlement);
    } catch {
      this.#foundation.ledger.recordedCount++; // As in `process`.
      this.#pipeline.batcher.recovery.isNeeded = true;
      return false;
    }
  }

  /** Starts to build batches if `startOnInit` is false. Events recorded before keep their age. */
  start(): void {
    this.#pipeline.batcher.start();
  }

  /**
   * Attempts to deliver everything recorded before, and waits for requests in flight, for `timeoutIntervalMillis` at
   * most. Remaining events stay pending. Never rejects.
   */
  forceFlush(): Promise<void> {
    return onFreshStack(() => {
      this.#waysIn.readUnread(true);
      return this.#drain.flush();
    });
  }

  /** The same as `forceFlush()`, by the name that Optimizely's SDKs use. */
  flush(): Promise<void> {
    return this.forceFlush();
  }

  /**
   * Refuses new events, delivers the others for `timeoutIntervalMillis` at most, and counts and logs those that remain.
   * Never rejects. A second call returns the same promise.
   */
  shutdown(): Promise<void> {
    this.#waysIn.readUnread(false);
    this.#entrance.close();
    this.#installation.uninstall();
    this.#shutdown ??= onFreshStack(() => this.#drain.end().finally(() => this.#life.end()));
    return this.#shutdown;
  }

  /** The same as `shutdown()`, by the name that Optimizely's SDKs use. */
  stop(): Promise<void> {
    return this.shutdown();
  }

  /** The same as `shutdown()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.shutdown();
  }

  /** Returns where every event is. */
  ledger(): LedgerSnapshot {
    return this.#pipeline.snapshot(this.#entrance.isTaking);
  }
}
