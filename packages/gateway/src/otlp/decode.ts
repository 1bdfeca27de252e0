// SPDX-License-Identifier: Apache-2.0
import type { OtlpExport } from '../model/otlp-event.js';
import type { NameFilter } from './event-names.js';
import { readJsonLogs, readJsonTraces } from './json-requests.js';
import { readProtobufLogs } from './protobuf-logs.js';
import { readProtobufTraces } from './protobuf-traces.js';

/** OpenTelemetry's signals that carry experiment events. */
export type OtlpSignal = 'traces' | 'logs';

/** OTLP/HTTP's encodings. */
export type OtlpEncoding = 'protobuf' | 'json';

const READERS = {
  traces: { protobuf: readProtobufTraces, json: readJsonTraces },
  logs: { protobuf: readProtobufLogs, json: readJsonLogs },
} as const;

/**
 * Reads the events of these names from the body of an OTLP/HTTP request.
 *
 * @throws MalformedRequest if the body is not what the encoding says
 * @throws RequestTooLarge if it holds too much
 */
export function decodeExport(
  signal: OtlpSignal,
  encoding: OtlpEncoding,
  body: Uint8Array,
  names: NameFilter,
): OtlpExport {
  return READERS[signal][encoding](body, names);
}
