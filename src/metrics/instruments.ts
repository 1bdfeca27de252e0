// SPDX-License-Identifier: Apache-2.0
import type { Counter, Histogram, Meter, Observable, UpDownCounter } from '@opentelemetry/api';
import {
  METRIC_OPTIMIZELY_EXPORTER_EVENT_EXPORTED,
  METRIC_OPTIMIZELY_EXPORTER_EVENT_INFLIGHT,
  METRIC_OPTIMIZELY_PROCESSOR_EVENT_PROCESSED,
  METRIC_OPTIMIZELY_PROCESSOR_EVENT_QUEUE_CAPACITY,
  METRIC_OPTIMIZELY_PROCESSOR_EVENT_QUEUE_SIZE,
  METRIC_OPTIMIZELY_PROCESSOR_EVENT_RECORDED,
  METRIC_OPTIMIZELY_PROCESSOR_EVENT_STREAMED,
  METRIC_OPTIMIZELY_STORE_EVENT_COUNT,
  METRIC_OTEL_SDK_EXPORTER_OPERATION_DURATION,
} from './metric-names.js';

export interface Instruments {
  readonly queueSize: Observable;
  readonly queueCapacity: Observable;
  readonly recorded: Counter;
  readonly processed: Counter;
  readonly streamed: Counter;
  readonly inflight: UpDownCounter;
  readonly exported: Counter;
  readonly duration: Histogram;
  readonly stored: Observable;
}

/** Seconds: the HTTP conventions' bounds. An SDK's default ones are meant for milliseconds. */
const DURATION_BOUNDARIES = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

export function createInstruments(meter: Meter): Instruments {
  const events = (description: string) => ({ unit: '{event}', description });
  return {
    queueSize: meter.createObservableUpDownCounter(
      METRIC_OPTIMIZELY_PROCESSOR_EVENT_QUEUE_SIZE,
      events('Events in memory: held for a datafile, queued, in flight or being retried.'),
    ),
    queueCapacity: meter.createObservableUpDownCounter(
      METRIC_OPTIMIZELY_PROCESSOR_EVENT_QUEUE_CAPACITY,
      events('The most events that a processor keeps in memory.'),
    ),
    recorded: meter.createCounter(
      METRIC_OPTIMIZELY_PROCESSOR_EVENT_RECORDED,
      events('Events given to a processor, refused ones included.'),
    ),
    processed: meter.createCounter(
      METRIC_OPTIMIZELY_PROCESSOR_EVENT_PROCESSED,
      events('Events that a processor is done with: delivered, or dropped for the reason in error.type.'),
    ),
    streamed: meter.createCounter(
      METRIC_OPTIMIZELY_PROCESSOR_EVENT_STREAMED,
      events('Events that a stream has, from which another process delivers them.'),
    ),
    inflight: meter.createUpDownCounter(
      METRIC_OPTIMIZELY_EXPORTER_EVENT_INFLIGHT,
      events('Events in requests that are not answered yet.'),
    ),
    exported: meter.createCounter(
      METRIC_OPTIMIZELY_EXPORTER_EVENT_EXPORTED,
      events('Events in requests that ended, once for each attempt.'),
    ),
    duration: meter.createHistogram(METRIC_OTEL_SDK_EXPORTER_OPERATION_DURATION, {
      unit: 's',
      description: 'The duration of one request that carries events.',
      advice: { explicitBucketBoundaries: DURATION_BOUNDARIES },
    }),
    stored: meter.createObservableUpDownCounter(
      METRIC_OPTIMIZELY_STORE_EVENT_COUNT,
      events('Events that are in the event store and not in memory.'),
    ),
  };
}
