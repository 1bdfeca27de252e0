// SPDX-License-Identifier: Apache-2.0

/** A span event, or a log record with an event name. */
export interface RawEvent {
  /** The span event's name, or the log record's event name. */
  readonly name: string;
  /**
   * Values as OpenTelemetry's API has them: strings, numbers, booleans, arrays, bytes as `Uint8Array`, maps as objects. A
   * bigint counts as the number next to it.
   */
  readonly attributes?: Readonly<Record<string, unknown>> | undefined;
  /**
   * Nanoseconds since the epoch, or OpenTelemetry's pair. For a log record without a timestamp, when it was observed.
   */
  readonly time: bigint | readonly [seconds: number, nanos: number];
}

/** Where a span event or log record comes from. */
export interface EventOrigin {
  /** Trace id in hexadecimal digits; undefined, `''` or all zeros if there is none. */
  readonly traceId?: string | undefined;
  /** Span id in hexadecimal digits; undefined, `''` or all zeros if there is none. */
  readonly spanId?: string | undefined;
  /** The resource's `service.instance.id`. It takes the place of a trace id where there is none. */
  readonly serviceInstanceId?: string | undefined;
}
