// SPDX-License-Identifier: Apache-2.0

import type { ExperimentEvent } from '../model/experiment-event.js';
import type { Logger } from '../model/logger.js';
import type { Runtime } from '../model/runtime.js';
import type { SerializedEvent } from '../model/serialized-event.js';
import { OnceLog } from '../util/episode-log.js';
import { errorLabel } from '../util/error-label.js';
import { isObject } from '../util/json.js';
import { OnceMore } from '../util/once-more.js';
import { LOGGER, RUNTIME } from '../util/options/common-option-rows.js';
import type { OptionTable } from '../util/options/option-table.js';
import { requireMethods, resolveOptions } from '../util/options/resolve-options.js';
import { takeOptions } from '../util/options/take-options.js';
import { systemRuntime } from '../util/system-runtime.js';
import { ContextReader } from './context-reader.js';
import { textOf, toEvent } from './event-batch.js';
import type { OfficialLogEvent } from './official-log-event.js';
import { RegionReader } from './region-reader.js';

/** An `OptimizelySpanProcessor`, or a `BatchEventProcessor` where there are no traces. */
export interface ResolvedEventProcessor {
  /** @returns false if the event was refused, and counted */
  process(event: SerializedEvent, shown?: ExperimentEvent, span?: null): boolean;
}

/** Fits `eventDispatcher` of Optimizely's JavaScript SDK, versions 5 and 6. */
export interface SpanEventDispatcher {
  /** Answers 204 at once, both by promise and by callback. Never rejects and never throws. */
  dispatchEvent(
    logEvent: OfficialLogEvent,
    callback?: (response: { statusCode: number }) => void,
  ): Promise<{ statusCode: number }>;
}

export interface SpanEventDispatcherOptions {
  /** @default OpenTelemetry's `diag` */
  logger?: Logger | undefined;
  /** The same runtime as the processor's, if that has one of its own; for tests. @default the system's */
  runtime?: Runtime | undefined;
}

export const SPAN_EVENT_DISPATCHER = {
  name: 'createSpanEventDispatcher',
  example: 'createSpanEventDispatcher(processor, { logger })',
  table: {
    logger: LOGGER,
    runtime: RUNTIME,
  } satisfies OptionTable<SpanEventDispatcherOptions>,
};

interface Progress {
  /** Visitors that were handed over. */
  taken: number;
  isLate: boolean;
}

const ANSWERED = Promise.resolve(Object.freeze({ statusCode: 204 }));

/**
 * The event dispatcher to give to Optimizely's own SDK (`@optimizely/optimizely-sdk`), so that what its calls send
 * becomes span events on the active span and goes through the processor's batches, store and delivery.
 *
 * ```ts
 * const eventDispatcher = createSpanEventDispatcher(processor);
 * createInstance({ projectConfigManager, eventProcessor: createForwardingEventProcessor(eventDispatcher) });   // 6
 * createInstance({ datafile, eventDispatcher, eventBatchSize: 1 });                                            // 5
 * ```
 *
 * The SDK then dispatches within `decide`, `activate` and `track`, so the active span is theirs. Its own batches
 * (`createBatchEventProcessor`; version 5 without `eventBatchSize: 1`) are delivered just as well, but they come late:
 * those of several events are shown on no span, and one of a single event on whichever span is active by then.
 *
 * Visitors are sent as the SDK wrote them, in its name and version: `client_name` and all else that they share decides
 * what joins one batch. Whether to the US or the EU is read from the SDK's URL (version 5 knows the US only); any other
 * address in it is not followed, that is what the processor's `endpoint` is for.
 *
 * The SDK is always told 204, since the events are the processor's now: one that it refuses is counted in its
 * `ledger()`, and trying again is its business too. Closing the SDK's client delivers nothing here: shut the processor
 * down after it.
 *
 * @throws TypeError if the argument is not a processor
 */
export function createSpanEventDispatcher(
  processor: ResolvedEventProcessor,
  options: SpanEventDispatcherOptions = {},
): SpanEventDispatcher {
  const example = 'createSpanEventDispatcher(new OptimizelySpanProcessor({ datafile }))';
  requireMethods('processor', processor, ['process'], example);
  const { options: taken, logger } = takeOptions(SPAN_EVENT_DISPATCHER, options);
  const { runtime = systemRuntime } = resolveOptions(SPAN_EVENT_DISPATCHER.table, taken, logger);
  const said = new OnceLog();
  const contexts = new ContextReader();
  const regions = new RegionReader(() => {
    if (!said.first('host')) return;
    logger.alert(
      'OPTIMIZELY_BAD_OPTION',
      'warn',
      "Optimizely's SDK was given an address that is not Optimizely's; it is not followed: give it to the processor as `endpoint`",
    );
  });

  /** @param progress where the stack ends on the way, it goes on from there */
  const take = ({ url, params }: OfficialLogEvent, progress: Progress) => {
    const visitors: unknown = isObject(params) ? params.visitors : undefined;
    if (!isObject(params) || !Array.isArray(visitors)) {
      if (said.first('visitors'))
        logger.warn("an event of Optimizely's SDK has no visitors; nothing is sent");
      return;
    }
    const context = contexts.read(regions.read(url), params);
    const acceptedAt = runtime.monotonic();
    // Which of several events happened in which span is no longer known, nor is that of one that comes late.
    const span = visitors.length > 1 || progress.isLate ? null : undefined;
    progress.isLate = true;
    while (progress.taken < visitors.length) {
      const visitor: unknown = visitors[progress.taken];
      const { event, shown } = toEvent(visitor, textOf(visitor), context, acceptedAt);
      processor.process(event, shown, span);
      progress.taken++;
    }
  };

  const work = new OnceMore(error => {
    if (said.first('unexpected')) {
      logger.error(`an event of Optimizely's SDK is lost: ${errorLabel(error)}`);
    }
  });

  return {
    // Not async: where the stack ends, its promise would reject.
    dispatchEvent(logEvent, callback) {
      const progress = { taken: 0, isLate: false };
      try {
        work.do(() => take(logEvent, progress));
        const response = { statusCode: 204 };
        const answered = Promise.resolve(response);
        callback?.(response);
        return answered;
      } catch {
        // What the application's callback throws is its own affair.
        return ANSWERED;
      }
    },
  };
}
