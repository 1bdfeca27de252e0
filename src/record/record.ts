// SPDX-License-Identifier: Apache-2.0
import { type Span, trace } from '@opentelemetry/api';
import type { ExperimentEvent, ExperimentEventType } from '../model/experiment-event.js';
import type { InstalledProcessor } from '../model/installed-processor.js';
import type { Runtime } from '../model/runtime.js';
import { OnceLog } from '../util/episode-log.js';
import { errorLabel } from '../util/error-label.js';
import type { EventDoubt } from '../util/event-doubts.js';
import { isStackOverflow } from '../util/guard.js';
import { guardLogger } from '../util/guarded-logger.js';
import { noteChecked } from '../util/latest-checked.js';
import { memberOf } from '../util/own-members.js';
import { installedProcessors, ownersOf } from '../util/processor-registry.js';
import { systemRuntime } from '../util/system-runtime.js';
import { endStartup } from '../util/unheard-lines.js';
import { describeUnusable } from '../util/unusable-field.js';
import { type CheckInput, checkConversion, checkImpression } from './check-input.js';
import type { Conversion, Impression, OptimizelyDecision } from './input.js';
import { showInTrace } from './show-in-trace.js';
import { unreadMember } from './unread-members.js';

/**
 * Records that a user was shown a variation: adds a span event, or emits a log record where the processors' option
 * `emitAs` says so, and hands the impression to the installed processors that own the span, or to all of them where
 * there is no recording span. Never throws.
 *
 * @param impression the impression, or a decision of Optimizely's SDK as it is
 * @param span the span to record on; without one, the event is recorded all the same. @default the active span
 * @returns the event's uuid, or undefined if no processor accepted the event
 */
export function recordImpression(
  impression: Impression | OptimizelyDecision,
  span?: Span,
): string | undefined {
  try {
    return record('impression', checkImpression, impression, span, systemRuntime);
  } catch {
    // The stack has ended.
    return undefined;
  }
}

/**
 * Records that a user did what an experiment measures; otherwise as {@link recordImpression}.
 *
 * @param span the span to record on; without one, the event is recorded all the same. @default the active span
 * @returns the event's uuid, or undefined if no processor accepted the event
 */
export function recordConversion(conversion: Conversion, span?: Span): string | undefined {
  try {
    return record('conversion', checkConversion, conversion, span, systemRuntime);
  } catch {
    // The stack has ended.
    return undefined;
  }
}

/**
 * As {@link recordImpression}, for one processor alone, or undefined for all.
 *
 * @throws RangeError where the stack has no room to begin
 */
export function recordImpressionFor(
  processor: InstalledProcessor | undefined,
  runtime: Runtime,
  impression: Impression | OptimizelyDecision,
  span?: Span,
): string | undefined {
  return record('impression', checkImpression, impression, span, runtime, processor);
}

/** As {@link recordImpressionFor}, for a conversion. */
export function recordConversionFor(
  processor: InstalledProcessor | undefined,
  runtime: Runtime,
  conversion: Conversion,
  span?: Span,
): string | undefined {
  return record('conversion', checkConversion, conversion, span, runtime, processor);
}

/**
 * Shows in the trace an event that goes to certain processors alone and is resolved already.
 *
 * @param take hands it on
 * @param given the span to record on; undefined for the active one
 */
export function recordResolvedFor(
  receivers: readonly InstalledProcessor[],
  event: ExperimentEvent,
  take: () => boolean,
  given: Span | undefined,
): boolean {
  const span = recordingSpan(given);
  showInTrace(event, span, given, receivers, true);
  return take();
}

const NOT_A_SPAN =
  'the second argument of a record call is not a span, and is not read: all that belongs to the event goes into the first';

const log = guardLogger();
const said = new OnceLog();

/**
 * Where the stack ends before a receiver has counted the event, it is counted here, in plain fields: nothing can be called
 * then. Which receivers there are may not be known yet: then it counts with all.
 *
 * @param only the processor that gets the event; undefined for those that own the span, or all
 * @throws RangeError where the stack has no room to begin
 */
function record<E extends ExperimentEvent>(
  type: ExperimentEventType,
  check: CheckInput<E>,
  input: unknown,
  given: Span | undefined,
  runtime: Runtime,
  only?: InstalledProcessor,
): string | undefined {
  let receivers: readonly InstalledProcessor[] | undefined;
  let asked = 0;
  let uuid: string | undefined;
  try {
    receivers = only === undefined ? installedProcessors() : [only];
    endStartup();
    const span = recordingSpan(given);
    if (only === undefined) receivers = receiversOf(span, receivers);
    const checked = check(input, runtime, receivers);
    if (checked.type === 'unusable') {
      if (receivers.length === 0) sayUnusable(type, checked.unusable);
    } else {
      tellDoubt(unreadMember(checked, input), receivers);
      showInTrace(checked, span, given, receivers, only !== undefined);
      noteChecked(checked);
    }
    for (const processor of receivers) {
      const { count } = processor;
      const countBefore = count?.ledger.recordedCount;
      if (checked.type === 'unusable') processor.refuse(type, checked.unusable);
      else if (processor.offer(checked)) uuid = checked.uuid;
      // Where the stack ends within `offer`, that returns as if the event were refused, and counted.
      if (count !== undefined && count.ledger.recordedCount === countBefore) count.ledger.recordedCount++;
      asked++;
    }
    noteChecked(undefined);
  } catch (error) {
    if (receivers === undefined) throw error;
    for (; asked < receivers.length; asked++) {
      const count = receivers[asked]?.count;
      if (count === undefined) continue;
      count.ledger.recordedCount++;
      count.recovery.isNeeded = true;
    }
    try {
      if (said.first('unexpected')) log.error(`recording failed: ${errorLabel(error)}`);
    } catch {
      // At the end of the stack nothing can be said.
    }
  }
  return uuid;
}

function tellDoubt(doubt: EventDoubt | undefined, receivers: readonly InstalledProcessor[]): void {
  if (doubt === undefined) return;
  for (const processor of receivers) {
    memberOf(processor, 'doubt')?.call(processor, doubt.kind, doubt.message);
  }
}

/** @returns undefined if there is none to record on */
export function recordingSpan(given: Span | undefined): Span | undefined {
  try {
    const span = given ?? trace.getActiveSpan();
    if (typeof span?.isRecording !== 'function') {
      if (span !== undefined && said.first('not a span')) {
        log.alert('OPTIMIZELY_DOUBTFUL_EVENT', 'warn', NOT_A_SPAN);
      }
      return undefined;
    }
    return span.isRecording() ? span : undefined;
  } catch (error) {
    // Without its owners, the event would reach processors of other projects.
    if (isStackOverflow(error)) throw error;
    // A broken span is no reason to lose the event.
    return undefined;
  }
}

function receiversOf(
  span: Span | undefined,
  installed: readonly InstalledProcessor[],
): readonly InstalledProcessor[] {
  const owners = span === undefined ? undefined : ownersOf(span);
  const receivers = owners ?? installed;
  // Those of another project are no substitute for owners that were shut down.
  if (receivers.length === 0) {
    if (said.first('none')) {
      log.alert(
        'OPTIMIZELY_NO_PROCESSOR',
        'warn',
        'no OptimizelySpanProcessor is installed, or it was shut down: experiment events go to the trace only; create ' +
          'one before the first event, and shut it down after the last',
      );
    }
    return receivers;
  }
  if (span !== undefined && owners === undefined && said.first('unowned')) {
    log.info(
      'a span of a provider that has no OptimizelySpanProcessor: its experiment events go to every installed one',
    );
  }
  return receivers;
}

function sayUnusable(type: ExperimentEventType, field: string): void {
  if (said.first(`${type}.${field}`)) log.warn(`${type} refused: ${describeUnusable(type, field)}`);
}
