// SPDX-License-Identifier: Apache-2.0
import type { Conversion, Impression } from '../record/input.js';
import { recordConversion, recordImpression } from '../record/record.js';

/** What records: an `OptimizelySpanProcessor`, or `recordImpression` and `recordConversion`, which reach all of them. */
export interface RecordingTarget {
  recordImpression(impression: Impression): string | undefined;
  recordConversion(conversion: Conversion): string | undefined;
}

export const PROCESSOR_EXAMPLE = '{ processor: new OptimizelySpanProcessor({ datafile }) }';

/** Where no processor is named. */
export const allInstalled: RecordingTarget = { recordImpression, recordConversion };
