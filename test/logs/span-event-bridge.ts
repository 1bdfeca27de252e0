// SPDX-License-Identifier: Apache-2.0
import { type Attributes, type Context, type HrTime, isSpanContextValid, trace } from '@opentelemetry/api';
import type { LogRecordProcessor, ReadWriteLogRecord } from '@opentelemetry/sdk-logs';

/** What a bridge makes of a record's time. */
export const BRIDGED_TIMES: Readonly<Record<string, (time: HrTime) => HrTime | number | Date>> = {
  'as it is': time => time,
  copied: time => [...time],
  'in milliseconds': time => millis(time),
  'as a Date': time => new Date(millis(time)),
};

/**
 * The "event to span event bridge" of OpenTelemetry's log SDK specification, which the JavaScript SDK knows by its
 * configuration's name only.
 */
export class SpanEventBridge implements LogRecordProcessor {
  readonly #timeOf: (time: HrTime) => HrTime | number | Date;

  constructor(timeOf: (time: HrTime) => HrTime | number | Date) {
    this.#timeOf = timeOf;
  }

  onEmit({ eventName, spanContext, hrTime, attributes }: ReadWriteLogRecord, context: Context): void {
    const span = trace.getSpan(context);
    if (!eventName || spanContext === undefined || !isSpanContextValid(spanContext)) return;
    if (span?.isRecording() !== true) return;
    const current = span.spanContext();
    if (current.traceId !== spanContext.traceId || current.spanId !== spanContext.spanId) return;
    span.addEvent(eventName, attributes as Attributes, this.#timeOf(hrTime));
  }

  async forceFlush(): Promise<void> {}
  async shutdown(): Promise<void> {}
}

function millis([seconds, nanos]: HrTime): number {
  return seconds * 1_000 + Math.trunc(nanos / 1_000_000);
}
