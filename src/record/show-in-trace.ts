// SPDX-License-Identifier: Apache-2.0
import type { Span } from '@opentelemetry/api';
import type { ExperimentEvent } from '../model/experiment-event.js';
import type { InstalledProcessor, TraceDetail } from '../model/installed-processor.js';
import { OnceLog } from '../util/episode-log.js';
import { errorLabel } from '../util/error-label.js';
import { guardLogger } from '../util/guarded-logger.js';
import { memberOf } from '../util/own-members.js';
import { emitLogRecord } from './log-record.js';
import { addSpanEvent } from './span-event.js';

const log = guardLogger();
const said = new OnceLog();

/**
 * Shows an event in the trace, as a span event or log record, as the strictest of its receivers wants it.
 *
 * @param span the recording span; undefined without one
 * @param given the span that the caller passed, which a log record belongs to
 * @param exclusive whether the event goes to these receivers alone, so that no processor reads it from the span again
 */
export function showInTrace(
  event: ExperimentEvent,
  span: Span | undefined,
  given: Span | undefined,
  receivers: readonly InstalledProcessor[],
  exclusive: boolean,
): void {
  const wantsLog = wants('log-record', receivers);
  if (span === undefined && !wantsLog) return;
  const detail = strictest(receivers);
  if (detail === 'none') return;
  try {
    const shown = detail === 'full' ? redacted(event, receivers) : event;
    const logged = wantsLog && emitLogRecord(shown, detail, receivers, given);
    // Where no logger takes the record, the event shows as a span event after all.
    if (span !== undefined && (!logged || wants('span-event', receivers)))
      addSpanEvent(span, shown, detail, exclusive ? 'everyone' : receivers);
  } catch (error) {
    // A span of another vendor's may throw; the event must reach Optimizely all the same.
    try {
      if (said.first('addEvent'))
        log.warn(`an experiment event could not be shown in the trace: ${errorLabel(error)}`);
    } catch {
      // At the end of the stack nothing can be said.
    }
  }
}

function wants(wanted: 'span-event' | 'log-record', receivers: readonly InstalledProcessor[]): boolean {
  for (const { emitAs = 'span-event' } of receivers) if (emitAs === wanted || emitAs === 'both') return true;
  return false;
}

function redacted(event: ExperimentEvent, receivers: readonly InstalledProcessor[]): ExperimentEvent {
  return receivers.reduce((shown, processor) => redactedBy(processor, shown, event.userId), event);
}

/** A hash of a hash would belong to no visitor, so the first of several hashes stays. */
function redactedBy(
  processor: InstalledProcessor,
  shown: ExperimentEvent,
  recordedId: string,
): ExperimentEvent {
  const redacted = memberOf(processor, 'redact')?.call(processor, { ...shown, userId: recordedId }) ?? shown;
  return shown.userId === recordedId ? redacted : { ...redacted, userId: shown.userId };
}

const STRICTNESS: readonly TraceDetail[] = ['full', 'minimal', 'none'];

function strictest(receivers: readonly InstalledProcessor[]): TraceDetail {
  if (receivers.length === 0) return 'minimal';
  let level = 0;
  for (const { traceDetail } of receivers) level = Math.max(level, STRICTNESS.indexOf(traceDetail));
  return STRICTNESS[level] ?? 'minimal';
}
