// SPDX-License-Identifier: Apache-2.0
import type { LogEvent, LogEventInfo } from 'opentelemetry-exporter-optimizely';
import { isObject, objectsOf } from '../util/json.js';
import { CAUSE_HEADER, SPANS_HEADER } from './note-headers.js';
import { type SeenLogRecord, type SeenSpan, SpanNotes } from './span-notes.js';

/** What is needed of the exporter's `NotificationCenter`. */
export interface NotificationCenterLike {
  /** @returns an id for `removeNotificationListener` */
  addNotificationListener(
    type: 'LOG_EVENT',
    listener: (logEvent: LogEvent, info: LogEventInfo) => void,
  ): number;
  /** @returns whether there was a listener of this id */
  removeNotificationListener(id: number): boolean;
}

/** A span processor and a log record processor, of both lines of OpenTelemetry's SDK. It changes no span and no record. */
export interface AttachedInspector {
  /** Remembers the span until it ends. Called by the tracer provider. */
  onStart(span: SeenSpan): void;
  /** Notes the experiment events of the span. Called by the tracer provider. */
  onEnd(span: SeenSpan): void;
  /** Notes the span of an experiment event. Called by the logger provider. */
  onEmit(record: SeenLogRecord): void;
  /** Resolves at once: nothing is sent from here. */
  forceFlush(): Promise<void>;
  /** Resolves at once, and does not detach: the last batch may not have been sent yet. */
  shutdown(): Promise<void>;
  /** Stops telling the inspector anything, and forgets what was noted. */
  detach(): void;
}

/** Servers refuse requests with longer headers. Events past it are shown without their spans. */
const MOST_SPANS = 150;

/**
 * Tells the event inspector why each batch was closed and, where what it returns is among the tracer provider's
 * `spanProcessors`, which span each event was recorded on. Both travel as request headers, and only to an `http://`
 * address of this machine: all other requests stay as they are.
 *
 * @param notificationCenter the one that is given to `OptimizelySpanProcessor` or `BatchEventProcessor`
 */
export function attachInspector(notificationCenter: NotificationCenterLike): AttachedInspector {
  const notes = new SpanNotes();
  const listener = notificationCenter.addNotificationListener('LOG_EVENT', (logEvent, { cause }) => {
    if (!isOnThisMachine(logEvent.url)) return;
    logEvent.headers[CAUSE_HEADER] = cause;
    const spans = spansOf(logEvent, notes);
    if (spans !== undefined) logEvent.headers[SPANS_HEADER] = spans;
  });
  const detach = () => {
    notificationCenter.removeNotificationListener(listener);
    notes.clear();
  };
  return {
    onStart: span => notes.started(span),
    onEnd: span => notes.ended(span),
    onEmit: record => notes.emitted(record),
    forceFlush: async () => {},
    // Not detached: the exporter's own shutdown, which sends the last batch, may still be under way.
    shutdown: async () => {},
    detach,
  };
}

/** http alone: talking to oneself needs no certificate. */
function isOnThisMachine(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  return protocol === 'http:' && /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(hostname);
}

/** @returns one for each event, in order, `''` where it has none; undefined if no event has one */
function spansOf(logEvent: LogEvent, notes: SpanNotes): string | undefined {
  // Of the text: looking at `params` would change how the LogEvent is sent.
  const params: unknown = JSON.parse(logEvent.body);
  const visitors = isObject(params) ? objectsOf(params.visitors) : [];
  const events = visitors.flatMap(visitor =>
    objectsOf(visitor.snapshots)
      .flatMap(snapshot => objectsOf(snapshot.events))
      .map(({ uuid, timestamp }) => ({ uuid, timestamp, visitorId: visitor.visitor_id })),
  );
  const spans = notes.find(events.slice(0, MOST_SPANS));
  return spans.some(span => span !== '') ? spans.join(',') : undefined;
}
