// SPDX-License-Identifier: Apache-2.0

/** A value of an OTLP attribute. Integers beyond 2^53 are bigint, bytes are Uint8Array. */
export type OtlpValue =
  | string
  | boolean
  | number
  | bigint
  | Uint8Array
  | null
  | readonly OtlpValue[]
  | { readonly [key: string]: OtlpValue };

/** Attributes by name, as an object without a prototype. */
export type OtlpAttributes = Readonly<Record<string, OtlpValue>>;

/** A span event or log record that is read for Optimizely, in either encoding. */
export interface OtlpEvent {
  /** `optimizely.impression`, `optimizely.conversion` or `feature_flag.evaluation`. */
  readonly name: string;
  /** Nanoseconds since the epoch; 0n if the sender gave none. */
  readonly timeUnixNano: bigint;
  /** 32 lowercase hex digits; `''` if there is none. */
  readonly traceId: string;
  /** 16 lowercase hex digits; `''` if there is none. */
  readonly spanId: string;
  readonly attributes: OtlpAttributes;
  /** Attributes of the resource, one object for all events that share it. */
  readonly resource: OtlpAttributes;
}

/** What an OTLP request holds. */
export interface OtlpExport {
  /** In the order of the request. Spans, events and records of other names are skipped unread. */
  readonly events: readonly OtlpEvent[];
  /** Events of a name that is read, but which are unreadable themselves, such as those with invalid UTF-8. */
  readonly unreadable: readonly { readonly reason: string; readonly count: number }[];
}
