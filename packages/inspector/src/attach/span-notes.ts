// SPDX-License-Identifier: Apache-2.0
import { keepNewest } from '../util/keep-newest.js';

/** What is read of a span of OpenTelemetry's SDK, whether it has ended or not. */
export interface SeenSpan {
  spanContext(): SpanContextLike;
  readonly events?: readonly SeenEvent[];
}

/** What is read of a log record of OpenTelemetry's SDK. */
export interface SeenLogRecord {
  readonly eventName?: string | undefined;
  readonly attributes: Attributes;
  readonly hrTime: readonly [number, number];
  readonly spanContext?: SpanContextLike | undefined;
}

interface SpanContextLike {
  readonly traceId: string;
  readonly spanId: string;
}

interface SeenEvent {
  readonly name: string;
  readonly attributes?: Attributes | undefined;
  readonly time: readonly [number, number];
}

type Attributes = Readonly<Record<string, unknown>>;

/** An event as it stands in a batch. */
export interface SentEvent {
  readonly uuid: unknown;
  readonly visitorId: unknown;
  readonly timestamp: unknown;
}

const EVENT_NAMES: readonly unknown[] = [
  'optimizely.impression',
  'optimizely.conversion',
  'feature_flag.evaluation',
];
const MOST_LIVE = 10_000;
const MOST_NOTED = 10_000;

/**
 * Which span each experiment event was recorded on, as far as spans and log records tell. An event that the record helpers
 * added is known by its uuid; one that was added by hand may have none, and is known by its visitor and its time.
 */
export class SpanNotes {
  /** Their events are not all there yet. */
  readonly #live = new Set<SeenSpan>();
  readonly #noted = new Map<string, string>();

  started(span: SeenSpan): void {
    this.#live.add(span);
    keepNewest(this.#live, MOST_LIVE);
  }

  ended(span: SeenSpan): void {
    this.#live.delete(span);
    this.#noteSpan(span);
  }

  emitted({ eventName, attributes, hrTime, spanContext }: SeenLogRecord): void {
    if (spanContext === undefined || !EVENT_NAMES.includes(eventName)) return;
    this.#note(attributes, hrTime, spanContext);
  }

  /** @returns `TRACE_ID-SPAN_ID` for each event, `''` where nothing is known */
  find(events: readonly SentEvent[]): string[] {
    for (const span of this.#live) this.#noteSpan(span);
    return events.map(
      ({ uuid, visitorId, timestamp }) =>
        this.#noted.get(String(uuid)) ?? this.#noted.get(keyOf(visitorId, timestamp)) ?? '',
    );
  }

  clear(): void {
    this.#live.clear();
    this.#noted.clear();
  }

  #noteSpan(span: SeenSpan): void {
    for (const { name, attributes = {}, time } of span.events ?? []) {
      if (EVENT_NAMES.includes(name)) this.#note(attributes, time, span.spanContext());
    }
  }

  #note(attributes: Attributes, [seconds, nanos]: readonly [number, number], span: SpanContextLike): void {
    const visitor = attributes['feature_flag.context.id'];
    const uuid = attributes['optimizely.event.uuid'];
    const millis = seconds * 1_000 + Math.trunc(nanos / 1_000_000);
    const key = typeof uuid === 'string' ? uuid : keyOf(visitor, millis);
    this.#noted.set(key, `${span.traceId}-${span.spanId}`);
    keepNewest(this.#noted, MOST_NOTED);
  }
}

function keyOf(visitorId: unknown, timestamp: unknown): string {
  return JSON.stringify([visitorId, timestamp]);
}
