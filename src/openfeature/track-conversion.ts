// SPDX-License-Identifier: Apache-2.0
import { diag } from '@opentelemetry/api';
import { errorLabel, OnceLog } from '../model/logger.js';
import { CLIENT_NAME } from '../model/version.js';
import type { Conversion } from '../record/input.js';
import { subjectOf } from './evaluation-context.js';
import type { EvaluationContextLike, TrackingDetailsLike } from './openfeature-types.js';
import { type RecordingTarget, recordingTarget } from './recording-target.js';
import { withoutRejection } from './without-rejection.js';

export interface ConversionOptions {
  /** Records with this processor alone, where a process has several. @default all installed ones */
  processor?: Pick<RecordingTarget, 'recordConversion'> | undefined;
  /**
   * Says what is tracked to Optimizely, and as what; undefined: not at all. For applications that also track what no
   * experiment measures: such conversions are dropped as `unknown_key`.
   * @default conversionFromTracking
   */
  mapTracking?(
    trackingEventName: string,
    context: EvaluationContextLike | undefined,
    trackingEventDetails: TrackingDetailsLike | undefined,
  ): Conversion | null | undefined;
}

const log = diag.createComponentLogger({ namespace: CLIENT_NAME });
const said = new OnceLog();

/**
 * The mapping that is used by default: the tracking event's name is the event key; the details are the tags, `value`
 * and `revenue` (an integer, in cents) among them.
 */
export function conversionFromTracking(
  trackingEventName: string,
  context?: EvaluationContextLike,
  trackingEventDetails?: TrackingDetailsLike,
): Conversion {
  const tags = { ...trackingEventDetails };
  // The SDK passes {} where the application gave no details.
  const tagged = Object.keys(tags).length > 0;
  return { ...subjectOf(context), eventKey: trackingEventName, tags: tagged ? tags : undefined };
}

/**
 * Records what `client.track()` was told as a conversion, on the active span: for the `track` of a provider of your own,
 * or instead of it. Never throws.
 *
 * @returns the event's uuid; undefined if nobody took it
 */
export function trackConversion(
  trackingEventName: string,
  context?: EvaluationContextLike,
  trackingEventDetails?: TrackingDetailsLike,
  options: ConversionOptions = {},
): string | undefined {
  try {
    const target = recordingTarget(options.processor as RecordingTarget | undefined, 'recordConversion');
    const conversion =
      options.mapTracking === undefined
        ? conversionFromTracking(trackingEventName, context, trackingEventDetails)
        : withoutRejection(options.mapTracking(trackingEventName, context, trackingEventDetails));
    return conversion === undefined || conversion === null ? undefined : target.recordConversion(conversion);
  } catch (error) {
    if (said.first('failed')) log.error(`a tracked event was not recorded: ${errorLabel(error)}`);
    return undefined;
  }
}
