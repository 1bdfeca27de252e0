// SPDX-License-Identifier: Apache-2.0
import { bodyOf, type LogEvent } from 'opentelemetry-exporter-optimizely';

/** A method of the exporter's LogEvents that spares the text of the whole body. */
const BODY_BYTES = Symbol.for('opentelemetry-exporter-optimizely.log-event-bytes.v1');

interface WithBytes {
  [BODY_BYTES]?(): Uint8Array | undefined;
}

/** The body as it is sent, in UTF-8. */
export function bytesOf(logEvent: LogEvent): Uint8Array {
  return (logEvent as WithBytes)[BODY_BYTES]?.() ?? new TextEncoder().encode(bodyOf(logEvent));
}
