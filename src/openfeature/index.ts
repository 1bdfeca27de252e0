// SPDX-License-Identifier: Apache-2.0

/**
 * Impressions and conversions of an application that knows OpenFeature only.
 *
 * @module opentelemetry-exporter-optimizely/openfeature
 */

export type { Conversion, Impression } from '../record/input.js';
export type { DedupeOptions } from '../util/impression-dedupe.js';
export { impressionFromEvaluation } from './impression-from-evaluation.js';
export type {
  EvaluationContextLike,
  EvaluationDetailsLike,
  HookContextLike,
  TrackingDetailsLike,
  TrackingProvider,
} from './openfeature-types.js';
export type { OptimizelyHookOptions } from './optimizely-hook.js';
export { OptimizelyHook } from './optimizely-hook.js';
export type { RecordingTarget } from './recording-target.js';
export type { ConversionOptions } from './track-conversion.js';
export { conversionFromTracking, trackConversion } from './track-conversion.js';
export { withConversions } from './with-conversions.js';
