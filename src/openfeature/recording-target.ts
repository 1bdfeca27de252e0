// SPDX-License-Identifier: Apache-2.0
import type { Conversion, Impression } from '../record/input.js';
import { recordConversionFor, recordImpressionFor } from '../record/record.js';
import { systemRuntime } from '../util/system-runtime.js';

/** What records: an `OptimizelySpanProcessor`, or `recordImpression` and `recordConversion`, which reach all of them. */
export interface RecordingTarget {
  recordImpression(impression: Impression): string | undefined;
  recordConversion(conversion: Conversion): string | undefined;
}

export const PROCESSOR_EXAMPLE = '{ processor: new OptimizelySpanProcessor({ datafile }) }';

/** Where no processor is named. It throws where the stack has no room to begin, so that the call is made once more. */
export const allInstalled: RecordingTarget = {
  recordImpression: impression => recordImpressionFor(undefined, systemRuntime, impression),
  recordConversion: conversion => recordConversionFor(undefined, systemRuntime, conversion),
};
