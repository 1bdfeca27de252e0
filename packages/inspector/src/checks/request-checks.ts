// SPDX-License-Identifier: Apache-2.0
import type { WireEvent } from 'opentelemetry-exporter-optimizely/testing';
import type { Problem } from '../inspection/problem.js';

const NEAR_LIMIT = 0.8;
/** Above what clocks that are kept in step differ by. */
const AHEAD_MILLIS = 2_000;
/** Batches wait for half a minute by default; failed requests are tried again for some minutes more. */
const BEHIND_MILLIS = 600_000;

export function checkSize(byteLength: number, limit: number): Problem | undefined {
  if (byteLength < limit * NEAR_LIMIT) return undefined;
  const [size, most] = [megabytes(byteLength), megabytes(limit)];
  const message = `the body has ${size} of the ${most} that Optimizely takes: lower batchSize or maxPayloadBytes, or send smaller tags`;
  return { code: 'payload_near_limit', message };
}

/** Judged by the newest event of a batch: older ones may have waited for it. */
export function checkClock(events: readonly WireEvent[], now: number): Problem | undefined {
  let newest = Number.NEGATIVE_INFINITY;
  for (const { timestamp } of events) if (isMillis(timestamp) && timestamp > newest) newest = timestamp;
  if (newest === Number.NEGATIVE_INFINITY) return undefined;
  const ahead = newest - now;
  if (ahead > AHEAD_MILLIS) {
    const message = `the newest event is ${seconds(ahead)} ahead of this machine's clock: keep the sender's clock in step (NTP)`;
    return { code: 'clock_skew', message };
  }
  if (ahead < -BEHIND_MILLIS) {
    const message = `the newest event is ${minutes(-ahead)} old: the sender's clock is slow, or the batch was held up or replayed`;
    return { code: 'clock_skew', message };
  }
  return undefined;
}

/** 13 digits: others have a problem of their own. */
function isMillis(timestamp: number): boolean {
  return timestamp >= 1e12 && timestamp < 1e13;
}

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
const seconds = (millis: number) => `${(millis / 1_000).toFixed(1)} s`;
const minutes = (millis: number) => `${Math.round(millis / 60_000)} min`;
