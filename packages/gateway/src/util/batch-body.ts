// SPDX-License-Identifier: Apache-2.0
import { describeMistake } from './json-mistake.js';
import { RequestTooLarge, requireBearableCount, requireBearableJson } from './request-size.js';

/** A batch of Optimizely's Events API, as its sender wrote it. */
export interface BatchBody {
  readonly batch: Readonly<Record<string, unknown>>;
  readonly text: string;
}

/** Why a body is not a batch. */
export interface UnreadableBody {
  /** A sentence that shows nothing of the body. */
  readonly problem: string;
  /** Whether it holds more than one request may. */
  readonly isTooLarge: boolean;
}

/** Reads a JSON object in UTF-8 that is not larger than what one request may cost. */
export function readBatchBody(body: Uint8Array): BatchBody | UnreadableBody {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    return unreadable('the body is not UTF-8');
  }
  try {
    requireBearableJson(body);
    const batch: unknown = JSON.parse(text);
    if (!isObject(batch)) return unreadable('the body is not a JSON object');
    requireBearableCount(countEvents(batch.visitors));
    return { batch, text };
  } catch (error) {
    if (error instanceof RequestTooLarge) return { problem: error.message, isTooLarge: true };
    return unreadable(
      error instanceof SyntaxError
        ? `the body is not JSON: see ${describeMistake(text)}`
        : 'the body nests too deep',
    );
  }
}

function unreadable(problem: string): UnreadableBody {
  return { problem, isTooLarge: false };
}

function isObject(value: unknown): value is BatchBody['batch'] {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A visitor without events counts as one. */
function countEvents(visitors: unknown): number {
  if (!Array.isArray(visitors)) return 0;
  let count = 0;
  for (const visitor of visitors) count += Math.max(1, countOfVisitor(visitor));
  return count;
}

function countOfVisitor(visitor: unknown): number {
  if (!isObject(visitor) || !Array.isArray(visitor.snapshots)) return 0;
  let count = 0;
  for (const snapshot of visitor.snapshots) {
    if (isObject(snapshot) && Array.isArray(snapshot.events)) count += snapshot.events.length;
  }
  return count;
}
