// SPDX-License-Identifier: Apache-2.0
import type { Span } from '@opentelemetry/api';
import type { ExperimentEvent } from '../model/experiment-event.js';
import { eventNameOf } from '../util/event-names.js';
import { markOffered, type Offered } from '../util/hand-over-mark.js';
import { attributesOf, type Detail, eventTime } from './event-attributes.js';

/** Adds the event to the span and marks it as handed over, so that no harvest takes it a second time. */
export function addSpanEvent(span: Span, event: ExperimentEvent, detail: Detail, offered: Offered): void {
  const name = eventNameOf(event.type);
  const time = eventTime(event);
  const stored = (span as { events?: unknown }).events;
  if (!Array.isArray(stored)) {
    markOffered(time, offered);
    span.addEvent(name, attributesOf(event, detail), time);
    return;
  }
  const lastBefore: unknown = stored.at(-1);
  span.addEvent(name, attributesOf(event, detail), time);
  const last: unknown = stored.at(-1);
  // With an event limit of 0 nothing was stored.
  if (last !== lastBefore && typeof last === 'object' && last !== null) markOffered(last, offered);
}
