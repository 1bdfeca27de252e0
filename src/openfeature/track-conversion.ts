// SPDX-License-Identifier: Apache-2.0

import type { Logger } from '../model/logger.js';
import type { Conversion } from '../record/input.js';
import { OnceLog } from '../util/episode-log.js';
import { errorLabel } from '../util/error-label.js';
import { guardLogger, noopLogger } from '../util/guarded-logger.js';
import { OnceMore } from '../util/once-more.js';
import { callback, type OptionsOwner, type OptionTable, object } from '../util/options/option-table.js';
import { resolveOptions } from '../util/options/resolve-options.js';
import { takeOptions } from '../util/options/take-options.js';
import { subjectOf } from './evaluation-context.js';
import type { EvaluationContextLike, TrackingDetailsLike } from './openfeature-types.js';
import { allInstalled, PROCESSOR_EXAMPLE, type RecordingTarget } from './recording-target.js';
import { withoutRejection } from './without-rejection.js';

export interface ConversionOptions {
  /** Records with this processor alone, if a process has several. @default all installed ones */
  processor?: Pick<RecordingTarget, 'recordConversion'> | undefined;
  /**
   * Returns the conversion to record, or undefined for none. For applications that also track events that no experiment
   * measures; without it, such conversions are dropped as `unknown_key`.
   * @default conversionFromTracking
   */
  mapTracking?(
    trackingEventName: string,
    context: EvaluationContextLike | undefined,
    trackingEventDetails: TrackingDetailsLike | undefined,
  ): Conversion | null | undefined;
}

/** Of `withConversions` and `trackConversion`. */
export const CONVERSION_TABLE = {
  processor: object<Pick<RecordingTarget, 'recordConversion'>>(['recordConversion'], PROCESSOR_EXAMPLE),
  mapTracking: callback<NonNullable<ConversionOptions['mapTracking']>>(
    '{ mapTracking: (name, context, details) => … }',
  ),
} satisfies OptionTable<ConversionOptions>;

export const TRACK_CONVERSION = {
  name: 'trackConversion',
  example: 'trackConversion(name, context, details, { processor })',
  table: CONVERSION_TABLE,
};

const log = guardLogger();
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
 * @returns the event's uuid, or undefined if no processor accepted the event
 */
export function trackConversion(
  trackingEventName: string,
  context?: EvaluationContextLike,
  trackingEventDetails?: TrackingDetailsLike,
  options: ConversionOptions = {},
): string | undefined {
  return trackedWork.do(() => {
    const usable = conversionOptions(TRACK_CONVERSION, options, said.first('options') ? log : noopLogger);
    return recordTracked(usable, trackingEventName, context, trackingEventDetails);
  });
}

interface UsableOptions {
  readonly target: Pick<RecordingTarget, 'recordConversion'>;
  readonly map: NonNullable<ConversionOptions['mapTracking']>;
}

/** @throws TypeError if the argument is not options, or an option has a wrong type and no usable default */
export function conversionOptions(
  owner: OptionsOwner,
  given: ConversionOptions | undefined,
  fallback: Logger = log,
): UsableOptions {
  const { options, logger } = takeOptions(owner, given, fallback);
  const { processor, mapTracking } = resolveOptions(CONVERSION_TABLE, options, logger);
  return { target: processor ?? allInstalled, map: mapTracking?.bind(given) ?? conversionFromTracking };
}

/** @throws whatever the application's mapping throws */
export function recordTracked(
  { target, map }: UsableOptions,
  ...tracked: Parameters<UsableOptions['map']>
): string | undefined {
  const conversion = withoutRejection(map(...tracked));
  return conversion === undefined || conversion === null ? undefined : target.recordConversion(conversion);
}

/** Tracked events that are recorded now or, where the stack ends, once the present call is over. */
export const trackedWork = new OnceMore(error => {
  if (said.first('failed')) log.error(`a tracked event was not recorded: ${errorLabel(error)}`);
});
