// SPDX-License-Identifier: Apache-2.0
import { requireMethods } from '../model/resolve-options.js';
import type { Conversion, Impression } from '../record/input.js';
import { recordConversion, recordImpression } from '../record/record.js';

/** What records: an `OptimizelySpanProcessor`, or `recordImpression` and `recordConversion`, which reach all of them. */
export interface RecordingTarget {
  recordImpression(impression: Impression): string | undefined;
  recordConversion(conversion: Conversion): string | undefined;
}

const allInstalled: RecordingTarget = { recordImpression, recordConversion };

/** @throws TypeError a processor that is none */
export function recordingTarget(
  processor: RecordingTarget | undefined,
  method: keyof RecordingTarget,
): RecordingTarget {
  if (processor === undefined) return allInstalled;
  requireMethods(
    'processor',
    processor,
    [method],
    '{ processor: new OptimizelySpanProcessor({ datafile }) }',
  );
  return processor;
}
