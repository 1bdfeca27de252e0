// SPDX-License-Identifier: Apache-2.0
import { context, type Span, trace } from '@opentelemetry/api';
import type { ExperimentEvent } from '../model/experiment-event.js';
import type { InstalledProcessor } from '../model/installed-processor.js';
import { eventNameOf } from '../util/event-names.js';
import { markOffered } from '../util/hand-over-mark.js';
import { installedProcessors } from '../util/processor-registry.js';
import { attributesOf, type Detail, eventTime } from './event-attributes.js';

/**
 * Emits the event as a log record, once however many processors get it. Those that see the record, or a span event
 * that a bridge makes of it, know it by the mark on its time, or by its attributes where that was copied.
 *
 * @param span whose trace the record belongs to; undefined for the active one's
 * @returns whether a logger took it
 */
export function emitLogRecord(
  event: ExperimentEvent,
  detail: Detail,
  receivers: readonly InstalledProcessor[],
  span: Span | undefined,
): boolean {
  const port = (receivers.find(({ logs }) => logs?.emitter !== undefined) ?? receivers[0])?.logs;
  if (port === undefined) return false;
  for (const { logs } of installedProcessors()) logs?.expect(event);
  const timestamp = eventTime(event);
  // The record passes log processors of spans' owners and of others alike: none of them is to take it.
  markOffered(timestamp, 'everyone');
  return port.emit({
    eventName: eventNameOf(event.type),
    timestamp,
    attributes: attributesOf(event, detail),
    context: span === undefined ? context.active() : trace.setSpan(context.active(), span),
  });
}
