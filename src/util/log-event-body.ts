// SPDX-License-Identifier: Apache-2.0
import type { LogEventLike } from '../model/log-event.js';

/**
 * A member of this package's LogEvents, whose `body` follows their `params`: whether `params` was read, and
 * may have changed them. Copies have none.
 */
export const PARAMS_READ = Symbol.for('opentelemetry-exporter-optimizely.log-event.v2');

/** A method of this package's LogEvents: their `body` as UTF-8; undefined where it has to be made of `body`. */
export const BODY_BYTES = Symbol.for('opentelemetry-exporter-optimizely.log-event-bytes.v1');

interface Readable {
  readonly [PARAMS_READ]?: boolean;
  [BODY_BYTES]?(): Uint8Array | undefined;
}

/** True for a copy, where it can't be determined. */
export function paramsWereRead(logEvent: LogEventLike): boolean {
  return (logEvent as Readable)[PARAMS_READ] ?? true;
}

/**
 * The text to send. Of a copy `params` is serialized anew, so that a stale `body` never bypasses a redaction.
 *
 * @throws what `JSON.stringify` throws, of `params` that the application has changed
 */
export function bodyOf(logEvent: LogEventLike): string {
  if (PARAMS_READ in logEvent || logEvent.params === undefined) return logEvent.body ?? '';
  return JSON.stringify(logEvent.params);
}

/** What `bodyOf` says as UTF-8, where that needs no text of it first. */
export function bytesOf(logEvent: LogEventLike): Uint8Array | undefined {
  return (logEvent as Readable)[BODY_BYTES]?.();
}
