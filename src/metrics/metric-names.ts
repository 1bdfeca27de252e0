// SPDX-License-Identifier: Apache-2.0

// OpenTelemetry's semantic conventions for SDK metrics, with `event` for `span` and a namespace of our own: theirs is
// reserved for what they define.
export const METRIC_OPTIMIZELY_PROCESSOR_EVENT_QUEUE_SIZE = 'optimizely.processor.event.queue.size';
export const METRIC_OPTIMIZELY_PROCESSOR_EVENT_QUEUE_CAPACITY = 'optimizely.processor.event.queue.capacity';
export const METRIC_OPTIMIZELY_PROCESSOR_EVENT_RECORDED = 'optimizely.processor.event.recorded';
export const METRIC_OPTIMIZELY_PROCESSOR_EVENT_PROCESSED = 'optimizely.processor.event.processed';
export const METRIC_OPTIMIZELY_PROCESSOR_EVENT_STREAMED = 'optimizely.processor.event.streamed';
export const METRIC_OPTIMIZELY_EXPORTER_EVENT_INFLIGHT = 'optimizely.exporter.event.inflight';
export const METRIC_OPTIMIZELY_EXPORTER_EVENT_EXPORTED = 'optimizely.exporter.event.exported';
export const METRIC_OPTIMIZELY_STORE_EVENT_COUNT = 'optimizely.store.event.count';
/** Names no telemetry signal, so it is used as it is. */
export const METRIC_OTEL_SDK_EXPORTER_OPERATION_DURATION = 'otel.sdk.exporter.operation.duration';

export const ATTR_OTEL_COMPONENT_TYPE = 'otel.component.type';
export const ATTR_OTEL_COMPONENT_NAME = 'otel.component.name';
export const ATTR_ERROR_TYPE = 'error.type';
export const ATTR_HTTP_RESPONSE_STATUS_CODE = 'http.response.status_code';
/** The semantic conventions' value for an error type that is not listed by itself. */
export const ERROR_TYPE_VALUE_OTHER = '_OTHER';

export const COMPONENT_TYPE_PROCESSOR = 'optimizely_span_processor';
export const COMPONENT_TYPE_EXPORTER = 'optimizely_event_exporter';
